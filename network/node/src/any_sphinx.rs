//! The part of a node that depends on the packets' scheme: generating mix keys, and opening packets
//! with them. The rest of a node is compiled only once for all schemes.

use crate::{
    counters::DropReason,
    unwrap::{BATCH, Unwrapped},
};
use core::{any::Any, fmt, ptr};
use mixwell_net::codec::{PacketCodec, packet_codec};
use mixwell_pq_kem::kem::KeyError;
use mixwell_sphinx::{
    Action, BatchSlot, FinishError, Geometry, OpenError, Opened, ReplayTag, Scheme, Sphinx, WithScheme, with_scheme,
};
use rand_core::CryptoRng;
use std::sync::Arc;
use zeroize::Zeroizing;

/// Sphinx packets of a geometry, whose scheme is chosen at run time.
#[derive(Clone)]
pub struct AnySphinx {
    wrapping: Arc<dyn PacketCodec>,
    opening: Arc<dyn Opening>,
}

impl AnySphinx {
    /// The packets of a geometry; `None` if its scheme is unknown.
    #[must_use]
    pub fn new(geometry: Geometry) -> Option<Self> {
        let opening = with_scheme(geometry.scheme(), OpeningOf(geometry)).flatten()?;
        Some(Self { wrapping: packet_codec(geometry)?.into(), opening })
    }

    /// The lengths of packets.
    #[must_use]
    pub fn geometry(&self) -> &Geometry {
        self.wrapping.geometry()
    }

    pub(crate) fn wrapping(&self) -> &dyn PacketCodec {
        &*self.wrapping
    }

    pub(crate) fn opening(&self) -> &dyn Opening {
        &*self.opening
    }
}

impl fmt::Debug for AnySphinx {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("AnySphinx").field(self.geometry()).finish()
    }
}

/// Number of mix keys that open packets: those of three neighbouring epochs.
pub(crate) const MAX_KEYS: usize = 3;

/// Operations on mix keys that depend on the scheme.
pub(crate) trait Opening: Send + Sync {
    /// Length in bytes of a stored private key.
    fn private_len(&self) -> usize;

    /// A fresh private key, in its stored form.
    fn generate(&self, rng: &mut dyn CryptoRng) -> Zeroizing<Vec<u8>>;

    /// A private key of [`private_len`](Self::private_len) bytes, ready for use.
    fn load(&self, bytes: &[u8]) -> Result<LoadedKey, KeyError>;

    /// Unwraps packets in place, each with the first of the keys that fits and each step for all
    /// packets at once. There are at most [`MAX_KEYS`] keys.
    fn unwrap_each(
        &self,
        packets: [Option<&mut [u8]>; BATCH],
        keys: &[&PrivateKey],
        seen: &mut dyn SeenPackets,
    ) -> [Option<Result<Unwrapped, DropReason>>; BATCH];
}

/// A private key of some scheme, ready for use. It wipes itself, as the scheme's own type does.
#[derive(Clone)]
pub(crate) struct PrivateKey(Arc<dyn Any + Send + Sync>);

impl PrivateKey {
    fn of_scheme<S: Scheme>(&self) -> Option<&S::PrivateKey> {
        self.0.downcast_ref()
    }

    /// Whether both are the same key in memory.
    pub(crate) fn is(&self, other: &Self) -> bool {
        ptr::addr_eq(Arc::as_ptr(&self.0), Arc::as_ptr(&other.0))
    }
}

/// A mix key loaded by [`Opening::load`].
pub(crate) struct LoadedKey {
    pub(crate) private: PrivateKey,
    pub(crate) public: Vec<u8>,
}

/// The replay filters of the keys that packets are tried with.
pub(crate) trait SeenPackets {
    /// Adds the tag of a packet opened with the key at index `place`, unless the tag was seen
    /// before or there is no room.
    fn insert(&mut self, place: usize, tag: &ReplayTag) -> Result<(), DropReason>;

    /// Writes the new tags to the disk, before any of the packets is processed. Returns which keys
    /// must not open packets any more.
    fn write(&mut self) -> [bool; MAX_KEYS];
}

impl<S: Scheme> Opening for Sphinx<S> {
    fn private_len(&self) -> usize {
        S::STORED_KEY_LEN
    }

    fn generate(&self, rng: &mut dyn CryptoRng) -> Zeroizing<Vec<u8>> {
        Zeroizing::new(S::generate(rng).as_ref().to_vec())
    }

    fn load(&self, bytes: &[u8]) -> Result<LoadedKey, KeyError> {
        let stored = bytes.try_into().map_err(|_| KeyError)?;
        let (private, public) = S::expand(&stored)?;
        Ok(LoadedKey { private: PrivateKey(Arc::new(private)), public: public.as_ref().to_vec() })
    }

    fn unwrap_each(
        &self,
        packets: [Option<&mut [u8]>; BATCH],
        keys: &[&PrivateKey],
        seen: &mut dyn SeenPackets,
    ) -> [Option<Result<Unwrapped, DropReason>>; BATCH] {
        // a key of another scheme opens nothing
        let Some(first) = keys.first().and_then(|key| key.of_scheme::<S>()) else {
            return packets.map(|packet| packet.map(|_| Err(DropReason::NoKeys)));
        };
        let privates: [_; MAX_KEYS] =
            core::array::from_fn(|place| keys.get(place).and_then(|key| key.of_scheme::<S>()).unwrap_or(first));
        let mut batch = packets.map(BatchSlot::from);
        self.open_slice(&mut batch, privates.get(..keys.len()).unwrap_or(&privates));

        let mut losses = [None; BATCH];
        for (slot, loss) in batch.iter_mut().zip(&mut losses) {
            if let BatchSlot::Opened { key, opened } = slot
                && let Err(reason) = seen.insert(*key, opened.replay_tag())
            {
                (*slot, *loss) = (BatchSlot::Empty, Some(reason));
            }
        }
        let is_closed = seen.write();
        for (slot, loss) in batch.iter_mut().zip(&mut losses) {
            if let BatchSlot::Opened { key, .. } = slot
                && is_closed.get(*key) == Some(&true)
            {
                (*slot, *loss) = (BatchSlot::Empty, Some(DropReason::ReplayList));
            }
        }
        Opened::finish_slice(&mut batch);
        let mut losses = losses.into_iter();
        batch.map(|slot| {
            let loss = losses.next().flatten();
            unwrapped(&slot).or(loss.map(Err))
        })
    }
}

/// The outcome of a packet; `None` where there is none.
fn unwrapped<S: Scheme>(slot: &BatchSlot<'_, S>) -> Option<Result<Unwrapped, DropReason>> {
    Some(match slot {
        BatchSlot::Finished(action) => match *action {
            Action::Forward { next_hop, delay_millis } => Ok(Unwrapped::Forward { next_hop, delay_millis }),
            Action::Deliver { recipient, delay_millis, .. } => Ok(Unwrapped::Request { recipient, delay_millis }),
            Action::Reply { recipient, surb_id, .. } => Ok(Unwrapped::Reply { recipient, surb_id }),
            _ => Err(DropReason::Commands),
        },
        BatchSlot::NotOpened(error) => Err(drop_reason(*error)),
        BatchSlot::NotFinished(FinishError::Command(_)) => Err(DropReason::Commands),
        BatchSlot::NotFinished(FinishError::PayloadTag) => Err(DropReason::Payload),
        BatchSlot::NotFinished(_) => Err(DropReason::GroupElement),
        _ => return None,
    })
}

const fn drop_reason(error: OpenError) -> DropReason {
    match error {
        OpenError::Length { .. } | OpenError::Version { .. } => DropReason::Malformed,
        OpenError::GroupElement => DropReason::GroupElement,
        _ => DropReason::Mac,
    }
}

struct OpeningOf(Geometry);

impl WithScheme for OpeningOf {
    type Output = Option<Arc<dyn Opening>>;

    fn with<S: Scheme>(self) -> Self::Output {
        Some(Arc::new(Sphinx::<S>::new(self.0).ok()?))
    }
}
