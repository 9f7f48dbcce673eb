//! A KEM without secrets, so that tests complete handshakes quickly and can corrupt them at will.

use mixwell_pq_kem::{
    Kem,
    kem::{Ciphertext, DecapsulateError, KeyError, KeySource, PrivateKey, PublicKey, Seed, SharedSecret},
};
use rand_core::CryptoRng;

/// The private key is the public key; the ciphertext is the secret XOR the public key.
#[derive(Debug)]
pub(crate) struct FakeKem;

/// A public key or shared secret that starts with this byte is malformed.
pub(crate) const BAD: u8 = 0xff;

impl Kem for FakeKem {
    const NAME: &'static str = "FAKE";

    type PublicBytes = [u8; 32];
    type PrivateBytes = [u8; 32];
    type SeedBytes = [u8; 32];
    type CiphertextBytes = [u8; 32];
    type SecretBytes = [u8; 32];
    type Expanded = PrivateKey<Self>;

    fn from_seed(seed: &Seed<Self>) -> PrivateKey<Self> {
        let mut key = PrivateKey::<Self>::default();
        *key.as_bytes_mut() = *seed.as_bytes();
        key.as_bytes_mut()[0] &= !1;
        key
    }

    fn expand_into(
        source: KeySource<'_, Self>,
        public: Option<&mut PublicKey<Self>>,
        key: &mut PrivateKey<Self>,
    ) -> Result<(), KeyError> {
        *key.as_bytes_mut() = match source {
            KeySource::Seed(seed) => *Self::from_seed(seed).as_bytes(),
            KeySource::Private(private) => *private.as_bytes(),
        };
        if let Some(public) = public {
            *public.as_bytes_mut() = *key.as_bytes();
        }
        Ok(())
    }

    fn encapsulate<R: CryptoRng + ?Sized>(
        public: &PublicKey<Self>,
        rng: &mut R,
        ciphertext: &mut Ciphertext<Self>,
        secret: &mut SharedSecret<Self>,
    ) -> Result<(), KeyError> {
        if public.as_bytes()[0] == BAD {
            return Err(KeyError);
        }
        rng.fill_bytes(secret.as_bytes_mut());
        secret.as_bytes_mut()[0] &= !1;
        *ciphertext.as_bytes_mut() = xor(secret.as_bytes(), public.as_bytes());
        Ok(())
    }

    fn decapsulate(
        key: &PrivateKey<Self>,
        ciphertext: &Ciphertext<Self>,
        secret: &mut SharedSecret<Self>,
    ) -> Result<(), DecapsulateError> {
        *secret.as_bytes_mut() = xor(ciphertext.as_bytes(), key.as_bytes());
        if secret.as_bytes()[0] == BAD { Err(DecapsulateError) } else { Ok(()) }
    }
}

fn xor(a: &[u8; 32], b: &[u8; 32]) -> [u8; 32] {
    core::array::from_fn(|i| a[i] ^ b[i])
}
