//! A node's mix keys: the current epoch's, the previous and the next one's, each with its replay filter.

use super::{BATCH, replays::Replays};
use crate::network::{
    clock::Clock,
    counters::Loss,
    mix_keys::{MixKeys, MixScheme},
};
use core::fmt;
use mixwell_pki_types::Epoch;
use mixwell_sphinx::{Opened, Sphinx};
use rand_core::CryptoRng;
use std::{
    collections::BTreeSet,
    sync::{Arc, Mutex, MutexGuard, PoisonError, RwLock},
};

/// How many mix keys open packets: three, of neighbouring epochs.
const MOST_KEYS: usize = 3;

/// As many epochs are remembered: no clock that steps back by more finds keys for what it comes to.
const MOST_HAD: usize = 64;

/// The mix key of an epoch and what was seen under it.
struct EpochKey<S: MixScheme> {
    epoch: Epoch,
    private: Arc<S::PrivateKey>,
    replays: Mutex<Replays>,
}

/// The keys that packets are tried with, in this order.
pub(crate) struct KeyRing<S: MixScheme> {
    sphinx: Sphinx<S>,
    keys: RwLock<Vec<Arc<EpochKey<S>>>>,
    /// Epochs whose keys were here. What was seen under one that is gone is known from its file alone.
    had: Mutex<BTreeSet<Epoch>>,
}

impl<S: MixScheme> KeyRing<S> {
    /// Without keys, which opens nothing.
    pub(crate) const fn new(sphinx: Sphinx<S>) -> Self {
        Self { sphinx, keys: RwLock::new(Vec::new()), had: Mutex::new(BTreeSet::new()) }
    }

    pub(crate) const fn sphinx(&self) -> &Sphinx<S> {
        &self.sphinx
    }

    /// Turns to each epoch as it begins, and once more when keys are made: after a far step of the clock they come later. Does not end.
    pub(crate) async fn follow(&self, clock: Clock, stored: &MixKeys<S>, packets: usize, rng: &mut impl CryptoRng) {
        loop {
            let epoch = clock.epoch();
            self.turn_to(epoch, stored, packets, rng);
            tokio::select! {
                () = clock.sleep_until(clock.eighths_into(epoch.plus(1), 0)) => {}
                () = stored.made() => {}
            }
        }
    }

    /// Takes the keys of an epoch, of the one before and the one after it. One that it has keeps its replay filter, and what is
    /// older is dropped. A new filter grows up to `packets`.
    pub(crate) fn turn_to(&self, epoch: Epoch, stored: &MixKeys<S>, packets: usize, rng: &mut impl CryptoRng) {
        let mut had = self.had.lock().unwrap_or_else(PoisonError::into_inner);
        let before = self.keys.read().unwrap_or_else(PoisonError::into_inner).clone();
        let mut keys = Vec::with_capacity(MOST_KEYS);
        for epoch in [Some(epoch), epoch.0.checked_sub(1).map(Epoch), Some(epoch.plus(1))].into_iter().flatten() {
            let kept = before.iter().find(|had| had.epoch == epoch).map(Arc::clone);
            let new = || {
                let private = stored.private(epoch)?;
                let file = stored.seen_file(epoch);
                // the clock has stepped back
                if file.is_none() && had.contains(&epoch) {
                    return None;
                }
                // without what was seen under it, a key opens nothing: packets are lost rather than played again
                let replays = Replays::new(file.as_deref(), packets, rng)
                    .inspect_err(|error| tracing::error!(%epoch, %error, "can't read what was seen under a mix key"))
                    .ok()?;
                Some(Arc::new(EpochKey { epoch, private, replays: Mutex::new(replays) }))
            };
            keys.extend(kept.or_else(new));
        }
        had.extend(keys.iter().map(|key| key.epoch));
        while had.len() > MOST_HAD {
            had.pop_first();
        }
        *self.keys.write().unwrap_or_else(PoisonError::into_inner) = keys;
    }

    /// Opens packets with the keys that fit, but for replays.
    pub(super) fn open_each<'p>(
        &self,
        packets: [Option<&'p mut [u8]>; BATCH],
    ) -> [Option<Result<Opened<'p, S>, Loss>>; BATCH] {
        // a reader never waits for long: keys change once an epoch
        let keys = self.keys.read().unwrap_or_else(PoisonError::into_inner);
        let Some(last) = keys.last() else { return packets.map(|packet| packet.map(|_| Err(Loss::Mac))) };
        let privates: [_; MOST_KEYS] = core::array::from_fn(|place| &*keys.get(place).unwrap_or(last).private);
        let opened = self.sphinx.open_any_each(packets, privates.get(..keys.len()).unwrap_or(&privates));
        let opened = opened.map(|opened| {
            let Ok((place, opened)) = opened? else { return Some(Err(Loss::Mac)) };
            Some(match keys.get(place).unwrap_or(last).replays().insert(opened.replay_tag()) {
                Ok(insertion) if !insertion.is_seen() => Ok(opened),
                Ok(_) => Err(Loss::Replay),
                Err(_) => Err(Loss::ReplayFilterFull),
            })
        });
        // before anything goes on
        keys.iter().for_each(|key| key.replays().keep());
        opened
    }
}

impl<S: MixScheme> EpochKey<S> {
    fn replays(&self) -> MutexGuard<'_, Replays> {
        self.replays.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<S: MixScheme> fmt::Debug for KeyRing<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("KeyRing(..)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::network::randomness::Randomness;
    use core::time::Duration;
    use mixwell_pki_types::Period;
    use mixwell_pq_kem::X25519;
    use mixwell_sphinx::Geometry;

    /// As after a step of the clock beyond all keys that there are: who opens packets has turned before who makes the keys.
    #[tokio::test]
    async fn keys_that_are_made_late_are_taken() {
        let geometry = Geometry::of::<X25519>(5, 500, true).unwrap();
        let opening = KeyRing::new(Sphinx::<X25519>::new(geometry).unwrap());
        let (stored, randomness) = (MixKeys::in_memory(), Randomness::from_seed(1));
        // an epoch of centuries does not end meanwhile
        let clock = Clock::new(Period::new(Duration::from_hours(24 * 365 * 500)).unwrap());
        let held = || opening.keys.read().unwrap().iter().map(|key| key.epoch).collect::<Vec<_>>();
        let mut rng = randomness.rng();
        let making = async {
            assert_eq!(held(), []);
            stored.advance(clock.epoch(), &mut randomness.rng()).unwrap();
            while held().is_empty() {
                tokio::task::yield_now().await;
            }
        };
        tokio::select! {
            biased;
            () = opening.follow(clock, &stored, 100, &mut rng) => {}
            done = tokio::time::timeout(Duration::from_secs(20), making) => assert!(done.is_ok(), "no keys"),
        }
        assert_eq!(held(), [clock.epoch(), clock.epoch().plus(1)]);
    }
}
