//! The schemes of this build, for choosing one at run time.

use crate::{ByteArray, Kem, Nike};

/// A scheme's name and the lengths of its encodings in bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct Scheme {
    /// The name as it is written in geometries and documents.
    pub name: &'static str,
    /// A public key, a NIKE's *group element*.
    pub public_len: usize,
    /// A private key.
    pub private_len: usize,
    /// A ciphertext; a NIKE has none.
    pub ciphertext_len: Option<usize>,
    /// A shared secret.
    pub secret_len: usize,
    /// A key pair's seed; a NIKE has none.
    pub seed_len: Option<usize>,
}

/// The NIKEs.
pub const NIKES: &[Scheme] = &[
    #[cfg(feature = "x25519")]
    Scheme::of_nike::<crate::X25519>(),
    #[cfg(feature = "x448")]
    Scheme::of_nike::<crate::X448>(),
];

/// The KEMs.
pub const KEMS: &[Scheme] = &[
    #[cfg(feature = "x25519")]
    Scheme::of_kem::<crate::Adapter<crate::X25519>>(),
    #[cfg(feature = "x448")]
    Scheme::of_kem::<crate::Adapter<crate::X448>>(),
    #[cfg(feature = "mlkem768")]
    Scheme::of_kem::<crate::MlKem768>(),
    #[cfg(feature = "xwing")]
    Scheme::of_kem::<crate::XWing>(),
    #[cfg(feature = "mlkem768-x25519")]
    Scheme::of_kem::<crate::MlKem768X25519>(),
    #[cfg(feature = "mlkem768-x448")]
    Scheme::of_kem::<crate::MlKem768X448>(),
];

impl Scheme {
    /// A NIKE's row.
    #[must_use]
    pub const fn of_nike<N: Nike>() -> Self {
        Self {
            name: N::NAME,
            public_len: N::PublicBytes::LEN,
            private_len: N::PrivateBytes::LEN,
            ciphertext_len: None,
            secret_len: N::SecretBytes::LEN,
            seed_len: None,
        }
    }

    /// A KEM's row.
    #[must_use]
    pub const fn of_kem<K: Kem>() -> Self {
        Self {
            name: K::NAME,
            public_len: K::PublicBytes::LEN,
            private_len: K::PrivateBytes::LEN,
            ciphertext_len: Some(K::CiphertextBytes::LEN),
            secret_len: K::SecretBytes::LEN,
            seed_len: Some(K::SeedBytes::LEN),
        }
    }

    /// The NIKE of this name, in any case.
    #[must_use]
    pub fn nike(name: &str) -> Option<&'static Self> {
        NIKES.iter().find(|scheme| scheme.name.eq_ignore_ascii_case(name))
    }

    /// The KEM of this name, in any case.
    #[must_use]
    pub fn kem(name: &str) -> Option<&'static Self> {
        KEMS.iter().find(|scheme| scheme.name.eq_ignore_ascii_case(name))
    }
}
