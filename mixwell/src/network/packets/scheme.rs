//! What the network asks of a Sphinx scheme, and which scheme a geometry names.

use super::{Packets, Unwrap, keys::KeyRing};
use crate::error::Error;
use mixwell_pq_kem::{
    Adapter, ByteArray, Kem, MlKem768, MlKem768X448, MlKem768X25519, Nike, X448, X25519, XWing, kem, nike,
};
use mixwell_sphinx::{self as sphinx, Geometry, Scheme, SchemeKeys, Sphinx};
use rand_core::CryptoRng;
use zeroize::Zeroizing;

/// A Sphinx scheme whose keys can be made, stored and published.
pub(crate) trait PacketScheme: SchemeKeys<PublicKey: Send + Sync, PrivateKey: Send + Sync> + Scheme {
    /// A public key as a descriptor has it.
    fn public_key(bytes: &[u8]) -> Option<Self::PublicKey>;

    /// A new private key, as it is stored, and its public key.
    fn generate(rng: &mut impl CryptoRng) -> Option<(Zeroizing<Vec<u8>>, Vec<u8>)>;

    /// A private key from its stored form, and its public key.
    fn private_key(bytes: &[u8]) -> Option<(Self::PrivateKey, Vec<u8>)>;
}

macro_rules! nikes {
    ($($nike:ty),+) => {$(
        impl PacketScheme for $nike {
            fn public_key(bytes: &[u8]) -> Option<Self::PublicKey> {
                <$nike as Nike>::PublicBytes::from_slice(bytes).copied().map(nike::PublicKey::from_bytes)
            }

            fn generate(rng: &mut impl CryptoRng) -> Option<(Zeroizing<Vec<u8>>, Vec<u8>)> {
                let private = nike::PrivateKey::<$nike>::generate(rng);
                Some((Zeroizing::new(private.as_bytes().to_vec()), private.public_key().as_bytes().to_vec()))
            }

            fn private_key(bytes: &[u8]) -> Option<(Self::PrivateKey, Vec<u8>)> {
                let bytes = <$nike as Nike>::PrivateBytes::from_slice(bytes)?;
                let private = nike::PrivateKey::<$nike>::from_bytes(*bytes);
                let public = private.public_key().as_bytes().to_vec();
                Some((private, public))
            }
        }
    )+};
}

nikes!(X25519, X448);

impl<K: Kem> PacketScheme for sphinx::Kem<K> {
    fn public_key(bytes: &[u8]) -> Option<Self::PublicKey> {
        K::PublicBytes::from_slice(bytes).copied().map(kem::PublicKey::from_bytes)
    }

    fn generate(rng: &mut impl CryptoRng) -> Option<(Zeroizing<Vec<u8>>, Vec<u8>)> {
        let private = kem::PrivateKey::<K>::generate(rng);
        let public = K::public_key(&private).ok()?.as_bytes().as_ref().to_vec();
        Some((Zeroizing::new(private.as_bytes().as_ref().to_vec()), public))
    }

    fn private_key(bytes: &[u8]) -> Option<(Self::PrivateKey, Vec<u8>)> {
        let private = kem::PrivateKey::<K>::from_bytes(*K::PrivateBytes::from_slice(bytes)?);
        let public = K::public_key(&private).ok()?.as_bytes().as_ref().to_vec();
        Some((K::expand(&private).ok()?, public))
    }
}

/// Something to be made for the scheme of a geometry.
pub(crate) trait ForScheme {
    /// What comes of it.
    type Output;

    /// Makes it.
    fn make<S: PacketScheme>(self, sphinx: Sphinx<S>) -> Self::Output;
}

/// Makes something for the scheme that a geometry names.
pub(crate) fn for_geometry<W: ForScheme>(geometry: Geometry, what: W) -> Result<W::Output, Error> {
    macro_rules! any_of {
        ($($scheme:ty),+) => {$(
            if let Ok(sphinx) = Sphinx::<$scheme>::new(geometry) {
                return Ok(what.make(sphinx));
            }
        )+};
    }
    any_of!(
        X25519,
        X448,
        sphinx::Kem<Adapter<X25519>>,
        sphinx::Kem<Adapter<X448>>,
        sphinx::Kem<MlKem768>,
        sphinx::Kem<XWing>,
        sphinx::Kem<MlKem768X25519>,
        sphinx::Kem<MlKem768X448>
    );
    Err(Error::Network(format!("no scheme is called {}", geometry.scheme().name())))
}

struct Sealer;

impl ForScheme for Sealer {
    type Output = Box<dyn Packets>;

    fn make<S: PacketScheme>(self, sphinx: Sphinx<S>) -> Box<dyn Packets> {
        Box::new(sphinx)
    }
}

pub(super) fn sealer(geometry: Geometry) -> Result<Box<dyn Packets>, Error> {
    for_geometry(geometry, Sealer)
}

struct Unwrapper;

impl ForScheme for Unwrapper {
    type Output = Box<dyn Unwrap>;

    fn make<S: PacketScheme>(self, sphinx: Sphinx<S>) -> Box<dyn Unwrap> {
        Box::new(KeyRing::new(sphinx))
    }
}

pub(super) fn unwrapper(geometry: Geometry) -> Result<Box<dyn Unwrap>, Error> {
    for_geometry(geometry, Unwrapper)
}
