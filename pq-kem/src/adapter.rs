//! A NIKE as a KEM: hashed ElGamal.

use crate::{
    ByteArray, Kem, Nike,
    blake2x::{from_seed, prf},
    kem::{Ciphertext, DecapsulateError, KeyError, KeySource, PrivateKey, PublicKey, Seed, SharedSecret},
    nike::{self, LowOrder},
};
use core::{fmt, marker::PhantomData};
use rand_core::CryptoRng;
use zeroize::{Zeroize as _, ZeroizeOnDrop};

/// The KEM of a NIKE: the ciphertext is a fresh public key X, the secret BLAKE2Xb keyed with the
/// shared secret over the receiver's public key and X. Same name, keys and sizes as the NIKE. An
/// all-zero shared secret is refused.
///
/// ```
/// use mixwell_pq_kem::{Adapter, X25519, Kem, kem::{Ciphertext, PrivateKey, SharedSecret}};
///
/// let private = PrivateKey::<Adapter<X25519>>::generate(&mut rand::rng());
/// let (mut ciphertext, mut secret) = (Ciphertext::default(), SharedSecret::default());
/// <Adapter<X25519>>::encapsulate(&private.public_key()?, &mut rand::rng(), &mut ciphertext, &mut secret)?;
///
/// let mut same = SharedSecret::default();
/// <Adapter<X25519>>::decapsulate(&private.expand()?, &ciphertext, &mut same)?;
/// assert_eq!(secret.as_bytes(), same.as_bytes());
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Adapter<N>(PhantomData<N>);

/// An [`Adapter`]'s private key with its public key.
pub struct AdapterKey<N: Nike> {
    private: nike::PrivateKey<N>,
    /// None in an empty key.
    public: Option<nike::PublicKey<N>>,
}

impl<N: Nike> Kem for Adapter<N> {
    const NAME: &'static str = N::NAME;

    type PublicBytes = N::PublicBytes;
    type PrivateBytes = N::PrivateBytes;
    type SeedBytes = [u8; 32];
    type CiphertextBytes = N::PublicBytes;
    type SecretBytes = N::SecretBytes;
    type Expanded = AdapterKey<N>;

    fn from_seed(seed: &Seed<Self>) -> PrivateKey<Self> {
        let mut private = PrivateKey::<Self>::default();
        from_seed(seed.as_bytes(), private.as_bytes_mut().as_mut());
        private
    }

    fn expand_into(
        source: KeySource<'_, Self>,
        public: Option<&mut PublicKey<Self>>,
        key: &mut AdapterKey<N>,
    ) -> Result<(), KeyError> {
        match source {
            KeySource::Seed(seed) => from_seed(seed.as_bytes(), key.private.as_bytes_mut().as_mut()),
            KeySource::Private(private) => *key.private.as_bytes_mut() = *private.as_bytes(),
        }
        let own = key.public.insert(key.private.public_key());
        if let Some(public) = public {
            *public.as_bytes_mut() = *own.as_bytes();
        }
        Ok(())
    }

    fn encapsulate<R: CryptoRng + ?Sized>(
        public: &PublicKey<Self>,
        rng: &mut R,
        ciphertext: &mut Ciphertext<Self>,
        secret: &mut SharedSecret<Self>,
    ) -> Result<(), KeyError> {
        let ephemeral = nike::PrivateKey::<N>::generate(rng);
        let element = ephemeral.public_key();
        *ciphertext.as_bytes_mut() = *element.as_bytes();
        let public = nike::PublicKey::from_bytes(*public.as_bytes());
        derive(&ephemeral, &public, [&public, &element], secret).map_err(|LowOrder| KeyError)
    }

    fn decapsulate(
        key: &AdapterKey<N>,
        ciphertext: &Ciphertext<Self>,
        secret: &mut SharedSecret<Self>,
    ) -> Result<(), DecapsulateError> {
        let public = key.public.as_ref().ok_or(DecapsulateError)?;
        let element = nike::PublicKey::from_bytes(*ciphertext.as_bytes());
        derive(&key.private, &element, [public, &element], secret).map_err(|LowOrder| DecapsulateError)
    }
}

fn derive<N: Nike>(
    private: &nike::PrivateKey<N>,
    other: &nike::PublicKey<N>,
    context: [&nike::PublicKey<N>; 2],
    secret: &mut SharedSecret<Adapter<N>>,
) -> Result<(), LowOrder> {
    let shared = private.exchange(other)?;
    let message = context.map(|key| key.as_bytes().as_ref());
    let declared_len = u32::try_from(N::PublicBytes::LEN).unwrap_or(u32::MAX);
    prf(shared.as_bytes().as_ref(), message, declared_len, secret.as_bytes_mut().as_mut());
    Ok(())
}

impl<N: Nike> Default for AdapterKey<N> {
    fn default() -> Self {
        Self { private: nike::PrivateKey::from_bytes(N::PrivateBytes::ZERO), public: None }
    }
}

impl<N: Nike> fmt::Debug for AdapterKey<N> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "AdapterKey<{}>(..)", N::NAME)
    }
}

impl<N: Nike> Drop for AdapterKey<N> {
    /// The private key wipes itself. The public key is wiped too, so that the remains cannot be
    /// mistaken for a secret.
    fn drop(&mut self) {
        if let Some(public) = &mut self.public {
            public.as_bytes_mut().as_mut().zeroize();
        }
    }
}

impl<N: Nike> ZeroizeOnDrop for AdapterKey<N> {}
