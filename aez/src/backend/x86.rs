//! The AES instructions of x86-64: `AESENC` is the very round that AEZ is made of, and adds any block for free.

mod aes_ni;
mod detect;
mod few;
mod vaes;
mod vaes512;
mod xmm;

use self::{aes_ni::HasAesNi, vaes::HasVaes, vaes512::HasVaes512};
use super::Backend;
use crate::{aez::Direction, offsets::Key};

/// What this target may have beside the portable backend, the fastest first.
pub(super) const BACKENDS: &[Backend] = &[Backend::Vaes512, Backend::Vaes, Backend::AesNi];

/// What this machine was found to have.
#[derive(Clone, Copy)]
pub(crate) enum Native {
    AesNi(HasAesNi),
    Vaes(HasVaes),
    Vaes512(HasVaes512),
}

impl Native {
    #[inline]
    pub(super) fn best() -> Option<Self> {
        BACKENDS.iter().find_map(|backend| Self::find(*backend))
    }

    #[inline]
    pub(super) fn find(backend: Backend) -> Option<Self> {
        match backend {
            Backend::AesNi => HasAesNi::find().map(Self::AesNi),
            Backend::Vaes => HasVaes::find().map(Self::Vaes),
            Backend::Vaes512 => HasVaes512::find().map(Self::Vaes512),
            _ => None,
        }
    }

    pub(super) fn backend(self) -> Backend {
        match self {
            Self::AesNi(_) => Backend::AesNi,
            Self::Vaes(_) => Backend::Vaes,
            Self::Vaes512(_) => Backend::Vaes512,
        }
    }

    #[inline]
    pub(super) fn encipher(self, key: &Key, nonce: &[u8; 16], direction: Direction, message: &mut [u8]) {
        match self {
            Self::AesNi(has) => has.encipher(key, nonce, direction, message),
            Self::Vaes(has) => has.encipher(key, nonce, direction, message),
            Self::Vaes512(has) => has.encipher(key, nonce, direction, message),
        }
    }
}
