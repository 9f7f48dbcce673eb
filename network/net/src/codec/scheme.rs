//! The keys of a Sphinx scheme, whether it is a NIKE or a KEM.

use mixwell_pq_kem::{
    ByteArray as _, Kem, Nike, WithKem, X448, X25519,
    kem::{self, KeyError, KeySource},
    nike, with_kem,
};
use mixwell_sphinx::{self as sphinx, Scheme};
use rand_core::CryptoRng;
use zeroize::Zeroizing;

/// A Sphinx scheme whose keys can be generated, stored and published.
pub trait MixScheme: Scheme<PrivateKey: Send + Sync, PublicKey: Send + Sync> {
    /// Length in bytes of a stored private key.
    const PRIVATE_LEN: usize;

    /// A fresh private key, in its stored form.
    fn generate(rng: &mut dyn CryptoRng) -> Zeroizing<Vec<u8>>;

    /// A private key, of [`PRIVATE_LEN`](Self::PRIVATE_LEN) bytes, ready for use, and its public
    /// key.
    ///
    /// # Errors
    /// [`KeyError`].
    fn of_private(bytes: &[u8]) -> Result<(Self::PrivateKey, Vec<u8>), KeyError>;

    /// A public key from a descriptor; `None` if its length is wrong.
    fn of_public(bytes: &[u8]) -> Option<Self::PublicKey>;
}

macro_rules! nikes {
    ($($nike:ty),+) => {$(
        impl MixScheme for $nike {
            const PRIVATE_LEN: usize = <$nike as Nike>::PrivateBytes::LEN;

            fn generate(rng: &mut dyn CryptoRng) -> Zeroizing<Vec<u8>> {
                Zeroizing::new(nike::PrivateKey::<$nike>::generate(rng).as_bytes().to_vec())
            }

            fn of_private(bytes: &[u8]) -> Result<(Self::PrivateKey, Vec<u8>), KeyError> {
                let bytes = <$nike as Nike>::PrivateBytes::from_slice(bytes).ok_or(KeyError)?;
                let private = nike::PrivateKey::<$nike>::from_bytes(*bytes);
                let public = private.public_key().as_bytes().to_vec();
                Ok((private, public))
            }

            fn of_public(bytes: &[u8]) -> Option<Self::PublicKey> {
                <$nike as Nike>::PublicBytes::from_slice(bytes).map(|bytes| nike::PublicKey::from_bytes(*bytes))
            }
        }
    )+};
}

nikes!(X25519, X448);

impl<K: Kem> MixScheme for sphinx::Kem<K> {
    const PRIVATE_LEN: usize = K::PrivateBytes::LEN;

    fn generate(rng: &mut dyn CryptoRng) -> Zeroizing<Vec<u8>> {
        Zeroizing::new(kem::PrivateKey::<K>::generate(rng).as_bytes().as_ref().to_vec())
    }

    fn of_private(bytes: &[u8]) -> Result<(Self::PrivateKey, Vec<u8>), KeyError> {
        let bytes = K::PrivateBytes::from_slice(bytes).ok_or(KeyError)?;
        let private = kem::PrivateKey::<K>::from_bytes(*bytes);
        let (mut key, mut public) = (K::Expanded::default(), kem::PublicKey::default());
        K::expand_into(KeySource::Private(&private), Some(&mut public), &mut key)?;
        Ok((key, public.as_bytes().as_ref().to_vec()))
    }

    fn of_public(bytes: &[u8]) -> Option<Self::PublicKey> {
        K::PublicBytes::from_slice(bytes).map(|bytes| kem::PublicKey::from_bytes(*bytes))
    }
}

/// An operation that is generic over the Sphinx scheme.
pub trait WithMixScheme {
    /// The result.
    type Output;

    /// Runs the operation.
    fn with<S: MixScheme>(self) -> Self::Output;
}

/// Runs an operation with the scheme of a geometry; `None` if the scheme is unknown.
pub fn with_scheme<W: WithMixScheme>(scheme: sphinx::SchemeInfo, what: W) -> Option<W::Output> {
    macro_rules! first_of {
        ($($nike:ty),+) => {
            $(if <$nike as sphinx::SchemeKeys>::INFO == scheme { return Some(what.with::<$nike>()); })+
        };
    }
    if scheme.is_kem() {
        return with_kem(scheme.name(), OfKem { scheme, what }).flatten();
    }
    first_of!(X25519, X448);
    None
}

struct OfKem<W> {
    scheme: sphinx::SchemeInfo,
    what: W,
}

impl<W: WithMixScheme> WithKem for OfKem<W> {
    type Output = Option<W::Output>;

    fn with<K: Kem>(self) -> Self::Output {
        (<sphinx::Kem<K> as sphinx::SchemeKeys>::INFO == self.scheme).then(|| self.what.with::<sphinx::Kem<K>>())
    }
}
