//! A node's mix keys as they open packets: the current epoch's, the previous and the next one's, each with its replay
//! filter.

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

/// How often replay lists are flushed: what a machine that loses power may forget.
const FLUSH_INTERVAL: Duration = Duration::from_secs(1);

/// The mix key of an epoch and what was seen under it.
struct EpochKey {
    epoch: Epoch,
    private: PrivateKey,
    replays: Mutex<Replays>,
}

/// The keys that packets are tried with.
pub struct KeyRing {
    stored: Arc<MixKeys>,
    /// The most packets under one key.
    max_packets: usize,
    keys: RwLock<Keys>,
}

struct Keys {
    /// Those that packets are tried with, in this order.
    active: Vec<Arc<EpochKey>>,
    /// Those that are near no more by the system's clock, but still stored: the clock may come back.
    parked: Vec<Arc<EpochKey>>,
}

impl KeyRing {
    /// Without keys, which opens nothing.
    pub const fn new(stored: Arc<MixKeys>, max_packets: usize) -> Self {
        Self { stored, max_packets, keys: RwLock::new(Keys { active: Vec::new(), parked: Vec::new() }) }
    }

    /// The scheme and geometry of packets.
    pub fn sphinx(&self) -> &AnySphinx {
        self.stored.sphinx()
    }

    /// Sets each epoch as it begins, and again when keys are made or erased, and flushes the replay lists. Does not end.
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
            loop {
                time::sleep(FLUSH_INTERVAL).await;
                let flushed = Arc::clone(&self);
                // it may take long
                let _ = spawn_blocking(move || flushed.flush_lists()).await;
            }
        };
        tokio::join!(following, flushing);
    }

    /// Takes the keys of an epoch, of the one before and the one after it. Keys that are already here keep their replay
    /// filters, and those that are stored no more are dropped.
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
                None => active.extend(self.take(epoch, rng).map(Arc::new)),
            }
        }
        *self.keys.write().unwrap_or_else(PoisonError::into_inner) = Keys { active, parked: known };
    }

    /// Takes the key of an epoch, with what was seen under it. Without that it opens nothing: packets are lost rather than
    /// played again.
    fn take(&self, epoch: Epoch, rng: &mut impl CryptoRng) -> Option<EpochKey> {
        let OpeningKey { private, id, list } = self.stored.opening(epoch)?;
        let replays = match list {
            None => Replays::in_memory(self.max_packets, rng),
            Some(list) => match Replays::in_list(&list, id, self.max_packets, rng) {
                Ok(replays) => replays,
                Err(error @ ListError::Io(_)) => {
                    tracing::error!(%epoch, "the mix key opens nothing: {error}");
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
        // a reader never waits for long: keys change once an epoch
        let keys = self.keys.read().unwrap_or_else(PoisonError::into_inner);
        let Some(last) = keys.active.last() else {
            return packets.map(|packet| packet.map(|_| Err(DropReason::NoKeys)));
        };
        let privates: [_; MAX_KEYS] = core::array::from_fn(|place| &keys.active.get(place).unwrap_or(last).private);
        let privates = privates.get(..keys.active.len()).unwrap_or(&privates);
        let mut seen = Seen { keys: &keys.active, stored: &self.stored };
        self.sphinx().opening().unwrap_each(packets, privates, &mut seen)
    }

    /// Writes what was seen to the disk, and waits until it is there.
    pub(super) fn flush_lists(&self) {
        let keys: Vec<_> = {
            let keys = self.keys.read().unwrap_or_else(PoisonError::into_inner);
            keys.active.iter().chain(&keys.parked).map(Arc::clone).collect()
        };
        for key in keys {
            // not under the lock, which packets need
            let Some(flush) = key.replays().unflushed() else { continue };
            let outcome: io::Result<()> = flush.wait();
            key.replays().flushed(&flush, outcome, || self.stored.forget_on_disk(key.epoch));
        }
    }
}

/// What was seen under the active keys.
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

    /// As after a step of the clock beyond all keys: the ring has turned before the keys are made.
    #[tokio::test]
    async fn keys_that_are_made_late_are_taken() {
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

    /// A list that is cut or missing is never taken as an empty one: its key opens nothing, and another one is made.
    #[test]
    fn a_key_whose_replay_list_is_no_good_is_replaced() {
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
