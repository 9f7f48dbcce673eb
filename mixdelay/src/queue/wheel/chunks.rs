//! The packets of the slots, in chains of small arrays.

use super::{Entry, slots::SlotIndex};
use alloc::vec::Vec;

/// Packets per chunk: enough to amortise following the chain.
pub(super) const CHUNK: usize = 512;

/// A slot's first chunk, the only one of the slot that may not be full; it is never empty.
#[derive(Clone, Copy)]
pub(super) struct Head(u32);

pub(super) struct Chunks<T> {
    chunks: Vec<Chunk<T>>,
    free: Head,
}

struct Chunk<T> {
    next: Head,
    slot: SlotIndex,
    packets: heapless::Vec<T, CHUNK>,
    /// The lower 32 bits of their releases; unused in an exact slot.
    releases: [u32; CHUNK],
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

impl<T> Chunk<T> {
    /// Appends an entry, or returns it if the chunk is full.
    #[inline]
    fn push(&mut self, Entry { release, packet }: Entry<T>) -> Result<(), Entry<T>> {
        if !self.slot.is_exact()
            && let Some(low) = self.releases.get_mut(self.packets.len())
        {
            *low = low_bits(release);
        }
        self.packets.push(packet).map_err(|packet| Entry { release, packet })
    }

    /// Removes the last packet, with the lower bits of its release if the slot is not exact.
    #[inline]
    fn pop(&mut self) -> Option<(u32, T)> {
        let packet = self.packets.pop()?;
        self.releases.get(self.packets.len()).map(|low| (*low, packet))
    }

    /// Replaces the packet of a cell, and returns it; returns the new packet if the cell is empty.
    fn replace(&mut self, cell: usize, (low, mut packet): (u32, T)) -> T {
        if let (Some(held), Some(release)) = (self.packets.get_mut(cell), self.releases.get_mut(cell)) {
            core::mem::swap(held, &mut packet);
            *release = low;
        }
        packet
    }
}

impl<T> Chunks<T> {
    pub(super) const fn new() -> Self {
        Self { chunks: Vec::new(), free: Head::EMPTY }
    }

    pub(super) fn reserve(&mut self, chunks: usize) {
        self.chunks.reserve_exact(chunks.saturating_sub(self.chunks.len()));
    }

    /// Adds a packet to the slot of `head`.
    #[inline]
    pub(super) fn push(&mut self, head: &mut Head, slot: SlotIndex, entry: Entry<T>) {
        let entry = match self.chunks.get_mut(head.index()) {
            Some(chunk) => chunk.push(entry),
            None => Err(entry),
        };
        if let Err(entry) = entry {
            self.grow(head, slot, entry);
        }
    }

    /// Removes an entry of the first chunk of a slot whose earliest release is `start`.
    #[inline]
    pub(super) fn pop(&mut self, head: &mut Head, start: u64) -> Option<Entry<T>> {
        self.pop_low(head).map(|(low, packet)| Entry { release: start | u64::from(low), packet })
    }

    /// Moves the packets of an exact slot's first chunk to `out`; `false` if the slot is empty.
    pub(super) fn drain(&mut self, head: &mut Head, release: u64, out: &mut Vec<Entry<T>>) -> bool {
        let Some(first) = self.chunks.get_mut(head.index()) else { return false };
        out.extend(first.packets.drain(..).map(|packet| Entry { release, packet }));
        self.release(head);
        true
    }

    /// Removes one packet of the slot of `head`; one from the slot's first chunk fills the gap.
    pub(super) fn remove(&mut self, head: &mut Head, chunk: usize, cell: usize) -> Option<T> {
        let filler = self.pop_low(head)?;
        // The filler may be the packet itself: then its cell is empty.
        self.chunks.get_mut(chunk).map(|chunk| chunk.replace(cell, filler))
    }

    /// Number of cells in all chunks, used or free.
    pub(super) const fn cells(&self) -> usize {
        self.chunks.len().saturating_mul(CHUNK)
    }

    /// The chunk and the cell within it, if it holds a packet.
    pub(super) fn find(&self, cell: usize) -> Option<(usize, usize)> {
        let (chunk, cell) = (cell >> CHUNK.trailing_zeros(), cell & CHUNK.wrapping_sub(1));
        (cell < self.chunks.get(chunk)?.packets.len()).then_some((chunk, cell))
    }

    /// `Err`: the chunk and cell of packet number `left` of the slot. `Ok`: `left` minus the number
    /// of the slot's packets.
    pub(super) fn nth(&self, mut head: Head, mut left: usize) -> Result<usize, (usize, usize)> {
        while let Some(chunk) = self.chunks.get(head.index()) {
            left = left.checked_sub(chunk.packets.len()).ok_or((head.index(), left))?;
            head = chunk.next;
        }
        Ok(left)
    }

    pub(super) fn slot(&self, chunk: usize) -> Option<SlotIndex> {
        self.chunks.get(chunk).map(|chunk| chunk.slot)
    }

    /// Prepends a chunk with one packet to the slot's chain.
    #[cold]
    #[inline(never)]
    fn grow(&mut self, head: &mut Head, slot: SlotIndex, entry: Entry<T>) {
        let new = if let Some(chunk) = self.chunks.get_mut(self.free.index()) {
            let new = self.free;
            self.free = core::mem::replace(&mut chunk.next, *head);
            chunk.slot = slot;
            new
        } else {
            // The capacity bounds the chunks to 2³²⁻⁹ and one for each slot.
            #[expect(clippy::cast_possible_truncation, reason = "bounded by the capacity")]
            let new = Head(self.chunks.len() as u32);
            self.chunks.push(Chunk { next: *head, slot, packets: heapless::Vec::new(), releases: [0; CHUNK] });
            new
        };
        *head = new;
        if let Some(chunk) = self.chunks.get_mut(new.index()) {
            let pushed = chunk.push(entry);
            debug_assert!(pushed.is_ok(), "a free chunk is empty");
        }
    }

    #[inline]
    fn pop_low(&mut self, head: &mut Head) -> Option<(u32, T)> {
        let first = self.chunks.get_mut(head.index())?;
        let popped = first.pop();
        if first.packets.is_empty() {
            self.release(head);
        }
        popped
    }

    /// Moves the slot's first chunk, which is empty, to the free list.
    fn release(&mut self, head: &mut Head) {
        let first = *head;
        if let Some(chunk) = self.chunks.get_mut(first.index()) {
            *head = core::mem::replace(&mut chunk.next, self.free);
            self.free = first;
        }
    }
}

/// The bits of a release that its slot does not determine.
#[expect(clippy::cast_possible_truncation, reason = "no slot spans more than 2³² ms")]
const fn low_bits(release: u64) -> u32 {
    release as u32
}
