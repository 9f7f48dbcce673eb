//! The initiator's ephemeral key, from message 1 to message 2: as a seed, or expanded in a place of the caller's.

use super::{HandshakeError, kem};
use mixwell_pq_kem::{
    Kem,
    kem::{PublicKey, Seed, SharedSecret},
};
use rand_core::CryptoRng;

pub(super) enum Ephemeral<'a, K: Kem> {
    Seed(Seed<K>),
    Expanded(Place<'a, K>),
}

/// Wiped when the handshake is done with it, whatever becomes of the handshake.
pub(super) struct Place<'a, K: Kem>(&'a mut K::Expanded);

impl<'a, K: Kem> Ephemeral<'a, K> {
    /// A fresh key, whose public key is written to `out`, which has its length.
    pub(super) fn generate<R: CryptoRng + ?Sized>(
        rng: &mut R,
        place: Option<&'a mut K::Expanded>,
        out: &mut [u8],
    ) -> Result<Self, HandshakeError> {
        let (mut seed, mut public) = (Seed::<K>::default(), PublicKey::default());
        rng.fill_bytes(seed.as_bytes_mut().as_mut());
        let ephemeral = if let Some(place) = place {
            let place = Place(place);
            K::key_pair(&seed, &mut public, place.0)?;
            Self::Expanded(place)
        } else {
            K::key_pair(&seed, &mut public, &mut K::Expanded::default())?;
            Self::Seed(seed)
        };
        out.copy_from_slice(public.as_bytes().as_ref());
        Ok(ephemeral)
    }

    pub(super) fn decapsulate(self, ciphertext: &[u8]) -> Result<SharedSecret<K>, HandshakeError> {
        match self {
            Self::Seed(seed) => kem::decapsulate_by_seed(&seed, ciphertext),
            Self::Expanded(place) => kem::decapsulate::<K>(place.0, ciphertext),
        }
    }
}

impl<K: Kem> Drop for Place<'_, K> {
    fn drop(&mut self) {
        *self.0 = K::Expanded::default();
    }
}
