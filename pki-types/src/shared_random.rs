//! The shared random value: authorities commit, then reveal, and hash all reveals.

use crate::{Epoch, KeyHash, hash::hash};
use blake2::{Blake2b256, Digest};
use core::{cmp::Reverse, fmt};
use rand_core::CryptoRng;
use zeroize::Zeroize;

/// The first message that an authority publishes: the epoch and the hash of its [`Reveal`].
///
/// ```
/// use mixwell_pki_types::{Commit, Epoch, Reveal};
///
/// let reveal = Reveal::generate(Epoch(1000), &mut rand::rng());
/// let published = *reveal.commit().as_bytes();
/// // later, when all commits are in, the others see the reveal
/// let commit = Commit::parse(&published)?;
/// commit.check(&Reveal::parse(reveal.as_bytes())?)?;
/// # Ok::<(), mixwell_pki_types::SharedRandomError>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Commit([u8; LEN]);

/// The message that an authority publishes after all commits: the epoch and the hash of 32 random
/// bytes.
///
/// Secret until then: do not publish it early, and keep it out of logs. Wiped on drop.
///
/// ```
/// use mixwell_pki_types::{Epoch, Reveal};
///
/// let reveal = Reveal::generate(Epoch(1000), &mut rand::rng());
/// let commit = reveal.commit(); // published before
/// assert!(commit.check(&reveal).is_ok());
/// ```
pub struct Reveal([u8; LEN]);

impl Commit {
    /// Parses a received commit.
    ///
    /// # Errors
    /// If it is not 40 bytes.
    pub fn parse(bytes: &[u8]) -> Result<Self, SharedRandomError> {
        array(bytes).map(Self)
    }

    /// The epoch of the consensus.
    #[must_use]
    pub fn epoch(&self) -> Epoch {
        epoch(&self.0)
    }

    /// The bytes that are signed and published.
    #[must_use]
    pub const fn as_bytes(&self) -> &[u8; LEN] {
        &self.0
    }

    /// Checks that `reveal` matches this commit.
    ///
    /// # Errors
    /// If the reveal is for another epoch or does not hash to this commit.
    pub fn check(&self, reveal: &Reveal) -> Result<(), SharedRandomError> {
        if reveal.epoch() != self.epoch() {
            return Err(SharedRandomError::Epoch { commit: self.epoch(), reveal: reveal.epoch() });
        }
        if reveal.commit() != *self {
            return Err(SharedRandomError::Mismatch);
        }
        Ok(())
    }
}

impl Reveal {
    /// A fresh reveal for the consensus of an epoch.
    #[must_use]
    pub fn generate<R: CryptoRng + ?Sized>(epoch: Epoch, rng: &mut R) -> Self {
        let mut random = [0; 32];
        rng.fill_bytes(&mut random);
        let reveal = Self(join(epoch, &hash(&[&random])));
        random.zeroize();
        reveal
    }

    /// Parses a received reveal.
    ///
    /// # Errors
    /// If it is not 40 bytes.
    pub fn parse(bytes: &[u8]) -> Result<Self, SharedRandomError> {
        array(bytes).map(Self)
    }

    /// The commit to this reveal.
    #[must_use]
    pub fn commit(&self) -> Commit {
        Commit(join(self.epoch(), &hash(&[&self.0])))
    }

    /// The epoch of the consensus.
    #[must_use]
    pub fn epoch(&self) -> Epoch {
        epoch(&self.0)
    }

    /// The bytes that are signed and published.
    #[must_use]
    pub const fn as_bytes(&self) -> &[u8; LEN] {
        &self.0
    }
}

impl Drop for Reveal {
    fn drop(&mut self) {
        self.0.zeroize();
    }
}

impl fmt::Debug for Reveal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Reveal({}, ..)", self.epoch())
    }
}

/// The shared random value in the consensus of `epoch`, computed from all reveals and the previous
/// consensus's value (`None` in the first epoch of a network). Sorts `reveals` as the formula
/// requires: by the reveal, descending.
///
/// ```
/// use mixwell_pki_types::{Epoch, KeyHash, Reveal, shared_random_value};
///
/// let epoch = Epoch(1000);
/// let mut reveals = [1, 2, 3].map(|i| (KeyHash::of(&[i; 32]), Reveal::generate(epoch, &mut rand::rng())));
/// let value = shared_random_value(epoch, &mut reveals, None);
/// // the order does not matter
/// reveals.reverse();
/// assert_eq!(shared_random_value(epoch, &mut reveals, None), value);
/// ```
#[must_use]
pub fn shared_random_value(epoch: Epoch, reveals: &mut [(KeyHash, Reveal)], previous: Option<&[u8; 32]>) -> [u8; 32] {
    reveals.sort_unstable_by_key(|(authority, reveal)| Reverse((reveal.0, *authority)));
    let mut hasher = Blake2b256::new_with_prefix(b"shared-random");
    hasher.update(epoch.0.to_be_bytes());
    for (authority, reveal) in reveals {
        hasher.update(authority.0);
        hasher.update(reveal.0);
    }
    hasher.update(previous.unwrap_or(&[0; 32]));
    hasher.finalize().into()
}

/// The reason why a commit or a reveal is not valid.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum SharedRandomError {
    /// The bytes are not 40 bytes long.
    Length {
        /// The length in bytes.
        got: usize,
    },
    /// Commit and reveal are for different epochs.
    Epoch {
        /// The commit's epoch.
        commit: Epoch,
        /// The reveal's epoch.
        reveal: Epoch,
    },
    /// The reveal does not hash to the commit.
    Mismatch,
}

impl fmt::Display for SharedRandomError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Length { got } => write!(f, "shared random is {got} bytes, want {LEN}"),
            Self::Epoch { commit, reveal } => write!(f, "reveal is for epoch {reveal}, its commit for {commit}"),
            Self::Mismatch => f.write_str("reveal does not match its commit"),
        }
    }
}

impl core::error::Error for SharedRandomError {}

fn array(bytes: &[u8]) -> Result<[u8; LEN], SharedRandomError> {
    bytes.try_into().map_err(|_| SharedRandomError::Length { got: bytes.len() })
}

fn epoch(bytes: &[u8; LEN]) -> Epoch {
    Epoch(bytes.first_chunk().map_or(0, |first| u64::from_be_bytes(*first)))
}

fn join(epoch: Epoch, hash: &[u8; 32]) -> [u8; LEN] {
    let mut bytes = [0; LEN];
    let (first, second) = bytes.split_at_mut(8);
    first.copy_from_slice(&epoch.0.to_be_bytes());
    second.copy_from_slice(hash);
    bytes
}

/// An epoch and a hash.
const LEN: usize = 8 + 32;
