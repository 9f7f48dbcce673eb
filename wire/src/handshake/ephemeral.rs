//! The initiator's ephemeral key between messages 1 and 2: as a seed, or expanded in memory of the
//! caller's.

use super::{HandshakeError, kem};
use mixwell_pq_kem::{
    Kem,
    kem::{KeySource, Seed, SharedSecret},
};
use rand_core::CryptoRng;

pub(super) enum Ephemeral<'a, K: Kem> {
    Seed(Seed<K>),
    Expanded(Place<'a, K>),
}

/// Memory for the expanded key. Wiped when the handshake no longer needs the key or fails.
pub(super) struct Place<'a, K: Kem>(&'a mut K::Expanded);

impl<'a, K: Kem> Ephemeral<'a, K> {
    /// Generates a fresh key and writes its public key to `out`, which has that length.
    pub(super) fn generate<R: CryptoRng + ?Sized>(
        rng: &mut R,
        place: Option<&'a mut K::Expanded>,
        out: &mut [u8],
    ) -> Result<Self, HandshakeError> {
        let public = kem::public_key_mut(out)?;
        let mut seed = Seed::<K>::default();
        rng.fill_bytes(seed.as_bytes_mut().as_mut());
        if let Some(place) = place {
            let place = Place(place);
            K::expand_into(KeySource::Seed(&seed), Some(public), place.0)?;
            return Ok(Self::Expanded(place));
        }
        kem::public_from_seed(&seed, public)?;
        Ok(Self::Seed(seed))
    }

    pub(super) fn decapsulate(&self, ciphertext: &[u8]) -> Result<SharedSecret<K>, HandshakeError> {
        match self {
            Self::Seed(seed) => kem::decapsulate_by_seed(seed, ciphertext),
            Self::Expanded(place) => kem::decapsulate::<K>(place.0, ciphertext),
        }
    }
}

impl<K: Kem> Drop for Place<'_, K> {
    fn drop(&mut self) {
        *self.0 = K::Expanded::default();
    }
}
