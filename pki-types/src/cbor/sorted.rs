//! The entries of a map in canonical order, whatever their order in the input.

use super::{Item, Map, key::Key};

/// Entries in canonical order. A map already in this order is walked once; for another one, each
/// pass yields the next [`BLOCK`] entries, so the work is bounded by
/// [`MAX_UNSORTED`](super::MAX_UNSORTED) / `BLOCK` passes.
pub(super) struct Sorted<'a> {
    map: Map<'a>,
    in_order: bool,
    /// The key after which the next pass continues.
    last: Option<Key<'a>>,
    block: [Option<Entry<'a>>; BLOCK],
    next: usize,
}

#[derive(Clone, Copy)]
struct Entry<'a> {
    key: Key<'a>,
    entry: (Item<'a>, Item<'a>),
}

impl<'a> Sorted<'a> {
    pub(super) fn new(map: Map<'a>) -> Self {
        let in_order = map.is_sorted_by(|a, b| Key::new(a.0.encoded()) < Key::new(b.0.encoded()));
        Self { map, in_order, last: None, block: [None; BLOCK], next: BLOCK }
    }

    /// Takes the lowest keys above the last one, by insertion.
    fn fill(&mut self) {
        self.block = [None; BLOCK];
        self.next = 0;
        for entry in self.map {
            let mut new = Entry { key: Key::new(entry.0.encoded()), entry };
            if self.last.is_some_and(|last| new.key <= last) {
                continue;
            }
            for slot in &mut self.block {
                match slot {
                    Some(held) if held.key < new.key => {}
                    Some(held) => core::mem::swap(held, &mut new),
                    None => {
                        *slot = Some(new);
                        break;
                    }
                }
            }
        }
    }
}

impl<'a> Iterator for Sorted<'a> {
    type Item = (Item<'a>, Item<'a>);

    fn next(&mut self) -> Option<Self::Item> {
        if self.in_order {
            return self.map.next();
        }
        if self.next == BLOCK {
            self.fill();
        }
        let Entry { key, entry } = (*self.block.get(self.next)?)?;
        self.next = self.next.saturating_add(1);
        self.last = Some(key);
        Some(entry)
    }
}

/// Entries found in one pass. They are on the stack once for each level of nested unsorted maps.
const BLOCK: usize = 16;
