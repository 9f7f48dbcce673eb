//! A KEM that replays recorded encapsulations.

use crate::delegate;
use core::marker::PhantomData;
use mixwell_pq_kem::{
    Kem,
    kem::{Ciphertext, DecapsulateError, KeyError, KeySource, PrivateKey, PublicKey, Seed, SharedSecret},
};
use rand_core::CryptoRng;

/// `K`, except that encapsulation draws the ciphertext and then the secret from the random
/// generator, which replays them. Keys and decapsulation are those of `K`.
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
        delegate::from_seed::<K, Self>(seed)
    }

    fn expand_into(
        source: KeySource<'_, Self>,
        public: Option<&mut PublicKey<Self>>,
        key: &mut Self::Expanded,
    ) -> Result<(), KeyError> {
        delegate::expand_into::<K, Self>(source, public, key)
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
        delegate::decapsulate::<K, Self>(key, ciphertext, secret)
    }
}
