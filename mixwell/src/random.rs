//! Randomness from the operating system.

use chacha20::ChaCha20Rng;
use getrandom::SysRng;
use rand_core::SeedableRng as _;

/// A freshly seeded generator, wiped on drop.
///
/// Only seeding can fail, if the operating system refuses; drawing from the generator cannot.
pub(crate) fn from_system() -> Result<ChaCha20Rng, getrandom::Error> {
    ChaCha20Rng::try_from_rng(&mut SysRng)
}
