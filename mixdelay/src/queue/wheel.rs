//! A timing wheel for servers.
//!
//! Five levels of 256 slots count milliseconds in base 256, after Varghese and Lauck ("Hashed and
//! Hierarchical Timing Wheels", 1987) and the radix heap of Ahuja et al. (1990): an entry is at the
//! level of the highest digit in which its release differs from `now`, in the slot of that digit. A
//! slot is a chain of small arrays (`chunks`), so packets are written, moved and read sequentially,
//! and no cache line is touched only to relink a neighbour. Entries beyond the highest level, which
//! wraps once in 35 years, wait in a list.

mod chunks;
mod slots;

use super::{Entry, Storage};
use crate::uniform;
use alloc::vec::Vec;
use chunks::{CHUNK, Chunks};
use rand_core::CryptoRng;
use slots::{SlotIndex, Slots, Spot, wraps_at};

pub(super) struct Wheel<T> {
    /// Waiting entries are released after this millisecond, due ones at it or earlier.
    now: u64,
    slots: Slots,
    chunks: Chunks<T>,
    far: Vec<Entry<T>>,
    due: Vec<Entry<T>>,
    len: usize,
    capacity: usize,
}

impl<T> Wheel<T> {
    pub(super) fn new(capacity: usize) -> Self {
        let capacity = usize::try_from(1_u64 << 32).map_or(capacity, |most| capacity.min(most));
        let (slots, chunks, far, due) = (Slots::new(), Chunks::new(), Vec::new(), Vec::new());
        Self { now: 0, slots, chunks, far, due, len: 0, capacity }
    }

    pub(super) fn reserve(&mut self, due: usize) {
        // All chunks of a slot but one are full.
        self.chunks
            .reserve((self.capacity >> CHUNK.trailing_zeros()).saturating_add(SlotIndex::COUNT).saturating_add(1));
        self.due.reserve_exact(due.min(self.capacity));
    }

    #[inline]
    fn insert(&mut self, entry: Entry<T>) {
        match SlotIndex::of(entry.release, self.now) {
            Spot::Due => self.due.push(entry),
            Spot::In(slot) => self.chunks.push(self.slots.head_mut(slot), slot, entry),
            Spot::Far => self.far.push(entry),
        }
    }

    /// The earliest slot in use, `None` for the far entries, and the earliest release that belongs
    /// there.
    fn first(&self) -> Option<(Option<SlotIndex>, u64)> {
        match self.slots.first(self.now) {
            Some((slot, start)) => Some((Some(slot), start)),
            None => (!self.far.is_empty()).then(|| (None, wraps_at(self.now))),
        }
    }

    /// Number of entries in slots.
    fn in_slots(&self) -> usize {
        self.len.saturating_sub(self.due.len()).saturating_sub(self.far.len())
    }

    /// Removes entry number `index` of those in slots, in no particular order.
    fn take_from_slot(&mut self, index: usize, rng: &mut impl CryptoRng) -> Option<T> {
        let cells = self.chunks.cells();
        // Rejection sampling over the cells; where too few of them hold an entry, as in a small
        // queue, count instead.
        let (chunk, cell) = if cells >> 7 <= self.in_slots() {
            loop {
                let guess = uniform::below(cells, rng);
                if let Some(found) = self.chunks.find(guess) {
                    break found;
                }
            }
        } else {
            self.slots.heads().try_fold(index, |left, head| self.chunks.nth(head, left)).err()?
        };
        let slot = self.chunks.slot(chunk)?;
        self.chunks.remove(self.slots.head_mut(slot), chunk, cell).inspect(|_| self.slots.tidy(slot))
    }
}

impl<T> Storage<T> for Wheel<T> {
    fn len(&self) -> usize {
        self.len
    }

    fn is_full(&self) -> bool {
        self.len >= self.capacity
    }

    fn push(&mut self, entry: Entry<T>) {
        self.len = self.len.saturating_add(1);
        self.insert(entry);
    }

    fn advance(&mut self, now: u64) {
        if now <= self.now {
            return;
        }
        // All entries of the first slot are released at its start or later, so time can advance to
        // it. Seen from there they belong to a lower level, or they are due.
        while let Some((slot, start)) = self.first()
            && start <= now
        {
            self.now = start;
            let Some(slot) = slot else {
                for entry in core::mem::take(&mut self.far) {
                    self.insert(entry);
                }
                continue;
            };
            let mut head = self.slots.take(slot);
            if slot.is_exact() {
                while self.chunks.drain(&mut head, start, &mut self.due) {}
            } else {
                while let Some(entry) = self.chunks.pop(&mut head, start) {
                    self.insert(entry);
                }
            }
        }
        // No slot starts at `now` or earlier, so no digit of `now` reaches that of a slot: every
        // entry stays in its slot.
        self.now = now;
    }

    fn take_due(&mut self, rng: &mut impl CryptoRng) -> Option<Entry<T>> {
        if self.due.is_empty() {
            return None;
        }
        self.len = self.len.saturating_sub(1);
        Some(self.due.swap_remove(uniform::below(self.due.len(), rng)))
    }

    fn take_any(&mut self, rng: &mut impl CryptoRng) -> Option<T> {
        let mut index = uniform::below(self.len, rng);
        let packet = if index < self.due.len() {
            self.due.swap_remove(index).packet
        } else {
            index = index.saturating_sub(self.due.len());
            if index < self.far.len() {
                self.far.swap_remove(index).packet
            } else {
                self.take_from_slot(index.saturating_sub(self.far.len()), rng)?
            }
        };
        self.len = self.len.saturating_sub(1);
        Some(packet)
    }

    fn next(&self) -> Option<u64> {
        if self.due.is_empty() { self.first().map(|(_, start)| start) } else { Some(0) }
    }
}
