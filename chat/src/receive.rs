//! The boxes that the friend writes: which to ask for, and those that came before their turn.

use crate::{
    bytes::{Reader, Writer},
    kdf::Key,
    send::RANGE,
};
use alloc::{
    collections::{BTreeMap, VecDeque},
    vec::Vec,
};

/// The window of one direction, as its reader sees it.
pub(crate) struct ReceiveWindow {
    /// How many boxes were read: the number of the one whose turn it is.
    next: u64,
    /// The tokens of the next boxes.
    tokens: VecDeque<Key>,
    /// Boxes that came before their turn. Not saved: what is not read is written again.
    held: BTreeMap<u64, Vec<u8>>,
}

impl ReceiveWindow {
    pub(crate) const fn new(tokens: VecDeque<Key>) -> Self {
        Self { next: 0, tokens, held: BTreeMap::new() }
    }

    pub(crate) const fn next(&self) -> u64 {
        self.next
    }

    /// The first box that is neither here nor asked for, and its token.
    pub(crate) fn wanted(&self, is_asked: impl Fn(u64) -> bool) -> Option<(u64, [u8; 32])> {
        (self.next..).zip(&self.tokens).find_map(|(number, token)| {
            (!self.held.contains_key(&number) && !is_asked(number)).then(|| (number, *token.as_bytes()))
        })
    }

    /// Keeps a box until its turn.
    pub(crate) fn hold(&mut self, number: u64, boxed: Vec<u8>) {
        let end = self.next.saturating_add(self.tokens.len() as u64);
        if (self.next..end).contains(&number) {
            self.held.insert(number, boxed);
        }
    }

    /// The box whose turn it is, if it is here.
    pub(crate) fn take(&mut self) -> Option<Vec<u8>> {
        self.held.remove(&self.next)
    }

    /// That box was opened, and gave the token of one further on.
    pub(crate) fn advance(&mut self, token: Key) {
        self.next = self.next.saturating_add(1);
        self.tokens.pop_front();
        self.tokens.push_back(token);
    }

    /// A bit for each box behind the next that is held.
    pub(crate) fn bitmap(&self) -> u64 {
        self.held.keys().fold(0, |bits, number| {
            let place = number.saturating_sub(self.next).saturating_sub(1);
            bits | 1_u64.unbounded_shl(u32::try_from(place).unwrap_or(u32::MAX))
        })
    }

    pub(crate) fn write(&self, to: &mut Writer) {
        to.u64(self.next);
        self.tokens.iter().for_each(|token| to.put(token.as_bytes()));
    }

    pub(crate) fn read_from(from: &mut Reader<'_>) -> Option<Self> {
        let next = from.boxes()?;
        let tokens = (0..RANGE).map(|_| from.array().map(Key::new)).collect::<Option<_>>()?;
        Some(Self { next, tokens, held: BTreeMap::new() })
    }
}
