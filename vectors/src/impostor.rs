//! A KEM for initiators that claim a public key whose private key they lack.

use crate::delegate;
use core::marker::PhantomData;
use mixwell_pq_kem::{
    ByteArray, Kem,
    kem::{Ciphertext, DecapsulateError, KeyError, KeySource, PrivateKey, PublicKey, Seed, SharedSecret},
};
use rand_core::CryptoRng;

/// `K` for a peer that has only another peer's public key: [`Impostor::claim`] makes a "private
/// key" of it, which a handshake sends as its static key and which decapsulates nothing. Ephemeral
/// keys and encapsulation are `K`'s own.
#[derive(Debug)]
pub struct Impostor<K>(PhantomData<K>);

impl<K: Kem> Impostor<K> {
    /// The key to claim `public` with.
    ///
    /// # Panics
    /// If a private key of `K` is shorter than a public key.
    #[must_use]
    pub fn claim(public: &[u8]) -> PrivateKey<Self> {
        let mut private = PrivateKey::<Self>::default();
        let front = private.as_bytes_mut().as_mut().get_mut(..public.len());
        front.expect("a private key that holds its public key").copy_from_slice(public);
        private
    }
}

impl<K: Kem> Kem for Impostor<K> {
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
        key: &mut K::Expanded,
    ) -> Result<(), KeyError> {
        let KeySource::Private(private) = source else { return delegate::expand_into::<K, Self>(source, public, key) };
        *key = K::Expanded::default();
        if let Some(public) = public {
            let front = private.as_bytes().as_ref().get(..K::PublicBytes::LEN).ok_or(KeyError)?;
            *public.as_bytes_mut() = *K::PublicBytes::from_slice(front).ok_or(KeyError)?;
        }
        Ok(())
    }

    fn encapsulate<R: CryptoRng + ?Sized>(
        public: &PublicKey<Self>,
        rng: &mut R,
        ciphertext: &mut Ciphertext<Self>,
        secret: &mut SharedSecret<Self>,
    ) -> Result<(), KeyError> {
        let (mut of_k, mut secret_of_k) = (Ciphertext::<K>::default(), SharedSecret::<K>::default());
        K::encapsulate(&PublicKey::from_bytes(*public.as_bytes()), rng, &mut of_k, &mut secret_of_k)?;
        *ciphertext.as_bytes_mut() = *of_k.as_bytes();
        *secret.as_bytes_mut() = *secret_of_k.as_bytes();
        Ok(())
    }

    fn decapsulate(
        key: &K::Expanded,
        ciphertext: &Ciphertext<Self>,
        secret: &mut SharedSecret<Self>,
    ) -> Result<(), DecapsulateError> {
        delegate::decapsulate::<K, Self>(key, ciphertext, secret)
    }
}
