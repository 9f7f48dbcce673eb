//! A binary heap and the due entries, in one array.

use super::{Entry, Storage};
use crate::uniform;
use heapless::Vec;
use rand_core::CryptoRng;

/// `entries[..waiting]` is a binary heap with the earliest release first; `entries[waiting..]` are
/// due, in no order.
///
/// An entry that becomes due moves to the end of the heap, which then ends before it.
pub(super) struct Array<T, const N: usize> {
    entries: Vec<Entry<T>, N>,
    waiting: usize,
}

impl<T, const N: usize> Array<T, N> {
    pub(super) const fn new() -> Self {
        Self { entries: Vec::new(), waiting: 0 }
    }

    /// Moves the entry at `index` out of the heap, to right behind its end.
    fn retire(&mut self, index: usize) {
        let Some(last) = self.waiting.checked_sub(1) else { return };
        self.entries.swap(index, last);
        self.waiting = last;
        self.sift_up(index);
        self.sift_down(index);
    }

    fn sift_up(&mut self, mut index: usize) {
        while let Some(parent) = index.checked_sub(1).map(|before| before >> 1)
            && self.release(index) < self.release(parent)
        {
            self.entries.swap(index, parent);
            index = parent;
        }
    }

    fn sift_down(&mut self, mut index: usize) {
        loop {
            let left = index.saturating_mul(2).saturating_add(1);
            let right = left.saturating_add(1);
            let child = if self.release(right) < self.release(left) { right } else { left };
            if self.release(child) >= self.release(index) {
                return;
            }
            self.entries.swap(index, child);
            index = child;
        }
    }

    /// The release of an entry of the heap; `u64::MAX` past its end, so that a missing child never
    /// rises.
    fn release(&self, index: usize) -> u64 {
        self.entries.get(..self.waiting).and_then(|heap| heap.get(index)).map_or(u64::MAX, |entry| entry.release)
    }
}

impl<T, const N: usize> Storage<T> for Array<T, N> {
    fn len(&self) -> usize {
        self.entries.len()
    }

    fn is_full(&self) -> bool {
        self.entries.is_full()
    }

    fn push(&mut self, entry: Entry<T>) {
        if self.entries.push(entry).is_ok() {
            // The heap grows by the first due entry's cell: swap them.
            let last = self.entries.len().saturating_sub(1);
            self.entries.swap(self.waiting, last);
            self.waiting = self.waiting.saturating_add(1);
            self.sift_up(self.waiting.saturating_sub(1));
        }
    }

    fn advance(&mut self, now: u64) {
        while self.waiting > 0 && self.release(0) <= now {
            self.retire(0);
        }
    }

    fn take_due(&mut self, rng: &mut impl CryptoRng) -> Option<Entry<T>> {
        let due = self.len().checked_sub(self.waiting).filter(|due| *due > 0)?;
        Some(self.entries.swap_remove(self.waiting.saturating_add(uniform::below(due, rng))))
    }

    fn take_any(&mut self, rng: &mut impl CryptoRng) -> Option<T> {
        let mut index = uniform::below(self.len(), rng);
        if index < self.waiting {
            self.retire(index);
            index = self.waiting;
        }
        (index < self.len()).then(|| self.entries.swap_remove(index).packet)
    }

    fn next(&self) -> Option<u64> {
        let due = self.waiting < self.len();
        (!self.entries.is_empty()).then(|| if due { 0 } else { self.release(0) })
    }
}
