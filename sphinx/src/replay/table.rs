//! A set of hashes that grows.

use super::{Place, ReplayFilter, most, place};
use std::{vec, vec::Vec};
use zeroize::Zeroize;

/// Hashes by open addressing, in slots that double when 7 of 8 are used. Wiped on drop and when it
/// grows.
#[derive(Default)]
pub(super) struct Table {
    slots: Vec<u64>,
    held: usize,
}

impl Table {
    /// A table that does not grow before it has this many hashes.
    pub(super) fn with_room(room: usize) -> Self {
        Self { slots: vec![0; ReplayFilter::slots_for(room)], held: 0 }
    }

    /// Adds a hash, which is not 0, unless it is there already or `reserve` refuses it. Returns
    /// whether it was there.
    pub(super) fn insert<E>(&mut self, hash: u64, reserve: impl FnOnce() -> Result<(), E>) -> Result<bool, E> {
        let has_room = self.held < most(self.slots.len());
        match place(&mut self.slots, hash) {
            Place::Seen => return Ok(true),
            Place::Free(slot) if has_room => {
                reserve()?;
                *slot = hash;
            }
            _ => {
                reserve()?;
                self.grow();
                put(&mut self.slots, hash);
            }
        }
        self.held = self.held.saturating_add(1);
        Ok(false)
    }

    /// All hashes, in an order that does not tell when they came.
    pub(super) fn hashes(&self) -> impl Iterator<Item = u64> + '_ {
        self.slots.iter().copied().filter(|hash| *hash != 0)
    }

    /// Doubles the room. The hashes keep their order, so both tables are walked from front to back.
    fn grow(&mut self) {
        let room = self.held.saturating_mul(2).max(FIRST_ROOM);
        let mut grown = Self::with_room(room);
        for hash in self.hashes() {
            put(&mut grown.slots, hash);
        }
        grown.held = self.held;
        // the smaller table is wiped as it is dropped
        *self = grown;
    }
}

/// Puts a hash that is not there into slots that have room.
fn put(slots: &mut [u64], hash: u64) {
    if let Place::Free(slot) = place(slots, hash) {
        *slot = hash;
    }
}

impl Drop for Table {
    fn drop(&mut self) {
        self.slots.zeroize();
    }
}

/// Room for hashes in a table's first slots.
const FIRST_ROOM: usize = 28;
