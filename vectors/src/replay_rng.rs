//! A random number generator that gives out recorded bytes.

use core::convert::Infallible;
use rand_core::{TryCryptoRng, TryRng};

/// Gives out the recorded bytes in order.
///
/// # Panics
/// Every draw past the last recorded byte panics, and [`ReplayRng::finish`] does if bytes are left: code under test has
/// to draw exactly what the reference drew.
#[derive(Debug)]
pub struct ReplayRng {
    recorded: Vec<u8>,
    drawn: usize,
}

impl ReplayRng {
    /// A generator of the given parts, one after the other.
    #[must_use]
    pub fn new(parts: &[&[u8]]) -> Self {
        Self { recorded: parts.concat(), drawn: 0 }
    }

    /// Checks that everything has been drawn.
    ///
    /// # Panics
    /// If bytes are left.
    pub fn finish(self) {
        assert_eq!(self.drawn, self.recorded.len(), "recorded randomness is left over");
    }
}

impl TryRng for ReplayRng {
    type Error = Infallible;

    fn try_next_u32(&mut self) -> Result<u32, Infallible> {
        let mut bytes = [0; 4];
        self.try_fill_bytes(&mut bytes)?;
        Ok(u32::from_le_bytes(bytes))
    }

    fn try_next_u64(&mut self) -> Result<u64, Infallible> {
        let mut bytes = [0; 8];
        self.try_fill_bytes(&mut bytes)?;
        Ok(u64::from_le_bytes(bytes))
    }

    fn try_fill_bytes(&mut self, out: &mut [u8]) -> Result<(), Infallible> {
        let end = self.drawn + out.len();
        let recorded = self.recorded.get(self.drawn..end).expect("recorded randomness has run out");
        out.copy_from_slice(recorded);
        self.drawn = end;
        Ok(())
    }
}

impl TryCryptoRng for ReplayRng {}
