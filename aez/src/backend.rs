//! The back ends, one of which is chosen for each `Aez`.

// Code that is generic over the processor's instructions is compiled for unit tests on every
// machine, which run it on a model of the instructions.
#[cfg(any(test, all(target_arch = "aarch64", target_feature = "neon", not(mixwell_backend = "portable"))))]
mod aese;
#[cfg(any(test, all(target_arch = "x86_64", target_feature = "sse2", not(mixwell_backend = "portable"))))]
#[expect(unsafe_code, reason = "loads and stores of some lanes of a register")]
mod aesenc;
#[cfg(all(target_arch = "aarch64", target_feature = "neon", not(mixwell_backend = "portable")))]
#[expect(unsafe_code, reason = "the processor's AES instructions, where it has them")]
mod armv8;
#[cfg(test)]
mod model;
#[cfg(not(all(
    any(all(target_arch = "aarch64", target_feature = "neon"), all(target_arch = "x86_64", target_feature = "sse2")),
    not(mixwell_backend = "portable")
)))]
mod none;
mod portable;
#[cfg(any(
    test,
    all(
        any(
            all(target_arch = "aarch64", target_feature = "neon"),
            all(target_arch = "x86_64", target_feature = "sse2")
        ),
        not(mixwell_backend = "portable")
    )
))]
mod simd;
#[cfg(all(target_arch = "x86_64", target_feature = "sse2", not(mixwell_backend = "portable")))]
#[expect(unsafe_code, reason = "the processor's AES instructions, where it has them")]
mod x86;

// The back ends of this target besides the portable one.
#[cfg(all(target_arch = "aarch64", target_feature = "neon", not(mixwell_backend = "portable")))]
use self::armv8 as native;
#[cfg(not(all(
    any(all(target_arch = "aarch64", target_feature = "neon"), all(target_arch = "x86_64", target_feature = "sse2")),
    not(mixwell_backend = "portable")
)))]
use self::none as native;
#[cfg(all(target_arch = "x86_64", target_feature = "sse2", not(mixwell_backend = "portable")))]
use self::x86 as native;

#[cfg(test)]
pub(crate) use self::portable::Columns;
use self::{
    native::{BACKENDS, Native},
    portable::Portable,
};
use crate::{direction::Direction, encipher::encipher, offsets::Key};

/// An implementation of AEZ.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Backend {
    /// Bitsliced integer arithmetic, for every machine.
    Portable,
    /// AES-NI, the AES instructions of x86-64: one block in each 128-bit register.
    AesNi,
    /// VAES: two blocks in each 256-bit register.
    Vaes,
    /// VAES with AVX-512: four blocks in each 512-bit register.
    Vaes512,
    /// The AES instructions of aarch64: one block in each 128-bit register.
    Armv8,
}

impl Backend {
    /// The back ends of this machine, the fastest first.
    pub fn available() -> impl Iterator<Item = Self> {
        let native = BACKENDS.iter().copied().filter(|backend| Native::find(*backend).is_some());
        native.chain([Self::Portable])
    }
}

/// A back end that this machine has.
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
