//! An initiator's static key, stored as its seed.

use super::kem;
use core::fmt;
use mixwell_pq_kem::{
    Kem,
    kem::{KeyError, PublicKey, Seed},
};

/// A link key that is stored as its seed, for initiators on devices with little memory. It is
/// expanded for the one message that needs it, which takes longer than with a
/// [`LinkKey`](super::LinkKey). Wiped on drop, except for the public key.
///
/// ```
/// use mixwell_pq_kem::{XWing, kem::Seed};
/// use mixwell_wire::{Ad, Link, LinkSeed, PacketSizes, initiator::Initiator};
/// use rand::Rng;
///
/// let sizes = PacketSizes { packet: 3082, forward_payload: 2574, user_forward_payload: 2000 };
/// let mut seed = Seed::<XWing>::default();
/// rand::rng().fill_bytes(seed.as_bytes_mut());
/// let key = LinkSeed::new(seed)?;
/// let initiator = Initiator::with_seed(&key, Ad::client(&[7; 32]), Link::client(sizes));
/// # drop(initiator);
/// # Ok::<(), mixwell_pq_kem::kem::KeyError>(())
/// ```
pub struct LinkSeed<K: Kem> {
    seed: Seed<K>,
    public: PublicKey<K>,
}

impl<K: Kem> LinkSeed<K> {
    /// Derives the public key.
    ///
    /// # Errors
    /// None with the KEMs of `mixwell-pq-kem`.
    pub fn new(seed: Seed<K>) -> Result<Self, KeyError> {
        let mut key = Self { seed, public: PublicKey::default() };
        kem::public_from_seed(&key.seed, &mut key.public)?;
        Ok(key)
    }

    /// Derives the public key in place, which needs the least memory.
    ///
    /// # Errors
    /// None with the KEMs of `mixwell-pq-kem`; after an error `place` is empty.
    pub fn new_in(seed: Seed<K>, place: &mut Option<Self>) -> Result<&Self, KeyError> {
        let key = Self::insert(seed, place);
        if let Err(error) = kem::public_from_seed(&key.seed, &mut key.public) {
            *place = None;
            return Err(error);
        }
        place.as_ref().ok_or(KeyError)
    }

    /// Not inlined: the compiler creates the value on the stack before it moves it into its place.
    #[inline(never)]
    fn insert(seed: Seed<K>, place: &mut Option<Self>) -> &mut Self {
        place.insert(Self { seed, public: PublicKey::default() })
    }

    /// The public key, by which peers identify the owner.
    #[must_use]
    pub const fn public(&self) -> &PublicKey<K> {
        &self.public
    }

    pub(super) const fn seed(&self) -> &Seed<K> {
        &self.seed
    }
}

impl<K: Kem> fmt::Debug for LinkSeed<K> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "LinkSeed<{}>(..)", K::NAME)
    }
}
