//! A target without AES instructions, or a build without them.

use super::Backend;
use crate::{direction::Direction, offsets::Key};

/// The back ends of this target besides the portable one.
pub(super) const BACKENDS: &[Backend] = &[];

/// No back end: a type without values.
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
