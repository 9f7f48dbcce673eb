//! The keys of a mix by epoch (`docs/spec/sphinx.md#replay-detection`): which to make, to publish,
//! to try on packets, and to erase.

mod mix_key;

pub use mix_key::{MixKey, RingError};

use core::{fmt, time::Duration};
use std::{collections::BTreeMap, vec::Vec};

/// The mix keys of an epoch and its neighbours. `K` is whatever a mix has for an epoch:
/// [`MixKey`] is a private key with its replay filter; a mix that keeps more has a type of its own.
///
/// ```
/// use core::time::Duration;
/// use mixwell_sphinx::{EpochRing, Geometry, MixKey, RingTime, Sphinx, X25519};
/// # use rand_chacha::{ChaCha20Rng, rand_core::SeedableRng};
/// # let mut rng = ChaCha20Rng::seed_from_u64(1);
/// # let mut packet = vec![0; 3082];
///
/// let sphinx = Sphinx::<X25519>::new(Geometry::of::<X25519>(5, 2000, true)?)?;
/// let mut ring = EpochRing::<MixKey<X25519>>::new();
///
/// // when an epoch begins: make keys, publish them, erase old ones
/// let time = RingTime { epoch: 70_000, proven: Some(70_000), monotonic: Duration::from_secs(1) };
/// let stored = ring.advance(&time, 2_000_000, &mut rng)?;
/// assert_eq!(stored.len(), 4); // to be stored, if they are to outlive the program
/// for (epoch, key) in ring.published(70_001) {
///     println!("the descriptor's key of epoch {epoch}: {:02x?}", key.public.as_ref());
/// }
/// ring.retire(&time, Duration::from_secs(1200));
///
/// // when a packet comes
/// match ring.open(&sphinx, time.epoch, &mut packet) {
///     Ok(opened) => println!("{:?}", opened.finish()),
///     Err(reason) => println!("dropped: {reason}"),
/// }
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// The ring has no clock, no randomness and no files. The rules that it knows:
///
/// - In an epoch, a mix publishes the keys of that epoch and of the two after it, and makes them
///   one epoch ahead: [`missing`](Self::missing), [`published`](Self::published).
/// - Packets arrive late and early, so the current key is tried on them, then the previous and the
///   next: [`active`](Self::active).
/// - A key whose time is over is erased, [`retire`](Self::retire), but not because a clock jumps.
pub struct EpochRing<K> {
    keys: BTreeMap<u64, Entry<K>>,
}

struct Entry<K> {
    key: K,
    /// When the key was made or read, by the monotonic clock.
    since: Duration,
}

/// The time by a mix's clocks.
///
/// ```
/// use mixwell_sphinx::RingTime;
/// use std::time::{Instant, SystemTime};
///
/// /// The time in a network of epochs of 20 minutes that began in 1970, before any consensus is known.
/// fn now(started: Instant) -> RingTime {
///     let unix = SystemTime::UNIX_EPOCH.elapsed().map_or(0, |time| time.as_secs());
///     RingTime { epoch: unix / 1200, proven: None, monotonic: started.elapsed() }
/// }
/// assert!(now(Instant::now()).epoch > 1_400_000);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(clippy::exhaustive_structs, reason = "the clocks that the rules look at")]
pub struct RingTime {
    /// The epoch by the system's clock, which may be wrong.
    pub epoch: u64,
    /// The latest epoch that has begun for certain, if one is known: a consensus that authorities
    /// signed proves it.
    pub proven: Option<u64>,
    /// The time by a clock that never jumps, since any moment before all others.
    pub monotonic: Duration,
}

impl<K> EpochRing<K> {
    /// Maximum number of keys that a packet is tried with.
    pub const ACTIVE: usize = 3;

    /// Number of epochs whose keys a descriptor publishes.
    pub const PUBLISHED: u64 = 3;

    /// Number of epochs ahead for which keys are made: in epoch e, a mix uploads its descriptor for
    /// e + 1, with the keys of e + 1 to e + 3.
    pub const AHEAD: u64 = 3;

    /// Maximum age of a key, in epochs: made [`AHEAD`](Self::AHEAD) of its own, and used in its own
    /// and in the next one.
    pub const MAX_AGE: u32 = 5;

    /// A ring without keys.
    #[must_use]
    pub const fn new() -> Self {
        Self { keys: BTreeMap::new() }
    }

    /// The epochs whose keys are to be made now.
    pub fn missing(&self, epoch: u64) -> impl Iterator<Item = u64> + '_ {
        (epoch..=epoch.saturating_add(Self::AHEAD)).filter(|epoch| !self.keys.contains_key(epoch))
    }

    /// Adds the key of an epoch, made or read at a time of the monotonic clock. Returns the key
    /// that it replaces.
    pub fn insert(&mut self, epoch: u64, key: K, monotonic: Duration) -> Option<K> {
        self.keys.insert(epoch, Entry { key, since: monotonic }).map(|entry| entry.key)
    }

    /// Takes the keys out that are no longer used: drop them, which wipes them, and erase them
    /// wherever they are stored. Epochs last for `period`. Call it when an epoch begins and when
    /// one is proven.
    pub fn retire(&mut self, time: &RingTime, period: Duration) -> Vec<(u64, K)> {
        let is_over = |epoch: u64, entry: &Entry<K>| Self::is_over(epoch, entry.since, time, period);
        let over: Vec<u64> =
            self.keys.iter().filter(|(epoch, entry)| is_over(**epoch, entry)).map(|(epoch, _)| *epoch).collect();
        over.into_iter().filter_map(|epoch| Some((epoch, self.remove(epoch)?))).collect()
    }

    /// Whether a key that was made or read at a time of the monotonic clock is no longer used.
    ///
    /// The system's clock alone does not decide, so that a clock that jumps erases nothing: an
    /// epoch must also be proven, or the key must be older than any key in use can be.
    #[must_use]
    pub fn is_over(epoch: u64, since: Duration, time: &RingTime, period: Duration) -> bool {
        let end = epoch.saturating_add(2);
        let by_clock = end <= time.epoch || epoch > time.epoch.saturating_add(Self::AHEAD);
        let by_age = time.monotonic.saturating_sub(since) >= period.saturating_mul(Self::MAX_AGE);
        by_clock && (by_age || time.proven.is_some_and(|proven| end <= proven))
    }

    /// The keys with which a packet may open in this epoch: those of this epoch, of the previous
    /// and of the next one; at most [`ACTIVE`](Self::ACTIVE).
    pub fn active(&self, epoch: u64) -> impl Iterator<Item = (u64, &K)> {
        let epochs = [Some(epoch), epoch.checked_sub(1), epoch.checked_add(1)];
        epochs.into_iter().flatten().filter_map(|epoch| Some((epoch, self.get(epoch)?)))
    }

    /// The keys in the descriptor for an epoch: those of the epoch and of the two after it.
    pub fn published(&self, epoch: u64) -> impl Iterator<Item = (u64, &K)> {
        self.keys.range(published(epoch)).map(|(epoch, entry)| (*epoch, &entry.key))
    }

    /// Whether all keys in the descriptor for an epoch exist.
    #[must_use]
    pub fn covers(&self, epoch: u64) -> bool {
        published(epoch).all(|epoch| self.keys.contains_key(&epoch))
    }

    /// The key of an epoch.
    #[must_use]
    pub fn get(&self, epoch: u64) -> Option<&K> {
        self.keys.get(&epoch).map(|entry| &entry.key)
    }

    /// The key of an epoch.
    #[must_use]
    pub fn get_mut(&mut self, epoch: u64) -> Option<&mut K> {
        self.keys.get_mut(&epoch).map(|entry| &mut entry.key)
    }

    /// Takes the key of an epoch out.
    pub fn remove(&mut self, epoch: u64) -> Option<K> {
        self.keys.remove(&epoch).map(|entry| entry.key)
    }

    /// All keys, in the order of their epochs.
    pub fn iter(&self) -> impl Iterator<Item = (u64, &K)> {
        self.keys.iter().map(|(epoch, entry)| (*epoch, &entry.key))
    }
}

/// The epochs of a descriptor; fewer at the end of time.
fn published(epoch: u64) -> core::ops::RangeInclusive<u64> {
    epoch..=epoch.saturating_add(EpochRing::<()>::PUBLISHED.saturating_sub(1))
}

impl<K> Default for EpochRing<K> {
    fn default() -> Self {
        Self::new()
    }
}

impl<K> fmt::Debug for EpochRing<K> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("EpochRing")?;
        f.debug_set().entries(self.keys.keys()).finish()
    }
}
