//! The schemes of this build, for choosing one at run time.

use crate::{ByteArray, Kem, Nike};

/// A scheme's name and the lengths of its encodings in bytes.
///
/// ```
/// use mixwell_pq_kem::Scheme;
///
/// let scheme = Scheme::kem("xwing").expect("enabled by a feature");
/// assert_eq!((scheme.name, scheme.public_len, scheme.ciphertext_len), ("XWING", 1216, Some(1120)));
/// ```
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

/// An operation that is generic over the NIKE.
///
/// ```
/// use mixwell_pq_kem::{Nike, WithNike, with_nike};
///
/// struct PublicLen;
/// impl WithNike for PublicLen {
///     type Output = usize;
///     fn with<N: Nike>(self) -> usize {
///         size_of::<N::PublicBytes>()
///     }
/// }
/// assert_eq!(with_nike("x448", PublicLen), Some(56));
/// ```
pub trait WithNike {
    /// The result.
    type Output;

    /// Runs the operation.
    fn with<N: Nike>(self) -> Self::Output;
}

/// An operation that is generic over the KEM.
///
/// ```
/// use mixwell_pq_kem::{Kem, WithKem, with_kem};
///
/// struct CiphertextLen;
/// impl WithKem for CiphertextLen {
///     type Output = usize;
///     fn with<K: Kem>(self) -> usize {
///         size_of::<K::CiphertextBytes>()
///     }
/// }
/// assert_eq!(with_kem("MLKEM768", CiphertextLen), Some(1088));
/// ```
pub trait WithKem {
    /// The result.
    type Output;

    /// Runs the operation.
    fn with<K: Kem>(self) -> Self::Output;
}

/// Generates the tables of schemes, and the functions from a name to a type, from one list.
macro_rules! schemes {
    (nikes: $(#[$nike_cfg:meta] $nike:ty),+; kems: $(#[$kem_cfg:meta] $kem:ty),+;) => {
        /// The NIKEs.
        pub const NIKES: &[Scheme] = &[$(#[$nike_cfg] Scheme::of_nike::<$nike>()),+];

        /// The KEMs.
        pub const KEMS: &[Scheme] = &[$(#[$kem_cfg] Scheme::of_kem::<$kem>()),+];

        /// Runs an operation with the NIKE of this name; case is ignored. `None` if this build has
        /// no such NIKE.
        ///
        /// ```
        /// use mixwell_pq_kem::{Nike, WithNike, with_nike};
        ///
        /// struct PublicLen;
        /// impl WithNike for PublicLen {
        ///     type Output = usize;
        ///     fn with<S: Nike>(self) -> usize {
        ///         size_of::<S::PublicBytes>()
        ///     }
        /// }
        /// assert_eq!(with_nike("X25519", PublicLen), Some(32));
        /// assert_eq!(with_nike("unknown", PublicLen), None);
        /// ```
        pub fn with_nike<W: WithNike>(name: &str, what: W) -> Option<W::Output> {
            $(#[$nike_cfg]
            if <$nike as Nike>::NAME.eq_ignore_ascii_case(name) {
                return Some(what.with::<$nike>());
            })+
            let _ = (name, what);
            None
        }

        /// Runs an operation with the KEM of this name; case is ignored. `None` if this build has
        /// no such KEM.
        ///
        /// ```
        /// use mixwell_pq_kem::{Kem, WithKem, with_kem};
        ///
        /// struct PublicLen;
        /// impl WithKem for PublicLen {
        ///     type Output = usize;
        ///     fn with<S: Kem>(self) -> usize {
        ///         size_of::<S::PublicBytes>()
        ///     }
        /// }
        /// assert_eq!(with_kem("XWING", PublicLen), Some(1216));
        /// assert_eq!(with_kem("unknown", PublicLen), None);
        /// ```
        pub fn with_kem<W: WithKem>(name: &str, what: W) -> Option<W::Output> {
            $(#[$kem_cfg]
            if <$kem as Kem>::NAME.eq_ignore_ascii_case(name) {
                return Some(what.with::<$kem>());
            })+
            let _ = (name, what);
            None
        }
    };
}

// the only list of schemes by name: programs, links and geometries all use it
schemes! {
    nikes:
    #[cfg(feature = "x25519")] crate::X25519,
    #[cfg(feature = "x448")] crate::X448;
    kems:
    #[cfg(feature = "x25519")] crate::Adapter<crate::X25519>,
    #[cfg(feature = "x448")] crate::Adapter<crate::X448>,
    #[cfg(feature = "mlkem768")] crate::MlKem768,
    #[cfg(feature = "xwing")] crate::XWing,
    #[cfg(feature = "mlkem768-x25519")] crate::MlKem768X25519,
    #[cfg(feature = "mlkem768-x448")] crate::MlKem768X448;
}

impl Scheme {
    /// The row of a NIKE.
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

    /// The row of a KEM.
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

    /// The NIKE of this name; case is ignored.
    #[must_use]
    pub fn nike(name: &str) -> Option<&'static Self> {
        NIKES.iter().find(|scheme| scheme.name.eq_ignore_ascii_case(name))
    }

    /// The KEM of this name; case is ignored.
    #[must_use]
    pub fn kem(name: &str) -> Option<&'static Self> {
        KEMS.iter().find(|scheme| scheme.name.eq_ignore_ascii_case(name))
    }
}
