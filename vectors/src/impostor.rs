//! A KEM for initiators that claim a public key without owning it.

use core::marker::PhantomData;
use mixwell_pq_kem::{
    ByteArray, Kem,
    kem::{Ciphertext, DecapsulateError, KeyError, PrivateKey, PublicKey, Seed, SharedSecret},
};
use rand_core::CryptoRng;

/// `K` for who has another's public key and nothing else: [`Impostor::claim`] makes a "private key" of it, which a handshake
/// sends as its static key and which decapsulates nothing. Ephemeral keys and encapsulation are `K`'s own.
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
        PrivateKey::from_bytes(*K::from_seed(&Seed::from_bytes(*seed.as_bytes())).as_bytes())
    }

    fn public_key(private: &PrivateKey<Self>) -> Result<PublicKey<Self>, KeyError> {
        let front = private.as_bytes().as_ref().get(..K::PublicBytes::LEN).ok_or(KeyError)?;
        Ok(PublicKey::from_bytes(*K::PublicBytes::from_slice(front).ok_or(KeyError)?))
    }

    fn expand_into(_: &PrivateKey<Self>, key: &mut K::Expanded) -> Result<(), KeyError> {
        *key = K::Expanded::default();
        Ok(())
    }

    fn key_pair(seed: &Seed<Self>, public: &mut PublicKey<Self>, key: &mut K::Expanded) -> Result<(), KeyError> {
        let mut of_k = PublicKey::<K>::default();
        K::key_pair(&Seed::from_bytes(*seed.as_bytes()), &mut of_k, key)?;
        *public.as_bytes_mut() = *of_k.as_bytes();
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
        let mut of_k = SharedSecret::<K>::default();
        K::decapsulate(key, &Ciphertext::from_bytes(*ciphertext.as_bytes()), &mut of_k)?;
        *secret.as_bytes_mut() = *of_k.as_bytes();
        Ok(())
    }
}
