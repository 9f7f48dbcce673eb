//! The back ends, and their detection on this machine.

#[cfg(test)]
mod model;
#[cfg(all(target_arch = "x86_64", target_feature = "sse2", not(mixwell_backend = "portable")))]
#[expect(unsafe_code, reason = "the processor's instructions, where it has them")]
mod x86;

use crate::state::State;

/// An implementation of SHA-256 on one or several messages at once.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Backend {
    /// One message: the crate `sha2`, which takes the processor's SHA instructions where it has
    /// them.
    Sha2,
    /// One message: plain Rust compiled for BMI2, where the processor has no SHA instructions.
    Bmi2,
    /// Eight messages: AVX2.
    Avx2,
    /// Eight messages: AVX-512's instructions on 256-bit registers.
    Avx512x8,
    /// Sixteen messages: AVX-512.
    Avx512x16,
}

impl Backend {
    /// All back ends.
    pub const ALL: [Self; 5] = [Self::Sha2, Self::Bmi2, Self::Avx2, Self::Avx512x8, Self::Avx512x16];

    /// The back ends of this machine.
    pub fn available() -> impl Iterator<Item = Self> {
        Self::ALL.into_iter().filter(|backend| *backend == Self::Sha2 || native::has(*backend))
    }

    /// The number of messages that it processes at once.
    #[must_use]
    pub const fn lanes(self) -> usize {
        match self {
            Self::Sha2 | Self::Bmi2 => 1,
            Self::Avx2 | Self::Avx512x8 => 8,
            Self::Avx512x16 => 16,
        }
    }

    /// The fastest back end for one message.
    #[inline]
    pub(crate) fn of_one() -> Self {
        if !native::has_sha() && native::has(Self::Bmi2) { Self::Bmi2 } else { Self::Sha2 }
    }

    /// The fastest back end of this machine for `count` messages, or for the first of them if it
    /// takes fewer at once.
    #[must_use]
    pub fn for_messages(count: usize) -> Self {
        let sha = native::has_sha();
        let candidates = [
            // the smallest number of messages that are faster together, with empty lanes, than one
            // by one
            (Self::Avx512x16, if sha { 11 } else { 9 }),
            (Self::Avx512x8, if sha { 5 } else { 2 }),
            (Self::Avx2, if sha { usize::MAX } else { 3 }),
        ];
        let found = candidates.into_iter().find(|(backend, least)| count >= *least && native::has(*backend));
        found.map_or_else(Self::of_one, |(backend, _)| backend)
    }
}

/// SHA-256's compression function on W messages at once.
pub(crate) trait Engine<const W: usize>: Copy {
    /// Compresses the blocks of each message; all messages have the same number of blocks.
    fn compress(self, state: &mut State<W>, blocks: [&[[u8; 64]]; W]);
}

/// The crate `sha2`.
#[derive(Clone, Copy)]
pub(crate) struct Sha2;

impl Engine<1> for Sha2 {
    fn compress(self, state: &mut State<1>, [blocks]: [&[[u8; 64]]; 1]) {
        if let Some(words) = state.0.as_flattened_mut().first_chunk_mut() {
            sha2::block_api::compress256(words, blocks);
        }
    }
}

/// An operation that is generic over the engine.
pub(crate) trait With {
    fn run<const W: usize>(self, engine: impl Engine<W>);
}

impl Backend {
    /// Runs an operation with the engine of this back end; returns false if the machine does not
    /// have it.
    pub(crate) fn with(self, work: impl With) -> bool {
        match self {
            Self::Sha2 => work.run(Sha2),
            _ => return native::with(self, work),
        }
        true
    }
}

#[cfg(all(target_arch = "x86_64", target_feature = "sse2", not(mixwell_backend = "portable")))]
use self::x86 as native;

#[cfg(not(all(target_arch = "x86_64", target_feature = "sse2", not(mixwell_backend = "portable"))))]
mod native {
    use super::{Backend, With};

    pub(super) fn has(_: Backend) -> bool {
        false
    }

    pub(super) fn has_sha() -> bool {
        false
    }

    pub(super) fn with(_: Backend, _: impl With) -> bool {
        false
    }
}
