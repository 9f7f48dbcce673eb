//! A KEM that replays recorded encapsulations.

use core::marker::PhantomData;
use mixwell_pq_kem::{
    Kem,
    kem::{Ciphertext, DecapsulateError, KeyError, PrivateKey, PublicKey, Seed, SharedSecret},
};
use rand_core::CryptoRng;

/// `K`, except that encapsulation draws the ciphertext and then the secret from the random generator, which replays them.
/// Keys and decapsulation are those of `K`.
#[derive(Debug)]
pub struct ReplayKem<K>(PhantomData<K>);

impl<K: Kem> Kem for ReplayKem<K> {
    const NAME: &'static str = K::NAME;

    type PublicBytes = K::PublicBytes;
    type PrivateBytes = K::PrivateBytes;
    type SeedBytes = K::SeedBytes;
    type CiphertextBytes = K::CiphertextBytes;
    type SecretBytes = K::SecretBytes;
    type Expanded = K::Expanded;

    fn from_seed(seed: &Seed<Self>) -> PrivateKey<Self> {
        PrivateKey::from_bytes(*K::from_seed(&Seed::from_bytes(*seed.as_bytes())).as_bytes())
    }

    fn public_key(private: &PrivateKey<Self>) -> Result<PublicKey<Self>, KeyError> {
        let public = K::public_key(&PrivateKey::from_bytes(*private.as_bytes()))?;
        Ok(PublicKey::from_bytes(*public.as_bytes()))
    }

    fn expand_into(private: &PrivateKey<Self>, key: &mut Self::Expanded) -> Result<(), KeyError> {
        K::expand_into(&PrivateKey::from_bytes(*private.as_bytes()), key)
    }

    fn key_pair(seed: &Seed<Self>, public: &mut PublicKey<Self>, key: &mut Self::Expanded) -> Result<(), KeyError> {
        let mut real = PublicKey::<K>::default();
        K::key_pair(&Seed::from_bytes(*seed.as_bytes()), &mut real, key)?;
        *public.as_bytes_mut() = *real.as_bytes();
        Ok(())
    }

    fn encapsulate<R: CryptoRng + ?Sized>(
        _: &PublicKey<Self>,
        rng: &mut R,
        ciphertext: &mut Ciphertext<Self>,
        secret: &mut SharedSecret<Self>,
    ) -> Result<(), KeyError> {
        rng.fill_bytes(ciphertext.as_bytes_mut().as_mut());
        rng.fill_bytes(secret.as_bytes_mut().as_mut());
        Ok(())
    }

    fn decapsulate(
        key: &Self::Expanded,
        ciphertext: &Ciphertext<Self>,
        secret: &mut SharedSecret<Self>,
    ) -> Result<(), DecapsulateError> {
        let mut real = SharedSecret::<K>::default();
        K::decapsulate(key, &Ciphertext::from_bytes(*ciphertext.as_bytes()), &mut real)?;
        *secret.as_bytes_mut() = *real.as_bytes();
        Ok(())
    }
}
