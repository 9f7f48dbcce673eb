//! The implementations of the AES round, and the choice among them: one for each `Aez`.

#[cfg(all(target_arch = "aarch64", target_feature = "neon", not(mixwell_backend = "portable")))]
#[expect(unsafe_code, reason = "the processor's AES instructions, where it has them")]
mod armv8;
#[cfg(all(
    any(all(target_arch = "aarch64", target_feature = "neon"), all(target_arch = "x86_64", target_feature = "sse2")),
    not(mixwell_backend = "portable")
))]
mod blocks;
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

#[cfg(test)]
pub(crate) use self::portable::Columns;
use self::portable::Portable;
use crate::{aez::Direction, encipher::encipher, offsets::Key};

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
    /// The same on four blocks at once, in the 512-bit registers of AVX-512.
    Vaes512,
    /// The AES instructions of aarch64.
    Armv8,
}

impl Backend {
    /// The backends of this machine, the fastest first.
    pub fn available() -> impl Iterator<Item = Self> {
        let native = BACKENDS.iter().copied().filter(|backend| Native::find(*backend).is_some());
        native.chain([Self::Portable])
    }
}

/// The choice that was made among them.
#[derive(Clone, Copy)]
pub(crate) enum Choice {
    Portable,
    Native(Native),
}

impl Choice {
    #[inline]
    pub(crate) fn best() -> Self {
        Native::best().map_or(Self::Portable, Self::Native)
    }

    #[inline]
    pub(crate) fn find(backend: Backend) -> Option<Self> {
        match backend {
            Backend::Portable => Some(Self::Portable),
            _ => Native::find(backend).map(Self::Native),
        }
    }

    pub(crate) fn backend(self) -> Backend {
        match self {
            Self::Portable => Backend::Portable,
            Self::Native(native) => native.backend(),
        }
    }

    #[inline]
    pub(crate) fn encipher(self, key: &Key, nonce: &[u8; 16], direction: Direction, message: &mut [u8]) {
        match self {
            Self::Portable => encipher(&Portable::new(key), nonce, direction, message),
            Self::Native(native) => native.encipher(key, nonce, direction, message),
        }
    }
}
