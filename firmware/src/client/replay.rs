//! X-Wing whose one encapsulation is the recorded one.

use super::vectors::{ENCAPSULATED, ENCAPSULATED_SECRET};
use core::hint::black_box;
use mixwell_pq_kem::{
    Kem, XWing,
    kem::{Ciphertext, DecapsulateError, KeyError, PrivateKey, PublicKey, Seed, SharedSecret},
};
use rand_core::CryptoRng;

/// Does what X-Wing does, an encapsulation too, but then gives out the recorded ciphertext and secret: whoever recorded them did not
/// record their randomness. Copies keys and ciphertexts from one type to the other, so stack is counted too high by a
/// kilobyte or two.
#[derive(Debug)]
pub(super) struct Replay;

impl Kem for Replay {
    const NAME: &'static str = XWing::NAME;

    type PublicBytes = <XWing as Kem>::PublicBytes;
    type PrivateBytes = <XWing as Kem>::PrivateBytes;
    type SeedBytes = <XWing as Kem>::SeedBytes;
    type CiphertextBytes = <XWing as Kem>::CiphertextBytes;
    type SecretBytes = <XWing as Kem>::SecretBytes;
    type Expanded = <XWing as Kem>::Expanded;

    fn from_seed(seed: &Seed<Self>) -> PrivateKey<Self> {
        PrivateKey::from_bytes(*XWing::from_seed(&Seed::from_bytes(*seed.as_bytes())).as_bytes())
    }

    fn public_key(private: &PrivateKey<Self>) -> Result<PublicKey<Self>, KeyError> {
        let public = XWing::public_key(&PrivateKey::from_bytes(*private.as_bytes()))?;
        Ok(PublicKey::from_bytes(*public.as_bytes()))
    }

    fn expand_into(private: &PrivateKey<Self>, key: &mut Self::Expanded) -> Result<(), KeyError> {
        XWing::expand_into(&PrivateKey::from_bytes(*private.as_bytes()), key)
    }

    fn expand_with_public(
        private: &PrivateKey<Self>,
        public: &mut PublicKey<Self>,
        key: &mut Self::Expanded,
    ) -> Result<(), KeyError> {
        let mut own = PublicKey::<XWing>::default();
        XWing::expand_with_public(&PrivateKey::from_bytes(*private.as_bytes()), &mut own, key)?;
        *public.as_bytes_mut() = *own.as_bytes();
        Ok(())
    }

    fn key_pair(seed: &Seed<Self>, public: &mut PublicKey<Self>, key: &mut Self::Expanded) -> Result<(), KeyError> {
        let mut own = PublicKey::<XWing>::default();
        XWing::key_pair(&Seed::from_bytes(*seed.as_bytes()), &mut own, key)?;
        *public.as_bytes_mut() = *own.as_bytes();
        Ok(())
    }

    fn expand_seed(seed: &Seed<Self>, key: &mut Self::Expanded) -> Result<(), KeyError> {
        XWing::expand_seed(&Seed::from_bytes(*seed.as_bytes()), key)
    }

    fn encapsulate<R: CryptoRng + ?Sized>(
        public: &PublicKey<Self>,
        rng: &mut R,
        ciphertext: &mut Ciphertext<Self>,
        secret: &mut SharedSecret<Self>,
    ) -> Result<(), KeyError> {
        let (mut own, mut own_secret) = (Ciphertext::<XWing>::default(), SharedSecret::<XWing>::default());
        XWing::encapsulate(&PublicKey::from_bytes(*public.as_bytes()), rng, &mut own, &mut own_secret)?;
        black_box((&own, &own_secret));
        *ciphertext.as_bytes_mut() = ENCAPSULATED;
        *secret.as_bytes_mut() = ENCAPSULATED_SECRET;
        Ok(())
    }

    fn decapsulate(
        key: &Self::Expanded,
        ciphertext: &Ciphertext<Self>,
        secret: &mut SharedSecret<Self>,
    ) -> Result<(), DecapsulateError> {
        let mut real = SharedSecret::<XWing>::default();
        XWing::decapsulate(key, &Ciphertext::from_bytes(*ciphertext.as_bytes()), &mut real)?;
        *secret.as_bytes_mut() = *real.as_bytes();
        Ok(())
    }
}
