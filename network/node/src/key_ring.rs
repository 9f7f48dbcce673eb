//! The mix keys that open packets: those of the current, the previous and the next epoch, each with
//! its replay filter.

mod replays;

use crate::{
    any_sphinx::{AnySphinx, MAX_KEYS, PrivateKey, SeenPackets},
    counters::DropReason,
    mix_keys::{ListError, MixKeys, OpeningKey},
    unwrap::{BATCH, Unwrapped},
};
use core::{fmt, time::Duration};
use mixwell_net::clock::Clock;
use mixwell_pki_types::Epoch;
use mixwell_sphinx::ReplayTag;
use rand_core::CryptoRng;
use replays::{Closed, Replays};
use std::{
    io,
    sync::{Arc, Mutex, MutexGuard, PoisonError, RwLock},
};
use tokio::{task::spawn_blocking, time};

/// Flush interval of replay lists. A power failure loses at most the tags of this time.
const FLUSH_INTERVAL: Duration = Duration::from_secs(1);

/// The mix key of an epoch and the replay tags of the packets that it opened.
struct EpochKey {
    epoch: Epoch,
    private: PrivateKey,
    replays: Mutex<Replays>,
}

/// Opens packets with the mix keys of three epochs and rejects replays.
pub struct KeyRing {
    stored: Arc<MixKeys>,
    /// Maximum number of packets that one key opens.
    max_packets: usize,
    keys: RwLock<Keys>,
}

struct Keys {
    /// Keys that packets are tried with, in this order: current epoch, previous, next.
    active: Vec<Arc<EpochKey>>,
    /// Keys of other epochs that are still stored. Kept with their filters, because the system's
    /// clock may be set back.
    parked: Vec<Arc<EpochKey>>,
}

impl KeyRing {
    /// A ring without keys: call [`set_epoch`](Self::set_epoch) or it opens nothing.
    pub const fn new(stored: Arc<MixKeys>, max_packets: usize) -> Self {
        Self { stored, max_packets, keys: RwLock::new(Keys { active: Vec::new(), parked: Vec::new() }) }
    }

    /// The scheme and geometry of packets.
    pub fn sphinx(&self) -> &AnySphinx {
        self.stored.sphinx()
    }

    /// Sets the epoch when one begins and when keys are generated or erased, and flushes the replay
    /// lists. Never returns.
    pub(crate) async fn follow(self: Arc<Self>, clock: Clock, mut rng: impl CryptoRng) {
        let following = async {
            let mut changes = self.stored.changes();
            loop {
                let epoch = clock.epoch();
                changes.mark_unchanged();
                self.set_epoch(epoch, &mut rng);
                tokio::select! {
                    () = clock.sleep_until(clock.eighths_into(epoch.plus(1), 0)) => {}
                    // the sender is in `stored`
                    _ = changes.changed() => {}
                }
            }
        };
        let flushing = async {
            while self.stored.has_folder() {
                time::sleep(FLUSH_INTERVAL).await;
                let flushed = Arc::clone(&self);
                // a flush may take long
                let _ = spawn_blocking(move || flushed.flush_lists()).await;
            }
        };
        tokio::join!(following, flushing);
    }

    /// Loads the keys of an epoch, of the previous and of the next one. Keys that are already
    /// loaded keep their replay filters; keys that are no longer stored are dropped.
    pub fn set_epoch(&self, epoch: Epoch, rng: &mut impl CryptoRng) {
        let mut known = {
            let keys = self.keys.read().unwrap_or_else(PoisonError::into_inner);
            keys.active.iter().chain(&keys.parked).map(Arc::clone).collect::<Vec<_>>()
        };
        known.retain(|key| self.stored.is_current(key.epoch, &key.private));
        tracing::debug!(%epoch, "set the epoch of mix keys");
        let mut active = Vec::with_capacity(MAX_KEYS);
        for epoch in [Some(epoch), epoch.0.checked_sub(1).map(Epoch), Some(epoch.plus(1))].into_iter().flatten() {
            match known.iter().position(|key| key.epoch == epoch) {
                Some(place) => active.push(known.swap_remove(place)),
                None => active.extend(self.load(epoch, rng).map(Arc::new)),
            }
        }
        *self.keys.write().unwrap_or_else(PoisonError::into_inner) = Keys { active, parked: known };
    }

    /// Loads the key of an epoch with its replay list. A key whose list can't be read is not used:
    /// losing packets is better than accepting replays.
    fn load(&self, epoch: Epoch, rng: &mut impl CryptoRng) -> Option<EpochKey> {
        let OpeningKey { private, id, list } = self.stored.opening(epoch)?;
        let replays = match list {
            None => Replays::in_memory(self.max_packets, rng),
            Some(list) => match Replays::in_list(&list, id, self.max_packets, rng) {
                Ok(replays) => replays,
                Err(error @ ListError::Io(_)) => {
                    tracing::error!(%epoch, "mix key is unusable: {error}");
                    return None;
                }
                Err(error) => {
                    self.stored.set_aside(epoch, &error);
                    return None;
                }
            },
        };
        Some(EpochKey { epoch, private, replays: Mutex::new(replays) })
    }

    /// Unwraps each packet with the first key that fits, and rejects replays.
    pub(super) fn open_each(
        &self,
        packets: [Option<&mut [u8]>; BATCH],
    ) -> [Option<Result<Unwrapped, DropReason>>; BATCH] {
        // contended only when keys change, a few times in an epoch
        let keys = self.keys.read().unwrap_or_else(PoisonError::into_inner);
        let Some(last) = keys.active.last() else {
            return packets.map(|packet| packet.map(|_| Err(DropReason::NoKeys)));
        };
        let privates: [_; MAX_KEYS] = core::array::from_fn(|place| &keys.active.get(place).unwrap_or(last).private);
        let privates = privates.get(..keys.active.len()).unwrap_or(&privates);
        let mut seen = Seen { keys: &keys.active, stored: &self.stored };
        self.sphinx().opening().unwrap_each(packets, privates, &mut seen)
    }

    /// Flushes the replay lists to the disk.
    pub(super) fn flush_lists(&self) {
        let keys: Vec<_> = {
            let keys = self.keys.read().unwrap_or_else(PoisonError::into_inner);
            keys.active.iter().chain(&keys.parked).map(Arc::clone).collect()
        };
        for key in keys {
            // without the lock, which incoming packets need
            let Some(flush) = key.replays().unflushed() else { continue };
            let outcome: io::Result<()> = flush.wait();
            key.replays().flushed(&flush, outcome, || self.stored.forget_on_disk(key.epoch));
        }
    }
}

/// The replay filters of the active keys.
struct Seen<'a> {
    keys: &'a [Arc<EpochKey>],
    stored: &'a MixKeys,
}

impl SeenPackets for Seen<'_> {
    fn insert(&mut self, place: usize, tag: &ReplayTag) -> Result<(), DropReason> {
        self.keys.get(place).ok_or(DropReason::NoKeys)?.replays().insert(tag)
    }

    fn write(&mut self) -> [bool; MAX_KEYS] {
        let mut is_closed = [false; MAX_KEYS];
        for (key, is_closed) in self.keys.iter().zip(&mut is_closed) {
            *is_closed = key.replays().write(|| self.stored.forget_on_disk(key.epoch)) == Err(Closed);
        }
        is_closed
    }
}

impl EpochKey {
    fn replays(&self) -> MutexGuard<'_, Replays> {
        self.replays.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl fmt::Debug for KeyRing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("KeyRing(..)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use mixwell_net::randomness::Randomness;
    use mixwell_pki_types::Period;
    use mixwell_pq_kem::X25519;
    use mixwell_sphinx::Geometry;
    use std::fs;

    fn sphinx() -> AnySphinx {
        AnySphinx::new(Geometry::of::<X25519>(5, 500, true).unwrap()).unwrap()
    }

    fn ring_of(stored: MixKeys) -> Arc<KeyRing> {
        Arc::new(KeyRing::new(Arc::new(stored), 100))
    }

    fn active(ring: &KeyRing) -> Vec<Epoch> {
        ring.keys.read().unwrap().active.iter().map(|key| key.epoch).collect()
    }

    /// The clock jumps beyond all keys: the epoch is set before its keys are generated.
    #[tokio::test]
    async fn keys_made_late_are_loaded() {
        let (ring, randomness) = (ring_of(MixKeys::in_memory(sphinx())), Randomness::from_seed(1));
        // an epoch of centuries does not end meanwhile
        let clock = Clock::new(Period::new(Duration::from_hours(24 * 365 * 500)).unwrap());
        let making = async {
            assert_eq!(active(&ring), []);
            ring.stored.advance(clock.epoch(), time::Instant::now(), &mut randomness.rng()).unwrap();
            while active(&ring).is_empty() {
                tokio::task::yield_now().await;
            }
        };
        tokio::select! {
            biased;
            () = Arc::clone(&ring).follow(clock, randomness.rng()) => {}
            done = time::timeout(Duration::from_secs(20), making) => assert!(done.is_ok(), "no keys"),
        }
        assert_eq!(active(&ring), [clock.epoch(), clock.epoch().plus(1)]);
    }

    /// A truncated or missing list never counts as empty: its key opens nothing, and a new one
    /// replaces it.
    #[test]
    fn a_bad_replay_list_replaces_the_key() {
        type Damage = fn(&std::path::Path);
        let damages: [Damage; 3] = [
            |list| fs::remove_file(list).unwrap(),
            |list| fs::write(list, fs::read(list).unwrap().split_at(20).0).unwrap(),
            |list| fs::write(list, b"noise").unwrap(),
        ];
        for damage in damages {
            let folder = tempfile::tempdir().unwrap();
            let mut seeded = Randomness::from_seed(1).rng();
            let load = || MixKeys::in_folder(sphinx(), folder.path().to_path_buf(), time::Instant::now()).unwrap();
            let before = load();
            before.advance(Epoch(5), time::Instant::now(), &mut seeded).unwrap();
            damage(&before.opening(Epoch(5)).unwrap().list.unwrap());
            let keys = ring_of(load());
            keys.set_epoch(Epoch(5), &mut seeded);
            assert_eq!(active(&keys), [Epoch(6)]);
            keys.stored.advance(Epoch(5), time::Instant::now(), &mut seeded).unwrap();
            keys.set_epoch(Epoch(5), &mut seeded);
            assert_eq!(active(&keys), [Epoch(5), Epoch(6)]);
            assert_ne!(keys.stored.public(Epoch(5))[&Epoch(5)], before.public(Epoch(5))[&Epoch(5)]);
        }
    }
}
