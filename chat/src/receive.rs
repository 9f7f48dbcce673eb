//! The boxes that the friend writes: the next one to read, and those that arrived early.

use crate::{codec::codec, kdf::Key, send::RANGE};
use alloc::{
    collections::{BTreeMap, VecDeque},
    vec::Vec,
};

/// The window of one direction, as its reader sees it.
pub(crate) struct ReceiveWindow {
    /// The number of the next box to open, equal to the number of opened boxes.
    next: u64,
    /// The tokens of the next boxes.
    tokens: VecDeque<Key>,
    /// Boxes that arrived before their predecessors. Not saved, as unacknowledged boxes are written
    /// again.
    early: BTreeMap<u64, Vec<u8>>,
}

codec!(
    struct ReceiveWindow { next, tokens }
    fresh { early: BTreeMap::new() }
    valid |window| window.next < 1 << 62 && window.tokens.len() == RANGE
);

impl ReceiveWindow {
    pub(crate) const fn new(tokens: VecDeque<Key>) -> Self {
        Self { next: 0, tokens, early: BTreeMap::new() }
    }

    pub(crate) const fn next(&self) -> u64 {
        self.next
    }

    /// The first box that is neither here nor requested, and its token.
    pub(crate) fn wanted(&self, is_requested: impl Fn(u64) -> bool) -> Option<(u64, [u8; 32])> {
        (self.next..).zip(&self.tokens).find_map(|(number, token)| {
            (!self.early.contains_key(&number) && !is_requested(number)).then(|| (number, *token.as_bytes()))
        })
    }

    /// Stores a box until its predecessors have been opened.
    pub(crate) fn insert(&mut self, number: u64, boxed: Vec<u8>) {
        let end = self.next.saturating_add(self.tokens.len() as u64);
        if (self.next..end).contains(&number) {
            self.early.insert(number, boxed);
        }
    }

    /// Removes the next box to open, if it is here.
    pub(crate) fn pop_next(&mut self) -> Option<Vec<u8>> {
        self.early.remove(&self.next)
    }

    /// Notes that the next box was opened, which yields the token of a later one.
    pub(crate) fn advance(&mut self, token: Key) {
        self.next = self.next.saturating_add(1);
        self.tokens.pop_front();
        self.tokens.push_back(token);
    }

    /// Bit i is set if box `next + 1 + i` is here.
    pub(crate) fn bitmap(&self) -> u64 {
        self.early.keys().fold(0, |bits, number| {
            let place = number.saturating_sub(self.next).saturating_sub(1);
            bits | 1_u64.unbounded_shl(u32::try_from(place).unwrap_or(u32::MAX))
        })
    }
}
