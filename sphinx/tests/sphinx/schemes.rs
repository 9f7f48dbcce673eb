//! The schemes by the names that the vectors use, and their keys from bytes.

use mixwell_pq_kem::{ByteArray, Nike, nike};
use mixwell_sphinx::Scheme;

/// A scheme whose keys the tests can read from bytes.
pub(crate) trait TestScheme: Scheme {
    fn public_key(bytes: &[u8]) -> Self::PublicKey;
    fn private_key(bytes: &[u8]) -> Self::PrivateKey;
}

impl<N: Nike> TestScheme for N {
    fn public_key(bytes: &[u8]) -> nike::PublicKey<N> {
        nike::PublicKey::from_bytes(*N::PublicBytes::from_slice(bytes).unwrap())
    }

    fn private_key(bytes: &[u8]) -> nike::PrivateKey<N> {
        nike::PrivateKey::from_bytes(*N::PrivateBytes::from_slice(bytes).unwrap())
    }
}

/// Calls a generic function with the scheme that a vector's geometry names.
macro_rules! with_scheme {
    ($geometry:expr, $function:ident($($argument:expr),*)) => {
        match ($geometry.nike_name.as_str(), $geometry.kem_name.as_str()) {
            ("x25519", "") => $function::<X25519>($($argument),*),
            ("x448", "") => $function::<X448>($($argument),*),
            (nike, kem) => panic!("no scheme with NIKEName {nike:?} and KEMName {kem:?}"),
        }
    };
}
pub(crate) use with_scheme;
