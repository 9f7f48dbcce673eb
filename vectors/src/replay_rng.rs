//! A random number generator that replays recorded bytes.

use core::convert::Infallible;
use rand_core::{TryCryptoRng, TryRng, utils::next_word_via_fill};

/// Returns the recorded bytes in order.
///
/// # Panics
/// On a draw past the last recorded byte, and in [`ReplayRng::finish`] if bytes are left: code
/// under test must draw exactly as many bytes as the reference drew.
#[derive(Debug)]
pub struct ReplayRng {
    recorded: Vec<u8>,
    drawn: usize,
}

impl ReplayRng {
    /// A generator that replays the given parts in order.
    #[must_use]
    pub fn new(parts: &[&[u8]]) -> Self {
        Self { recorded: parts.concat(), drawn: 0 }
    }

    /// Checks that all bytes have been drawn.
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
        next_word_via_fill(self)
    }

    fn try_next_u64(&mut self) -> Result<u64, Infallible> {
        next_word_via_fill(self)
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
