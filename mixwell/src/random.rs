//! Randomness from the operating system.

use chacha20::ChaCha20Rng;
use getrandom::SysRng;
use rand_core::SeedableRng as _;

/// A generator with a fresh seed, wiped on drop.
///
/// The operating system may refuse; after this nothing can fail.
pub(crate) fn from_system() -> Result<ChaCha20Rng, getrandom::Error> {
    ChaCha20Rng::try_from_rng(&mut SysRng)
}
