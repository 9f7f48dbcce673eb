//! The same "random" bytes in every run. For measurements only: they are predictable.

use core::convert::Infallible;
use rand_core::{TryCryptoRng, TryRng};

/// Knuth's linear congruential generator.
pub(crate) struct Predictable(pub(crate) u64);

impl TryRng for Predictable {
    type Error = Infallible;

    fn try_next_u32(&mut self) -> Result<u32, Infallible> {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        let [_, _, _, _, high @ ..] = self.0.to_le_bytes();
        Ok(u32::from_le_bytes(high))
    }

    fn try_next_u64(&mut self) -> Result<u64, Infallible> {
        let (high, low) = (self.try_next_u32()?, self.try_next_u32()?);
        Ok(u64::from(high) << 32 | u64::from(low))
    }

    fn try_fill_bytes(&mut self, bytes: &mut [u8]) -> Result<(), Infallible> {
        for chunk in bytes.chunks_mut(4) {
            chunk.copy_from_slice(&self.try_next_u32()?.to_le_bytes()[..chunk.len()]);
        }
        Ok(())
    }
}

impl TryCryptoRng for Predictable {}

/// Recorded bytes, one part after the other, and then predictable ones.
#[cfg(feature = "client")]
pub(crate) struct Recorded<'a, const PARTS: usize> {
    parts: [&'a [u8]; PARTS],
    drawn: usize,
    after: Predictable,
}

#[cfg(feature = "client")]
impl<'a, const PARTS: usize> Recorded<'a, PARTS> {
    pub(crate) const fn new(parts: [&'a [u8]; PARTS]) -> Self {
        Self { parts, drawn: 0, after: Predictable(4) }
    }

    /// Whether exactly the recorded bytes have been drawn.
    pub(crate) fn is_spent(&self) -> bool {
        self.drawn == self.parts.iter().map(|part| part.len()).sum()
    }
}

#[cfg(feature = "client")]
impl<const PARTS: usize> TryRng for Recorded<'_, PARTS> {
    type Error = Infallible;

    fn try_next_u32(&mut self) -> Result<u32, Infallible> {
        rand_core::utils::next_word_via_fill(self)
    }

    fn try_next_u64(&mut self) -> Result<u64, Infallible> {
        rand_core::utils::next_word_via_fill(self)
    }

    fn try_fill_bytes(&mut self, bytes: &mut [u8]) -> Result<(), Infallible> {
        let recorded = self.parts.iter().copied().flatten().skip(self.drawn);
        let given = bytes.iter_mut().zip(recorded).map(|(byte, recorded)| *byte = *recorded).count();
        self.drawn += bytes.len();
        self.after.try_fill_bytes(&mut bytes[given..])
    }
}

#[cfg(feature = "client")]
impl<const PARTS: usize> TryCryptoRng for Recorded<'_, PARTS> {}
