//! The replay filter (`docs/spec/sphinx.md#replay-detection`): refuses every packet that was seen
//! before under the same mix key.

#[cfg(feature = "std")]
mod saved;
#[cfg(feature = "std")]
mod shared;
#[cfg(feature = "std")]
mod table;

#[cfg(feature = "std")]
pub use saved::{LoadError, SaveKey};
#[cfg(feature = "std")]
pub use shared::SharedReplayFilter;

use crate::ids::ReplayTag;
use core::{fmt, hash::Hasher};
use rand_core::CryptoRng;
use siphasher::sip::SipHasher24;
use zeroize::{Zeroize, ZeroizeOnDrop, Zeroizing};

/// One slot in this many stays free: at a load of 7/8, a look-up touches only a few cache lines on
/// average.
const FREE_ONE_IN: usize = 8;

/// A set of replay tags in the caller's memory: an array, a slice, or a `Vec<u64>` on a server.
///
/// One filter belongs to one mix key and is dropped with it, which wipes it. It never forgets a
/// tag, and accepts none when it is full. A slot of 8 bytes holds a tag's keyed 64-bit hash
/// (SipHash-2-4, the key drawn at random and secret, so that nobody can choose slots or make tags
/// collide), and 7 of 8 slots may be used: **9.15 MB a million packets**.
///
/// A tag that was seen is always found. A new tag is mistaken for a seen one with probability at
/// most (n + 1) · 2⁻⁶⁴ when the filter holds n tags: less than once in 10¹³ with a million tags.
///
/// ```
/// use mixwell_sphinx::{ReplayFilter, ReplayTag};
///
/// // 9.15 MB, for a million packets
/// let mut filter = ReplayFilter::new(vec![0; 1_143_500], &mut rand::rng());
/// assert!(filter.capacity() >= 1_000_000);
///
/// let tag = ReplayTag([7; 32]); // of `Opened::replay_tag`
/// assert!(!filter.insert(&tag)?.is_seen());
/// assert!(filter.insert(&tag)?.is_seen()); // drop this packet
/// # Ok::<(), mixwell_sphinx::ReplayFilterFull>(())
/// ```
pub struct ReplayFilter<M: AsMut<[u64]>> {
    /// An open-addressing table of hashes; 0 is a free slot.
    slots: M,
    key: Zeroizing<[u8; 16]>,
    held: usize,
    most: usize,
}

/// Whether a tag was seen before.
///
/// ```
/// use mixwell_sphinx::{Insertion, ReplayFilter, ReplayTag};
///
/// let mut filter = ReplayFilter::new([0; 64], &mut rand::rng());
/// assert_eq!(filter.insert(&ReplayTag([7; 32]))?, Insertion::New);
/// assert_eq!(filter.insert(&ReplayTag([7; 32]))?, Insertion::Seen);
/// # Ok::<(), mixwell_sphinx::ReplayFilterFull>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[must_use = "a packet that was seen must be dropped"]
#[expect(clippy::exhaustive_enums, reason = "there is no third way")]
pub enum Insertion {
    /// The tag is new, and now in the filter.
    New,
    /// The tag was seen before: drop the packet.
    Seen,
}

/// The filter is full: it can't tell whether a packet is a replay, so the packet must be dropped.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ReplayFilterFull {
    /// Number of tags in the filter.
    pub held: usize,
}

impl Insertion {
    /// Whether the packet is a replay.
    #[must_use]
    pub const fn is_seen(self) -> bool {
        matches!(self, Self::Seen)
    }
}

impl ReplayFilter<[u64; 0]> {
    /// Number of slots that a filter for this many packets needs, whatever memory they are in.
    ///
    /// ```
    /// use mixwell_sphinx::ReplayFilter;
    /// # use rand_chacha::{ChaCha20Rng, rand_core::SeedableRng};
    /// # let mut rng = ChaCha20Rng::seed_from_u64(1);
    ///
    /// let on_a_server = ReplayFilter::new(vec![0; ReplayFilter::slots_for(100_000)], &mut rng);
    /// const SLOTS: usize = ReplayFilter::slots_for(50);
    /// let on_a_device = ReplayFilter::new([0; SLOTS], &mut rng);
    /// assert!(on_a_server.capacity() >= 100_000 && on_a_device.capacity() >= 50);
    /// ```
    #[must_use]
    pub const fn slots_for(packets: usize) -> usize {
        packets.saturating_add(packets.div_ceil(FREE_ONE_IN.saturating_sub(1))).saturating_add(1)
    }
}

impl<M: AsMut<[u64]>> ReplayFilter<M> {
    /// An empty filter in the memory `slots`, which is cleared; see [`ReplayFilter::slots_for`].
    pub fn new<R: CryptoRng + ?Sized>(mut slots: M, rng: &mut R) -> Self {
        let mut key = Zeroizing::new([0; 16]);
        rng.fill_bytes(&mut *key);
        let all = slots.as_mut();
        all.fill(0);
        let most = most(all.len());
        Self { slots, key, held: 0, most }
    }

    /// Adds a tag, and returns whether it was seen before.
    ///
    /// # Errors
    /// [`ReplayFilterFull`] if the tag was not seen before but can't be remembered.
    pub fn insert(&mut self, tag: &ReplayTag) -> Result<Insertion, ReplayFilterFull> {
        let hash = hash(&self.key, tag);
        match place(self.slots.as_mut(), hash) {
            Place::Seen => Ok(Insertion::Seen),
            Place::Free(slot) if self.held < self.most => {
                *slot = hash;
                self.held = self.held.saturating_add(1);
                Ok(Insertion::New)
            }
            _ => Err(ReplayFilterFull { held: self.held }),
        }
    }

    /// Number of tags in the filter.
    #[must_use]
    pub const fn len(&self) -> usize {
        self.held
    }

    /// Whether the filter is empty.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.held == 0
    }

    /// Maximum number of tags.
    #[must_use]
    pub const fn capacity(&self) -> usize {
        self.most
    }
}

/// A tag's hash under a filter's key. Never 0, which is a free slot.
fn hash(key: &[u8; 16], tag: &ReplayTag) -> u64 {
    let mut hasher = SipHasher24::new_with_key(key);
    hasher.write(tag.as_bytes());
    hasher.finish().max(1)
}

/// The place of a hash among slots.
enum Place<'s> {
    Seen,
    Free(&'s mut u64),
    /// Neither the hash nor a free slot.
    None,
}

/// Looks a hash up by open addressing: from its own place to the first free slot.
fn place(slots: &mut [u64], hash: u64) -> Place<'_> {
    // the hash's place among all hashes is its place among the slots
    let (before, after) = slots.split_at_mut(scale(hash, slots.len()));
    for slot in after.iter_mut().chain(before) {
        if *slot == hash {
            return Place::Seen;
        }
        if *slot == 0 {
            return Place::Free(slot);
        }
    }
    Place::None
}

/// Maximum number of hashes in a number of slots.
const fn most(slots: usize) -> usize {
    slots.saturating_sub(slots.div_ceil(FREE_ONE_IN))
}

/// `hash / 2⁶⁴ · slots`, rounded down: below `slots`.
#[expect(clippy::cast_possible_truncation, clippy::arithmetic_side_effects, reason = "the result is below `slots`")]
const fn scale(hash: u64, slots: usize) -> usize {
    ((hash as u128 * slots as u128) >> 64) as usize
}

impl<M: AsMut<[u64]>> Drop for ReplayFilter<M> {
    fn drop(&mut self) {
        self.slots.as_mut().zeroize();
    }
}

impl<M: AsMut<[u64]>> ZeroizeOnDrop for ReplayFilter<M> {}

impl<M: AsMut<[u64]>> fmt::Debug for ReplayFilter<M> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "ReplayFilter({} of {})", self.held, self.most)
    }
}

impl fmt::Display for ReplayFilterFull {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "replay filter is full with {} tags", self.held)
    }
}

impl core::error::Error for ReplayFilterFull {}
