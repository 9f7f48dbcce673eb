//! A timing wheel for servers.
//!
//! Six levels of 256 slots count milliseconds in base 256, after Varghese and Lauck ("Hashed and Hierarchical Timing
//! Wheels", 1987) and the radix heap of Ahuja et al. (1990): an entry is at the level of the highest digit in which its
//! release differs from `now`, in the slot of that digit. A slot is a chain of small arrays (`chunks`), so packets are
//! written, moved and read in runs of memory, and no cache line is touched for a neighbour's sake.

mod chunks;
mod slots;

use super::{Entry, Store};
use crate::uniform;
use alloc::vec::Vec;
use chunks::{CHUNK, Chunks};
use rand_core::CryptoRng;
use slots::{Place, Slots};

pub(super) struct Wheel<T> {
    /// What waits is released after this, what is due at it or before.
    now: u64,
    slots: Slots,
    chunks: Chunks<T>,
    due: Vec<Entry<T>>,
    len: usize,
    capacity: usize,
}

impl<T> Wheel<T> {
    pub(super) fn new(capacity: usize) -> Self {
        let capacity = usize::try_from(1_u64 << 32).map_or(capacity, |most| capacity.min(most));
        Self { now: 0, slots: Slots::new(), chunks: Chunks::new(), due: Vec::new(), len: 0, capacity }
    }

    pub(super) fn reserve(&mut self, due: usize) {
        // All chunks of a slot but one are full.
        self.chunks.reserve((self.capacity >> CHUNK.trailing_zeros()).saturating_add(Place::COUNT).saturating_add(1));
        self.due.reserve_exact(due.min(self.capacity));
    }

    fn place(&mut self, entry: Entry<T>) {
        match Place::of(entry.release, self.now) {
            None => self.due.push(entry),
            Some(place) => self.chunks.push(self.slots.head_mut(place), place, entry),
        }
    }

    /// Takes the waiting entry number `index`, in no particular order.
    fn take_waiting(&mut self, index: usize, rng: &mut impl CryptoRng) -> Option<Entry<T>> {
        let cells = self.chunks.cells();
        let waiting = self.len.saturating_sub(self.due.len());
        // Guess until a guess meets an entry. Few chunks being in use, which only a stalled server sees, count instead.
        let (chunk, cell) = if cells >> 6 <= waiting {
            loop {
                let guess = uniform::below(cells, rng);
                if let Some(found) = self.chunks.find(guess) {
                    break found;
                }
            }
        } else {
            self.slots.heads().try_fold(index, |left, head| self.chunks.nth(head, left)).err()?
        };
        let place = self.chunks.place(chunk)?;
        self.chunks.remove(self.slots.head_mut(place), chunk, cell).inspect(|_| self.slots.tidy(place))
    }
}

impl<T> Store<T> for Wheel<T> {
    fn len(&self) -> usize {
        self.len
    }

    fn is_full(&self) -> bool {
        self.len >= self.capacity
    }

    fn push(&mut self, entry: Entry<T>) {
        self.len = self.len.saturating_add(1);
        self.place(entry);
    }

    fn advance(&mut self, now: u64) {
        if now <= self.now {
            return;
        }
        // The slot whose entries are next: all are at its start or later, so time can go there, and they move to where
        // they belong seen from there, which is a lower level, or they are due.
        while let Some((place, start)) = self.slots.first(self.now)
            && start <= now
        {
            self.now = start;
            let mut head = self.slots.take(place);
            if place.is_exact() {
                while self.chunks.drain(&mut head, &mut self.due) {}
            } else {
                while let Some(entry) = self.chunks.pop(&mut head) {
                    self.place(entry);
                }
            }
        }
        // No slot starts before or at `now`, so no digit of `now` reaches that of a slot: all keep their places.
        self.now = now;
    }

    fn take_due(&mut self, rng: &mut impl CryptoRng) -> Option<Entry<T>> {
        if self.due.is_empty() {
            return None;
        }
        self.len = self.len.saturating_sub(1);
        Some(self.due.swap_remove(uniform::below(self.due.len(), rng)))
    }

    fn take_any(&mut self, rng: &mut impl CryptoRng) -> Option<Entry<T>> {
        let index = uniform::below(self.len, rng);
        let entry = match index.checked_sub(self.due.len()) {
            Some(waiting) => self.take_waiting(waiting, rng)?,
            None => self.due.swap_remove(index),
        };
        self.len = self.len.saturating_sub(1);
        Some(entry)
    }

    fn next(&self) -> Option<u64> {
        if self.due.is_empty() { self.slots.first(self.now).map(|(_, start)| start) } else { Some(0) }
    }
}
