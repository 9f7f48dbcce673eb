//! What the keys of a Sphinx scheme are made of, whether it is a NIKE or a KEM.

use mixwell_pq_kem::{
    Adapter, ByteArray as _, Kem, MlKem768, MlKem768X448, MlKem768X25519, Nike, X448, X25519, XWing,
    kem::{self, KeyError},
    nike,
};
use mixwell_sphinx::{self as sphinx, Scheme};
use rand_core::CryptoRng;
use zeroize::Zeroizing;

/// A Sphinx scheme whose keys can be made, stored and published.
pub trait MixScheme: Scheme<PrivateKey: Send + Sync, PublicKey: Send + Sync> {
    /// Bytes of a private key as it is stored.
    const PRIVATE_LEN: usize;

    /// A fresh private key, as it is stored.
    fn generate(rng: &mut dyn CryptoRng) -> Zeroizing<Vec<u8>>;

    /// A private key, of [`PRIVATE_LEN`](Self::PRIVATE_LEN) bytes, ready for use, and its public key.
    ///
    /// # Errors
    /// [`KeyError`].
    fn of_private(bytes: &[u8]) -> Result<(Self::PrivateKey, Vec<u8>), KeyError>;

    /// A public key as a descriptor has it; `None` if it has another length.
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

macro_rules! kems {
    ($($kem:ty),+) => {$(
        impl MixScheme for sphinx::Kem<$kem> {
            const PRIVATE_LEN: usize = <$kem as Kem>::PrivateBytes::LEN;

            fn generate(rng: &mut dyn CryptoRng) -> Zeroizing<Vec<u8>> {
                Zeroizing::new(kem::PrivateKey::<$kem>::generate(rng).as_bytes().to_vec())
            }

            fn of_private(bytes: &[u8]) -> Result<(Self::PrivateKey, Vec<u8>), KeyError> {
                let bytes = <$kem as Kem>::PrivateBytes::from_slice(bytes).ok_or(KeyError)?;
                let private = kem::PrivateKey::<$kem>::from_bytes(*bytes);
                let public = <$kem as Kem>::public_key(&private)?.as_bytes().to_vec();
                Ok((<$kem as Kem>::expand(&private)?, public))
            }

            fn of_public(bytes: &[u8]) -> Option<Self::PublicKey> {
                <$kem as Kem>::PublicBytes::from_slice(bytes).map(|bytes| kem::PublicKey::from_bytes(*bytes))
            }
        }
    )+};
}

nikes!(X25519, X448);
kems!(Adapter<X25519>, Adapter<X448>, MlKem768, XWing, MlKem768X25519, MlKem768X448);

/// What is to be done with a Sphinx scheme, whichever it is.
pub trait WithMixScheme {
    /// What comes of it.
    type Output;

    /// With this one.
    fn with<S: MixScheme>(self) -> Self::Output;
}

/// Does something with the scheme of a geometry; `None` if it is none of ours.
pub fn with_scheme<W: WithMixScheme>(scheme: sphinx::SchemeInfo, what: W) -> Option<W::Output> {
    macro_rules! first_of {
        ($($candidate:ty),+) => {
            $(if <$candidate as sphinx::SchemeKeys>::INFO == scheme { return Some(what.with::<$candidate>()); })+
        };
    }
    first_of!(
        X25519,
        X448,
        sphinx::Kem<Adapter<X25519>>,
        sphinx::Kem<Adapter<X448>>,
        sphinx::Kem<MlKem768>,
        sphinx::Kem<XWing>,
        sphinx::Kem<MlKem768X25519>,
        sphinx::Kem<MlKem768X448>
    );
    None
}
