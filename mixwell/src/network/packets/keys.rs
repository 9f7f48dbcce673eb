//! A node's mix keys: the current epoch's, the previous and the next one's, each with its replay filter.

use super::PacketScheme;
use crate::network::counters::Loss;
use core::fmt;
use mixwell_pki_types::Epoch;
use mixwell_sphinx::{Opened, ReplayFilter, Sphinx};
use rand_core::CryptoRng;
use std::sync::{Arc, Mutex, PoisonError, RwLock};

/// How many mix keys open packets: three, of neighbouring epochs.
const MOST_KEYS: usize = 3;

/// The mix key of an epoch and what was seen under it.
struct EpochKey<S: PacketScheme> {
    epoch: Epoch,
    private: S::PrivateKey,
    replays: Mutex<ReplayFilter<Vec<u64>>>,
}

/// The keys that packets are tried with, in this order.
pub(crate) struct KeyRing<S: PacketScheme> {
    sphinx: Sphinx<S>,
    keys: RwLock<Vec<Arc<EpochKey<S>>>>,
}

/// A mix key as it is stored.
pub(crate) struct StoredKey<'a> {
    /// When packets are made for it.
    pub(crate) epoch: Epoch,
    /// The private key in its stored form.
    pub(crate) private: &'a [u8],
}

impl<S: PacketScheme> KeyRing<S> {
    pub(crate) const fn new(sphinx: Sphinx<S>) -> Self {
        Self { sphinx, keys: RwLock::new(Vec::new()) }
    }

    pub(crate) const fn sphinx(&self) -> &Sphinx<S> {
        &self.sphinx
    }

    /// Makes these the keys, in the order in which they are tried. A key that was there keeps its replay filter; what is
    /// not named is dropped, and wiped. A new filter has room for `packets`.
    pub(super) fn set(&self, stored: &[StoredKey<'_>], packets: usize, rng: &mut impl CryptoRng) -> Option<()> {
        let before = self.keys.read().unwrap_or_else(PoisonError::into_inner).clone();
        let mut keys = Vec::with_capacity(MOST_KEYS);
        for key in stored.iter().take(MOST_KEYS) {
            let kept = before.iter().find(|had| had.epoch == key.epoch);
            keys.push(match kept {
                Some(kept) => Arc::clone(kept),
                None => Arc::new(EpochKey::new(key, packets, rng)?),
            });
        }
        *self.keys.write().unwrap_or_else(PoisonError::into_inner) = keys;
        Some(())
    }

    /// Opens a packet with the key that fits and does something with it, unless it is a replay.
    pub(super) fn open<T>(
        &self,
        packet: &mut [u8],
        then: impl FnOnce(Opened<'_, S>) -> Result<T, Loss>,
    ) -> Result<T, Loss> {
        // a reader never waits for long: keys change once an epoch
        let keys = self.keys.read().unwrap_or_else(PoisonError::into_inner);
        let last = keys.last().ok_or(Loss::Mac)?;
        let privates: [_; MOST_KEYS] = core::array::from_fn(|place| &keys.get(place).unwrap_or(last).private);
        let (place, opened) =
            self.sphinx.open_any(packet, privates.get(..keys.len()).unwrap_or(&privates)).map_err(|_| Loss::Mac)?;
        let key = keys.get(place).unwrap_or(last);
        let seen = key.replays.lock().unwrap_or_else(PoisonError::into_inner).insert(opened.replay_tag());
        match seen {
            Ok(insertion) if !insertion.is_seen() => then(opened),
            Ok(_) => Err(Loss::Replay),
            Err(_) => Err(Loss::ReplayFilterFull),
        }
    }
}

impl<S: PacketScheme> EpochKey<S> {
    fn new(stored: &StoredKey<'_>, packets: usize, rng: &mut impl CryptoRng) -> Option<Self> {
        let (private, _) = S::private_key(stored.private)?;
        let slots = vec![0; ReplayFilter::<Vec<u64>>::slots_for(packets)];
        Some(Self { epoch: stored.epoch, private, replays: Mutex::new(ReplayFilter::new(slots, rng)) })
    }
}

impl<S: PacketScheme> fmt::Debug for KeyRing<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("KeyRing(..)")
    }
}
