//! A replay filter that grows and that threads share.

use super::{Insertion, ReplayFilterFull, hash, table::Table};
use crate::ids::ReplayTag;
use core::{
    fmt,
    sync::atomic::{AtomicUsize, Ordering::Relaxed},
};
use rand_core::CryptoRng;
use std::sync::{Mutex, MutexGuard, PoisonError};
use zeroize::{ZeroizeOnDrop, Zeroizing};

/// A set of replay tags that grows with its packets, up to a maximum, and is shared by threads. A
/// mix on a server has one for each mix key.
///
/// ```
/// use mixwell_sphinx::{Insertion, ReplayTag, SharedReplayFilter};
/// # use rand_chacha::{ChaCha20Rng, rand_core::SeedableRng};
/// # let mut rng = ChaCha20Rng::seed_from_u64(1);
///
/// // as many packets as an epoch can bring
/// let replays = SharedReplayFilter::new(50_000_000, &mut rng);
/// let insert = || replays.insert(&ReplayTag([1; 32]));
/// std::thread::scope(|scope| {
///     let both = [scope.spawn(insert), scope.spawn(insert)].map(|thread| thread.join().unwrap());
///     // whichever thread comes first is told that the packet is new, and only that one
///     assert!(both.contains(&Ok(Insertion::New)) && both.contains(&Ok(Insertion::Seen)));
/// });
/// ```
///
/// The filter never forgets a tag, and accepts none when it is full. A tag takes 9 to 19 bytes, in
/// slots that double; an empty filter takes 8 KiB. The hashes and the odds are those of
/// [`ReplayFilter`](crate::ReplayFilter). Wiped on drop.
///
/// There are 64 shards, each with a lock of its own, so that threads seldom wait for each other.
/// `benches/benches/replay.rs` in the repository compares it with one lock and with none.
pub struct SharedReplayFilter {
    pub(super) key: Zeroizing<[u8; 16]>,
    shards: [Line<Mutex<Table>>; SHARDS],
    held: Line<AtomicUsize>,
    max: usize,
}

/// Number of shards.
const SHARDS: usize = 64;

/// A value with cache lines of its own, so that threads do not take each other's away.
#[derive(Default)]
#[repr(align(128))]
struct Line<T>(T);

impl SharedReplayFilter {
    /// An empty filter for at most `max_packets`.
    #[must_use]
    pub fn new<R: CryptoRng + ?Sized>(max_packets: usize, rng: &mut R) -> Self {
        let mut key = Zeroizing::new([0; 16]);
        rng.fill_bytes(&mut *key);
        Self::with_key(key, max_packets)
    }

    /// As [`new`](Self::new), with memory for `room` packets from the start: it does not grow
    /// before there are about as many.
    #[must_use]
    pub fn with_room<R: CryptoRng + ?Sized>(room: usize, max_packets: usize, rng: &mut R) -> Self {
        let mut filter = Self::new(max_packets, rng);
        // hashes do not spread evenly: the fullest of 64 shards of 1,000 has some 10 % more
        let share = room.min(max_packets).div_ceil(SHARDS);
        let share = share.saturating_add(share >> 2);
        filter.shards = core::array::from_fn(|_| Line(Mutex::new(Table::with_room(share))));
        filter
    }

    pub(super) fn with_key(key: Zeroizing<[u8; 16]>, max: usize) -> Self {
        Self { key, shards: core::array::from_fn(|_| Line::default()), held: Line::default(), max }
    }

    /// Adds a tag, and returns whether it was seen before. Of several threads that add the same tag
    /// at once, one is told that it is new.
    ///
    /// # Errors
    /// [`ReplayFilterFull`] if the tag was not seen before but can't be remembered.
    pub fn insert(&self, tag: &ReplayTag) -> Result<Insertion, ReplayFilterFull> {
        self.insert_hash(hash(&self.key, tag))
    }

    /// Adds a hash, which is not 0.
    pub(super) fn insert_hash(&self, hash: u64) -> Result<Insertion, ReplayFilterFull> {
        let reserve = || {
            let more = |held: usize| (held < self.max).then_some(held.saturating_add(1));
            self.held.0.fetch_update(Relaxed, Relaxed, more).map_err(|held| ReplayFilterFull { held })
        };
        let is_seen = self.shard(hash).insert(hash, || reserve().map(|_| ()))?;
        Ok(if is_seen { Insertion::Seen } else { Insertion::New })
    }

    /// Number of tags in the filter.
    #[must_use]
    pub fn len(&self) -> usize {
        self.held.0.load(Relaxed)
    }

    /// Whether the filter is empty.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Maximum number of tags.
    #[must_use]
    pub const fn capacity(&self) -> usize {
        self.max
    }

    /// The shard of a hash, by its low bits; the high ones choose the slot.
    #[expect(clippy::indexing_slicing, clippy::cast_possible_truncation, reason = "below the number of shards")]
    fn shard(&self, hash: u64) -> MutexGuard<'_, Table> {
        lock(&self.shards[hash as usize & (SHARDS - 1)].0)
    }

    /// Runs `each` with every shard in turn, which no thread changes meanwhile.
    pub(super) fn try_for_each<E>(&self, mut each: impl FnMut(&Table) -> Result<(), E>) -> Result<(), E> {
        self.shards.iter().try_for_each(|shard| each(&lock(&shard.0)))
    }
}

/// A table is whole even if a thread has panicked: it allocates before it changes anything.
fn lock(shard: &Mutex<Table>) -> MutexGuard<'_, Table> {
    shard.lock().unwrap_or_else(PoisonError::into_inner)
}

// the key and the tables wipe themselves
impl ZeroizeOnDrop for SharedReplayFilter {}

impl fmt::Debug for SharedReplayFilter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SharedReplayFilter({} of {})", self.len(), self.max)
    }
}
