//! The implementations of the AES round, and the choice among them: one per public call.

#[cfg(all(target_arch = "aarch64", target_feature = "neon", not(mixwell_backend = "portable")))]
#[expect(unsafe_code, reason = "the processor's AES instructions, where it has them")]
mod armv8;
#[cfg(all(any(target_arch = "aarch64", target_arch = "x86_64"), not(mixwell_backend = "portable")))]
mod blocks;
mod expanded;
mod portable;
#[cfg(all(target_arch = "x86_64", target_feature = "sse2", not(mixwell_backend = "portable")))]
#[expect(unsafe_code, reason = "the processor's AES instructions, where it has them")]
mod x86;

// what this target has beside `portable`
cfg_select! {
    mixwell_backend = "portable" => { mod none; use self::none::{BACKENDS, Native}; }
    all(target_arch = "aarch64", target_feature = "neon") => { use self::armv8::{BACKENDS, Native}; }
    all(target_arch = "x86_64", target_feature = "sse2") => { use self::x86::{BACKENDS, Native}; }
    _ => { mod none; use self::none::{BACKENDS, Native}; }
}

use self::{expanded::Expanded, portable::Portable};
use crate::{aez::Direction, offsets::Subkeys};

/// An implementation of the AES round.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Backend {
    /// Bitsliced integer arithmetic. Every machine has it.
    Portable,
    /// The AES instructions of x86-64.
    AesNi,
    /// The same on two blocks at once, in 256-bit registers.
    Vaes,
    /// The AES instructions of aarch64.
    Armv8,
}

impl Backend {
    /// The backends of this machine, the fastest first.
    pub fn available() -> impl Iterator<Item = Self> {
        let native = BACKENDS.iter().filter(|(_, is_available)| is_available()).map(|(backend, _)| *backend);
        native.chain([Self::Portable])
    }
}

/// A key, expanded for one of the backends.
pub(crate) enum Cipher {
    Portable(Expanded<Portable>),
    Native(Native),
}

impl Cipher {
    pub(crate) fn best(key: &Subkeys) -> Self {
        Native::best(key).map_or_else(|| Self::portable(key), Self::Native)
    }

    pub(crate) fn new(key: &Subkeys, backend: Backend) -> Option<Self> {
        match backend {
            Backend::Portable => Some(Self::portable(key)),
            _ => Native::new(key, backend).map(Self::Native),
        }
    }

    fn portable(key: &Subkeys) -> Self {
        Self::Portable(Expanded::new(Portable::new(key), key))
    }

    pub(crate) fn backend(&self) -> Backend {
        match self {
            Self::Portable(_) => Backend::Portable,
            Self::Native(native) => native.backend(),
        }
    }

    pub(crate) fn encipher(&self, nonce: &[u8; 16], direction: Direction, message: &mut [u8]) {
        match self {
            Self::Portable(key) => key.encipher(nonce, direction, message),
            Self::Native(native) => native.encipher(nonce, direction, message),
        }
    }
}
