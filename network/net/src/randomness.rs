//! Randomness for many tasks: from the operating system, or from the user's seed for a reproducible
//! run.
//!
//! Earlier output cannot be recomputed from memory read later: each draw replaces the seed by its
//! hash, mixed with fresh bytes from the operating system unless the user gave a seed.

use blake2::{Blake2b256, Digest as _};
use chacha20::ChaCha20Rng;
use core::fmt;
use getrandom::SysRng;
use rand_core::{SeedableRng as _, TryRng as _};
use std::sync::{Arc, Mutex, PoisonError};
use zeroize::Zeroizing;

/// A node in a tree of seeds. Each generator and each branch drawn from it is new; with a user's
/// seed, they depend only on earlier draws from the same node. The seed is wiped when it is
/// replaced, and on drop.
#[derive(Clone)]
pub struct Randomness(Arc<Place>);

struct Place {
    seed: Mutex<Zeroizing<[u8; 32]>>,
    is_of_system: bool,
}

impl Randomness {
    /// Randomness of the operating system.
    ///
    /// # Errors
    /// [`getrandom::Error`].
    pub fn from_system() -> Result<Self, getrandom::Error> {
        let mut seed = Zeroizing::new([0; 32]);
        SysRng.try_fill_bytes(&mut *seed)?;
        Ok(Self::new(seed, true))
    }

    /// Randomness for a reproducible run, whose keys must not be used for anything else.
    #[must_use]
    pub fn from_seed(seed: u64) -> Self {
        Self::new(derive(b"seed", &[0; 32], &seed.to_be_bytes()), false)
    }

    fn new(seed: Zeroizing<[u8; 32]>, is_of_system: bool) -> Self {
        Self(Arc::new(Place { seed: Mutex::new(seed), is_of_system }))
    }

    /// A new generator. Its state reveals its earlier output: do not keep it longer than the
    /// secrets drawn from it.
    #[must_use]
    pub fn rng(&self) -> ChaCha20Rng {
        ChaCha20Rng::from_seed(*self.draw(b"generator"))
    }

    /// A branch, for a task that draws its own generators.
    #[must_use]
    pub fn branch(&self) -> Self {
        Self::new(self.draw(b"branch"), self.0.is_of_system)
    }

    fn draw(&self, what: &[u8]) -> Zeroizing<[u8; 32]> {
        let mut added = Zeroizing::new([0; 32]);
        if self.0.is_of_system {
            // a failure now, after success at the start, is harmless: the seed is still secret
            let _ = SysRng.try_fill_bytes(&mut *added);
        }
        let mut seed = self.0.seed.lock().unwrap_or_else(PoisonError::into_inner);
        let drawn = derive(what, &seed, &*added);
        *seed = derive(b"next", &seed, &*added);
        drawn
    }
}

fn derive(what: &[u8], seed: &[u8; 32], added: &[u8]) -> Zeroizing<[u8; 32]> {
    let hasher = Blake2b256::new_with_prefix(seed).chain_update(added).chain_update(what);
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
    use rand_core::Rng as _;

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

    #[test]
    fn the_past_is_not_in_memory() {
        let root = Randomness::from_seed(1);
        let before = root.0.seed.lock().unwrap().clone();
        let first = root.draw(b"generator");
        let after = root.0.seed.lock().unwrap().clone();
        assert_ne!(before, after, "the seed moved on");
        let again = Randomness::new(after, false);
        assert!((0..100).all(|_| again.draw(b"generator") != first));
    }

    #[test]
    fn the_system_adds_to_each_draw() {
        // with the same seed, which a reader of the memory would have
        let copies = [(); 2].map(|()| Randomness::new(Zeroizing::new([7; 32]), true));
        let [one, other] = copies.map(|copy| [copy.rng().next_u64(), copy.branch().rng().next_u64()]);
        assert!(one[0] != other[0] && one[1] != other[1]);
    }
}
