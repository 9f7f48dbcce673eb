//! Keys with their scheme.

use super::{Encoding, SchemeError, SignatureScheme};
use crate::KeyHash;
use core::fmt;
use rand_core::CryptoRng;

/// A public key of a scheme, with its hash. Borrows the encoding.
///
/// ```
/// # use mixwell_pki_types::{Ed25519, SignatureScheme, SigningKey, VerifyingKey};
/// # let mut rng = rand::rng();
/// # let (mut private, mut public) = ([0; 64], [0; 32]);
/// # Ed25519.generate(&mut rng, &mut private, &mut public)?;
/// let verifying = VerifyingKey::new(&Ed25519, &public)?;
/// let signing = SigningKey::new(&private, verifying)?;
/// let mut signature = [0; 64];
/// signing.sign(&[b"in two ", b"parts"], &mut rng, &mut signature)?;
/// assert!(verifying.verify(&[b"in two parts"], &signature).is_ok());
/// println!("known by {}", verifying.hash());
/// # Ok::<(), mixwell_pki_types::SchemeError>(())
/// ```
#[derive(Debug, Clone, Copy)]
pub struct VerifyingKey<'a> {
    scheme: &'a dyn SignatureScheme,
    public: &'a [u8],
    hash: KeyHash,
}

impl<'a> VerifyingKey<'a> {
    /// Wraps an encoded public key. Its validity, such as being a point of the curve, is checked
    /// only when it is used.
    ///
    /// # Errors
    /// [`SchemeError::Length`].
    pub fn new(scheme: &'a dyn SignatureScheme, public: &'a [u8]) -> Result<Self, SchemeError> {
        Encoding::PublicKey.check(scheme.public_len(), public.len())?;
        Ok(Self { scheme, public, hash: KeyHash::of(public) })
    }

    /// Verifies a signature over the joined parts.
    ///
    /// # Errors
    /// As [`SignatureScheme::verify`].
    pub fn verify(&self, message: &[&[u8]], signature: &[u8]) -> Result<(), SchemeError> {
        self.scheme.verify(self.public, message, signature)
    }

    /// The scheme.
    #[must_use]
    pub const fn scheme(&self) -> &'a dyn SignatureScheme {
        self.scheme
    }

    /// The encoding.
    #[must_use]
    pub const fn as_bytes(&self) -> &'a [u8] {
        self.public
    }

    /// The hash that identifies the key.
    #[must_use]
    pub const fn hash(&self) -> KeyHash {
        self.hash
    }
}

/// A key pair of a scheme. Borrows the encodings; wiping the private one is its owner's task.
///
/// ```
/// use mixwell_pki_types::{Ed25519, SignatureScheme, SigningKey, VerifyingKey};
///
/// let (mut private, mut public) = (vec![0; Ed25519.private_len()], vec![0; Ed25519.public_len()]);
/// Ed25519.generate(&mut rand::rng(), &mut private, &mut public)?;
/// let key = SigningKey::new(&private, VerifyingKey::new(&Ed25519, &public)?)?;
///
/// let mut signature = [0; 64];
/// key.sign(&[b"in two ", b"parts"], &mut rand::rng(), &mut signature)?;
/// # Ok::<(), mixwell_pki_types::SchemeError>(())
/// ```
#[derive(Clone, Copy)]
pub struct SigningKey<'a> {
    private: &'a [u8],
    public: VerifyingKey<'a>,
}

impl<'a> SigningKey<'a> {
    /// A private key and the public key that belongs to it.
    ///
    /// # Errors
    /// As [`SignatureScheme::check_pair`].
    pub fn new(private: &'a [u8], public: VerifyingKey<'a>) -> Result<Self, SchemeError> {
        public.scheme.check_pair(private, public.public)?;
        Ok(Self { private, public })
    }

    /// Signs the joined parts into `signature`, which has the scheme's length.
    ///
    /// # Errors
    /// As [`SignatureScheme::sign`].
    pub fn sign(&self, message: &[&[u8]], rng: &mut dyn CryptoRng, signature: &mut [u8]) -> Result<(), SchemeError> {
        self.public.scheme.sign(self.private, message, rng, signature)
    }

    /// The public key.
    #[must_use]
    pub const fn verifying_key(&self) -> &VerifyingKey<'a> {
        &self.public
    }
}

impl fmt::Debug for SigningKey<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SigningKey({}, {}, ..)", self.public.scheme.name(), self.public.hash)
    }
}
