//! The entries of the slots, in chains of small arrays.

use super::{Entry, slots::Place};
use alloc::vec::Vec;

/// Entries of a chunk: enough that following the chain costs little beside them.
pub(super) const CHUNK: usize = 128;

type Entries<T> = heapless::Vec<Entry<T>, CHUNK>;

/// A slot's first chunk, the only one of the slot that may not be full; it is never empty.
#[derive(Clone, Copy)]
pub(super) struct Head(u32);

pub(super) struct Chunks<T> {
    chunks: Vec<Chunk<T>>,
    free: Head,
}

struct Chunk<T> {
    next: Head,
    place: Place,
    entries: Entries<T>,
}

impl Head {
    pub(super) const EMPTY: Self = Self(u32::MAX);

    pub(super) const fn is_empty(self) -> bool {
        self.0 == Self::EMPTY.0
    }

    const fn index(self) -> usize {
        self.0 as usize
    }
}

impl<T> Chunks<T> {
    pub(super) const fn new() -> Self {
        Self { chunks: Vec::new(), free: Head::EMPTY }
    }

    pub(super) fn reserve(&mut self, chunks: usize) {
        self.chunks.reserve_exact(chunks.saturating_sub(self.chunks.len()));
    }

    /// Adds an entry to the slot of `head`.
    pub(super) fn push(&mut self, head: &mut Head, place: Place, entry: Entry<T>) {
        let entry = match self.chunks.get_mut(head.index()) {
            Some(chunk) => chunk.entries.push(entry),
            None => Err(entry),
        };
        if let Err(entry) = entry {
            self.grow(head, place, entry);
        }
    }

    /// Takes an entry of the slot's first chunk.
    pub(super) fn pop(&mut self, head: &mut Head) -> Option<Entry<T>> {
        let first = self.chunks.get_mut(head.index())?;
        let entry = first.entries.pop();
        if first.entries.is_empty() {
            self.release(head);
        }
        entry
    }

    /// Moves the entries of the slot's first chunk to `out`; `false` if the slot is empty.
    pub(super) fn drain(&mut self, head: &mut Head, out: &mut Vec<Entry<T>>) -> bool {
        let Some(first) = self.chunks.get_mut(head.index()) else { return false };
        out.extend(first.entries.drain(..));
        self.release(head);
        true
    }

    /// Takes one entry out of the slot of `head`; one from the slot's first chunk fills the gap.
    pub(super) fn remove(&mut self, head: &mut Head, chunk: usize, cell: usize) -> Option<Entry<T>> {
        let first = self.chunks.get_mut(head.index())?;
        let mut entry = if head.index() == chunk && cell < first.entries.len() {
            first.entries.swap_remove(cell)
        } else {
            first.entries.pop()?
        };
        if first.entries.is_empty() {
            self.release(head);
        }
        if head.index() != chunk
            && let Some(gap) = self.chunks.get_mut(chunk).and_then(|chunk| chunk.entries.get_mut(cell))
        {
            core::mem::swap(gap, &mut entry);
        }
        Some(entry)
    }

    /// How many entries there is room for, in all the chunks, used or free.
    pub(super) const fn cells(&self) -> usize {
        self.chunks.len().saturating_mul(CHUNK)
    }

    /// The chunk and the cell in it, if there is an entry.
    pub(super) fn find(&self, cell: usize) -> Option<(usize, usize)> {
        let (chunk, cell) = (cell >> CHUNK.trailing_zeros(), cell & CHUNK.wrapping_sub(1));
        (cell < self.chunks.get(chunk)?.entries.len()).then_some((chunk, cell))
    }

    /// The chunk and cell of entry number `left` of the slot, as an error; else `left` less the slot's entries.
    pub(super) fn nth(&self, mut head: Head, mut left: usize) -> Result<usize, (usize, usize)> {
        while let Some(chunk) = self.chunks.get(head.index()) {
            left = left.checked_sub(chunk.entries.len()).ok_or((head.index(), left))?;
            head = chunk.next;
        }
        Ok(left)
    }

    pub(super) fn place(&self, chunk: usize) -> Option<Place> {
        self.chunks.get(chunk).map(|chunk| chunk.place)
    }

    /// Puts a chunk with one entry before those of the slot.
    #[cold]
    #[inline(never)]
    fn grow(&mut self, head: &mut Head, place: Place, entry: Entry<T>) {
        let new = if let Some(chunk) = self.chunks.get_mut(self.free.index()) {
            let new = self.free;
            self.free = core::mem::replace(&mut chunk.next, *head);
            chunk.place = place;
            new
        } else {
            // The capacity bounds the chunks to 2³²⁻⁵ and one for each slot.
            #[expect(clippy::cast_possible_truncation, reason = "just said")]
            let new = Head(self.chunks.len() as u32);
            self.chunks.push(Chunk { next: *head, place, entries: Entries::new() });
            new
        };
        *head = new;
        if let Some(chunk) = self.chunks.get_mut(new.index()) {
            let pushed = chunk.entries.push(entry);
            debug_assert!(pushed.is_ok(), "a free chunk is empty");
        }
    }

    /// Puts the slot's first chunk, which is empty, among the free ones.
    fn release(&mut self, head: &mut Head) {
        let first = *head;
        if let Some(chunk) = self.chunks.get_mut(first.index()) {
            *head = core::mem::replace(&mut chunk.next, self.free);
            self.free = first;
        }
    }
}
