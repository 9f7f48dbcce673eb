//! A target without instructions for AES, or told to leave them alone.

use super::Backend;
use crate::{aez::Direction, offsets::Key};

/// What this target may have beside the portable backend.
pub(super) const BACKENDS: &[Backend] = &[];

/// There is none.
#[derive(Clone, Copy)]
pub(crate) enum Native {}

impl Native {
    pub(super) fn best() -> Option<Self> {
        None
    }

    pub(super) fn find(_: Backend) -> Option<Self> {
        None
    }

    pub(super) fn backend(self) -> Backend {
        match self {}
    }

    pub(super) fn encipher(self, _: &Key, _: &[u8; 16], _: Direction, _: &mut [u8]) {
        match self {}
    }
}
