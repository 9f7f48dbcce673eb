//! Signature schemes, by name.

mod ed25519;
#[cfg(feature = "sphincs")]
mod hybrid;
mod keys;

pub use ed25519::Ed25519;
#[cfg(feature = "sphincs")]
pub use hybrid::Ed25519Sphincs;
pub use keys::{SigningKey, VerifyingKey};

use core::fmt;
use rand_core::CryptoRng;

/// A signature scheme. A network may implement its own.
///
/// Keys and signatures are slices, as a scheme is chosen by its name at run time; each operation
/// checks their lengths. A message is passed in parts, which are signed as if concatenated, to
/// avoid copying.
///
/// ```
/// use mixwell_pki_types::{Ed25519, SchemeError, SignatureScheme};
///
/// /// A fresh key pair of any scheme: the private key and the public one.
/// fn key_pair(scheme: &dyn SignatureScheme) -> Result<(Vec<u8>, Vec<u8>), SchemeError> {
///     let (mut private, mut public) = (vec![0; scheme.private_len()], vec![0; scheme.public_len()]);
///     scheme.generate(&mut rand::rng(), &mut private, &mut public)?;
///     Ok((private, public))
/// }
/// assert_eq!(key_pair(&Ed25519)?.1.len(), 32);
/// # Ok::<(), SchemeError>(())
/// ```
pub trait SignatureScheme: fmt::Debug + Sync {
    /// The name in certificates, documents and PEM. Configurations may use any case.
    fn name(&self) -> &'static str;

    /// Bytes of an encoded public key.
    fn public_len(&self) -> usize;

    /// Bytes of an encoded private key.
    fn private_len(&self) -> usize;

    /// Bytes of a signature.
    fn signature_len(&self) -> usize;

    /// Generates a key pair.
    ///
    /// # Errors
    /// [`SchemeError::Length`] if a buffer is not of the scheme's length.
    fn generate(&self, rng: &mut dyn CryptoRng, private: &mut [u8], public: &mut [u8]) -> Result<(), SchemeError>;

    /// Checks that a private key has the form of the scheme and belongs to a public key.
    ///
    /// # Errors
    /// [`SchemeError::Length`] or [`SchemeError::Key`].
    fn check_pair(&self, private: &[u8], public: &[u8]) -> Result<(), SchemeError>;

    /// Signs. A deterministic scheme does not use `rng`.
    ///
    /// # Errors
    /// [`SchemeError::Length`] or [`SchemeError::Key`]; the content of `signature` is then
    /// meaningless.
    fn sign(
        &self,
        private: &[u8],
        message: &[&[u8]],
        rng: &mut dyn CryptoRng,
        signature: &mut [u8],
    ) -> Result<(), SchemeError>;

    /// Verifies.
    ///
    /// # Errors
    /// [`SchemeError::Length`], [`SchemeError::Key`], or [`SchemeError::Signature`] if the
    /// signature is not one of this key over this message.
    fn verify(&self, public: &[u8], message: &[&[u8]], signature: &[u8]) -> Result<(), SchemeError>;
}

/// The scheme with a name, ignoring case: `Ed25519`; with the feature `sphincs` also `Sphincs+` and
/// `Ed25519 Sphincs+`.
///
/// ```
/// use mixwell_pki_types::scheme;
///
/// let scheme = scheme("ed25519").ok_or("no such scheme")?;
/// let (mut private, mut public) = (vec![0; scheme.private_len()], vec![0; scheme.public_len()]);
/// scheme.generate(&mut rand::rng(), &mut private, &mut public)?;
/// scheme.check_pair(&private, &public)?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[must_use]
pub fn scheme(name: &str) -> Option<&'static dyn SignatureScheme> {
    SCHEMES.iter().copied().find(|scheme| scheme.name().eq_ignore_ascii_case(name))
}

const SCHEMES: &[&dyn SignatureScheme] = &[
    &Ed25519,
    #[cfg(feature = "sphincs")]
    &crate::Sphincs,
    #[cfg(feature = "sphincs")]
    &Ed25519Sphincs,
];

/// The kind of an encoding.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Encoding {
    /// A public key.
    PublicKey,
    /// A private key.
    PrivateKey,
    /// A signature.
    Signature,
}

impl Encoding {
    /// Checks a length.
    ///
    /// # Errors
    /// [`SchemeError::Length`].
    pub const fn check(self, want: usize, got: usize) -> Result<(), SchemeError> {
        if want == got { Ok(()) } else { Err(SchemeError::Length { of: self, want, got }) }
    }
}

/// The reason why an operation of a scheme failed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum SchemeError {
    /// An encoding does not have the scheme's length.
    Length {
        /// The kind of encoding.
        of: Encoding,
        /// The scheme's length, in bytes.
        want: usize,
        /// The given length, in bytes.
        got: usize,
    },
    /// A key is malformed, or private and public key are not a pair.
    Key,
    /// The signature is not one of this key over this message.
    Signature,
}

impl fmt::Display for Encoding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::PublicKey => "public key",
            Self::PrivateKey => "private key",
            Self::Signature => "signature",
        })
    }
}

impl fmt::Display for SchemeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Length { of, want, got } => write!(f, "{of} is {got} bytes, want {want}"),
            Self::Key => f.write_str("key is malformed or not of the pair"),
            Self::Signature => f.write_str("signature is bad"),
        }
    }
}

impl core::error::Error for SchemeError {}
