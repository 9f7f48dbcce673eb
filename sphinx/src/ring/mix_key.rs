//! A mix key with its replay filter, and the packets that a ring of them opens.

use super::{EpochRing, RingTime};
use crate::{
    open::{OpenError, Opened},
    replay::{ReplayFilterFull, SharedReplayFilter},
    scheme::Scheme,
    sphinx::Sphinx,
};
use core::fmt;
use mixwell_pq_kem::kem::KeyError;
use rand_core::CryptoRng;
use std::vec::Vec;

/// The mix key of an epoch, ready for use, and the replay tags of the packets that it opened.
///
/// ```
/// use mixwell_sphinx::{MixKey, SchemeKeys, SharedReplayFilter, X25519};
/// # use rand_chacha::{ChaCha20Rng, rand_core::SeedableRng};
/// # let mut rng = ChaCha20Rng::seed_from_u64(1);
///
/// // a key that has never opened a packet may begin with an empty filter
/// let stored = X25519::generate(&mut rng);
/// let key = MixKey::<X25519>::new(&stored, SharedReplayFilter::new(2_000_000, &mut rng))?;
/// assert_eq!(key.public.as_ref().len(), 32);
/// # Ok::<(), mixwell_sphinx::pq_kem::kem::KeyError>(())
/// ```
#[expect(clippy::exhaustive_structs, reason = "a key pair and its filter")]
pub struct MixKey<S: Scheme> {
    /// The private key.
    pub private: S::PrivateKey,
    /// The public key, to be published.
    pub public: S::PublicKey,
    /// The tags of the packets that the key has opened.
    pub replays: SharedReplayFilter,
}

/// Why a packet is dropped.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum RingError {
    /// There is no key for the epoch and its neighbours.
    NoKeys,
    /// No key opens it.
    Open(OpenError),
    /// The packet was seen before.
    Replay,
    /// The replay filter is full, so the packet can't be told from a replay.
    Full(ReplayFilterFull),
}

impl<S: Scheme> MixKey<S> {
    /// A key that was stored, with the filter that was saved for it: no other filter will do, and
    /// an empty one only for a key that has never opened a packet.
    ///
    /// # Errors
    /// [`KeyError`].
    pub fn new(stored: &S::StoredKey, replays: SharedReplayFilter) -> Result<Self, KeyError> {
        let (private, public) = S::expand(stored)?;
        Ok(Self { private, public, replays })
    }
}

impl<S: Scheme> EpochRing<MixKey<S>> {
    /// Makes the keys that are missing, each with an empty filter for at most `max_packets`.
    /// Returns them by epoch as they are to be stored, if they are to outlive the program.
    ///
    /// # Errors
    /// [`KeyError`] if a scheme can't expand its own key.
    pub fn advance<R: CryptoRng + ?Sized>(
        &mut self,
        time: &RingTime,
        max_packets: usize,
        rng: &mut R,
    ) -> Result<Vec<(u64, S::StoredKey)>, KeyError> {
        let missing: Vec<u64> = self.missing(time.epoch).collect();
        let mut made = Vec::with_capacity(missing.len());
        for epoch in missing {
            let stored = S::generate(rng);
            let key = MixKey::new(&stored, SharedReplayFilter::new(max_packets, rng))?;
            self.insert(epoch, key, time.monotonic);
            made.push((epoch, stored));
        }
        Ok(made)
    }

    /// Opens a packet in an epoch with the first key that fits, and adds its tag to the key's
    /// filter: what is opened is not a replay, and has to be [finished](Opened::finish).
    ///
    /// # Errors
    /// [`RingError`]; the packet is untouched.
    pub fn open<'p>(&self, sphinx: &Sphinx<S>, epoch: u64, packet: &'p mut [u8]) -> Result<Opened<'p, S>, RingError> {
        let [opened] = self.open_each(sphinx, epoch, [Some(packet)]);
        opened.unwrap_or(Err(RingError::NoKeys))
    }

    /// [`open`](Self::open) for each packet; a replay within the batch is found too.
    ///
    /// # Errors
    /// [`RingError`] in the packet's place; that packet is untouched.
    #[must_use = "it says what to do with the packets"]
    pub fn open_each<'p, const N: usize>(
        &self,
        sphinx: &Sphinx<S>,
        epoch: u64,
        packets: [Option<&'p mut [u8]>; N],
    ) -> [Option<Result<Opened<'p, S>, RingError>>; N] {
        let mut active = self.active(epoch).map(|(_, key)| key);
        let Some(first) = active.next() else {
            return packets.map(|packet| packet.map(|_| Err(RingError::NoKeys)));
        };
        let (mut keys, mut count) = ([first; 3], 1_usize);
        for (place, key) in keys.iter_mut().skip(1).zip(active) {
            *place = key;
            count = count.saturating_add(1);
        }
        let privates = keys.map(|key| &key.private);
        let opened = sphinx.open_any_each(packets, privates.get(..count).unwrap_or(&privates));
        opened.map(|opened| {
            Some(opened?.map_err(RingError::Open).and_then(|(index, opened)| {
                let key = keys.get(index).ok_or(RingError::NoKeys)?;
                let insertion = key.replays.insert(opened.replay_tag()).map_err(RingError::Full)?;
                if insertion.is_seen() { Err(RingError::Replay) } else { Ok(opened) }
            }))
        })
    }
}

impl<S: Scheme> fmt::Debug for MixKey<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("MixKey").field("public", &self.public).field("replays", &self.replays).finish_non_exhaustive()
    }
}

impl fmt::Display for RingError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoKeys => f.write_str("no mix key for this epoch"),
            Self::Open(error) => error.fmt(f),
            Self::Replay => f.write_str("packet was seen before"),
            Self::Full(error) => error.fmt(f),
        }
    }
}

impl core::error::Error for RingError {}
