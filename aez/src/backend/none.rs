//! A target without instructions for AES, or told to leave them alone.

use super::Backend;
use crate::{aez::Direction, offsets::Subkeys};

/// What this target has beside the portable backend, with the way to ask whether this machine does.
pub(super) const BACKENDS: [(Backend, fn() -> bool); 0] = [];

/// There is none.
pub(crate) enum Native {}

impl Native {
    pub(super) fn best(_: &Subkeys) -> Option<Self> {
        None
    }

    pub(super) fn new(_: &Subkeys, _: Backend) -> Option<Self> {
        None
    }

    pub(super) fn backend(&self) -> Backend {
        match *self {}
    }

    pub(super) fn encipher(&self, _: &[u8; 16], _: Direction, _: &mut [u8]) {
        match *self {}
    }
}
