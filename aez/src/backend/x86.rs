//! The AES instructions of x86-64: `AESENC` is the very round that AEZ is made of, and adds any block for free.

mod aes_ni;
mod detect;
mod vaes;
mod xmm;

use self::{aes_ni::AesNi, vaes::Vaes};
use super::Backend;
use crate::{aez::Direction, offsets::Subkeys};

/// What this target has beside the portable backend, with the way to ask whether this machine does.
pub(super) const BACKENDS: [(Backend, fn() -> bool); 2] =
    [(Backend::Vaes, Vaes::is_available), (Backend::AesNi, AesNi::is_available)];

/// A key, expanded for one of them.
pub(crate) enum Native {
    AesNi(AesNi),
    Vaes(Vaes),
}

impl Native {
    /// Not VAES, fast as it is: the instruction has not run our vectors on any machine yet.
    pub(super) fn best(key: &Subkeys) -> Option<Self> {
        Self::new(key, Backend::AesNi)
    }

    pub(super) fn new(key: &Subkeys, backend: Backend) -> Option<Self> {
        match backend {
            Backend::AesNi => AesNi::new(key).map(Self::AesNi),
            Backend::Vaes => Vaes::new(key).map(Self::Vaes),
            _ => None,
        }
    }

    pub(super) fn backend(&self) -> Backend {
        match self {
            Self::AesNi(_) => Backend::AesNi,
            Self::Vaes(_) => Backend::Vaes,
        }
    }

    pub(super) fn encipher(&self, nonce: &[u8; 16], direction: Direction, message: &mut [u8]) {
        match self {
            Self::AesNi(key) => key.encipher(nonce, direction, message),
            Self::Vaes(key) => key.encipher(nonce, direction, message),
        }
    }
}
