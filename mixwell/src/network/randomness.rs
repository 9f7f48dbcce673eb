//! Randomness for many tasks from one seed: the operating system's, or the user's for a run that can be repeated.

use blake2::{Blake2b256, Digest as _};
use chacha20::ChaCha20Rng;
use core::{
    fmt,
    sync::atomic::{AtomicU64, Ordering},
};
use rand_core::{Rng as _, SeedableRng as _};
use std::sync::Arc;
use zeroize::Zeroizing;

/// A place in a tree of seeds. Each generator and each branch drawn from it is a new one, and depends on nothing but
/// what was drawn from the same place before. The seed is wiped on drop.
#[derive(Clone)]
pub(crate) struct Randomness(Arc<Place>);

struct Place {
    seed: Zeroizing<[u8; 32]>,
    drawn: AtomicU64,
}

impl Randomness {
    /// From the operating system.
    pub(crate) fn from_system() -> Result<Self, getrandom::Error> {
        let mut rng = crate::random::from_system()?;
        let mut seed = Zeroizing::new([0; 32]);
        rng.fill_bytes(&mut *seed);
        Ok(Self::new(seed))
    }

    /// For a run that can be repeated: its keys are for nothing else.
    pub(crate) fn from_seed(seed: u64) -> Self {
        Self::new(derive(b"seed", seed, &[0; 32]))
    }

    fn new(seed: Zeroizing<[u8; 32]>) -> Self {
        Self(Arc::new(Place { seed, drawn: AtomicU64::new(0) }))
    }

    /// A generator.
    pub(crate) fn rng(&self) -> ChaCha20Rng {
        ChaCha20Rng::from_seed(*self.draw(b"generator"))
    }

    /// A branch, for a task that makes generators of its own.
    pub(crate) fn branch(&self) -> Self {
        Self::new(self.draw(b"branch"))
    }

    fn draw(&self, what: &[u8]) -> Zeroizing<[u8; 32]> {
        let number = self.0.drawn.fetch_add(1, Ordering::Relaxed);
        derive(what, number, &self.0.seed)
    }
}

fn derive(what: &[u8], number: u64, seed: &[u8; 32]) -> Zeroizing<[u8; 32]> {
    let hasher = Blake2b256::new_with_prefix(seed).chain_update(number.to_be_bytes()).chain_update(what);
    Zeroizing::new(hasher.finalize().into())
}

impl fmt::Debug for Randomness {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Randomness(..)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_draw_is_new_and_can_be_repeated() {
        let draws = |seed| {
            let root = Randomness::from_seed(seed);
            let branch = root.branch();
            [root.rng(), root.rng(), branch.rng(), branch.branch().rng(), root.branch().rng()]
                .map(|mut rng| rng.next_u64())
        };
        let (first, other) = (draws(1), draws(2));
        assert_eq!(first, draws(1));
        let mut all = [first, other].concat();
        all.sort_unstable();
        all.dedup();
        assert_eq!(all.len(), 10);
    }
}
