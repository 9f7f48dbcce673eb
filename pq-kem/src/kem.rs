//! Key encapsulation mechanisms (KEMs).

use crate::ByteArray;
use core::fmt;
use rand_core::CryptoRng;
use zeroize::{Zeroize, ZeroizeOnDrop};

/// A KEM scheme: a unit type such as [`XWing`](crate::XWing).
///
/// ```
/// use mixwell_pq_kem::{Kem, XWing, kem::{Ciphertext, KeySource, PrivateKey, SharedSecret}};
///
/// // generic over the scheme
/// fn agrees<K: Kem>() -> Result<bool, Box<dyn std::error::Error>> {
///     let private = PrivateKey::<K>::generate(&mut rand::rng());
///     let (mut ciphertext, mut secret, mut same) = (Ciphertext::<K>::default(), SharedSecret::default(), SharedSecret::default());
///     K::encapsulate(&private.public_key()?, &mut rand::rng(), &mut ciphertext, &mut secret)?;
///
///     let mut key = K::Expanded::default();
///     K::expand_into(KeySource::Private(&private), None, &mut key)?;
///     K::decapsulate(&key, &ciphertext, &mut same)?;
///     Ok(secret.as_bytes().as_ref() == same.as_bytes().as_ref())
/// }
/// assert!(agrees::<XWing>()?);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub trait Kem: Sized + Send + Sync + 'static {
    /// The name in geometries, PEM, PKI documents and Noise protocol names. Configuration may spell
    /// it in any case.
    const NAME: &'static str;

    /// An encoded public key.
    type PublicBytes: ByteArray;
    /// An encoded private key, usually the public key followed by the seed.
    type PrivateBytes: ByteArray;
    /// The seed that a key pair is derived from.
    type SeedBytes: ByteArray;
    /// A ciphertext.
    type CiphertextBytes: ByteArray;
    /// A shared secret.
    type SecretBytes: ByteArray;
    /// A private key with everything precomputed that decapsulation needs. Wiped on drop. The
    /// default is an empty one, to be filled in place; nothing can be decapsulated with it.
    type Expanded: Default + ZeroizeOnDrop + Send + Sync;

    /// Derives the private key from a seed.
    fn from_seed(seed: &Seed<Self>) -> PrivateKey<Self>;

    /// Precomputes what decapsulation needs, in place: an expanded key is large, and each move
    /// leaves a copy behind. Writes the public key too if `public` is given, at no extra cost.
    ///
    /// # Errors
    /// [`KeyError`] if the private key is malformed; `key` is then empty, and the content of
    /// `public` is meaningless. Seeds of the schemes of this crate never fail.
    fn expand_into(
        source: KeySource<'_, Self>,
        public: Option<&mut PublicKey<Self>>,
        key: &mut Self::Expanded,
    ) -> Result<(), KeyError>;

    /// Encapsulates a fresh secret to the owner of `public`.
    ///
    /// # Errors
    /// [`KeyError`] if the public key is malformed; the content of `ciphertext` and `secret` is
    /// then meaningless.
    fn encapsulate<R: CryptoRng + ?Sized>(
        public: &PublicKey<Self>,
        rng: &mut R,
        ciphertext: &mut Ciphertext<Self>,
        secret: &mut SharedSecret<Self>,
    ) -> Result<(), KeyError>;

    /// Decapsulates. A tampered ML-KEM ciphertext gives an unrelated secret (implicit rejection),
    /// not an error.
    ///
    /// # Errors
    /// [`DecapsulateError`] if the ciphertext cannot hold a secret; the content of `secret` is then
    /// meaningless.
    fn decapsulate(
        key: &Self::Expanded,
        ciphertext: &Ciphertext<Self>,
        secret: &mut SharedSecret<Self>,
    ) -> Result<(), DecapsulateError>;
}

/// The secret that a key pair is expanded from.
///
/// ```
/// use mixwell_pq_kem::{Kem, XWing, kem::{KeySource, Seed}};
/// use rand::Rng;
///
/// // a device that is short of memory stores the seed, 32 bytes, and expands it where it is used
/// let mut seed = Seed::<XWing>::default();
/// rand::rng().fill_bytes(seed.as_bytes_mut());
/// let mut key = <XWing as Kem>::Expanded::default();
/// XWing::expand_into(KeySource::Seed(&seed), None, &mut key)?;
/// # Ok::<(), mixwell_pq_kem::kem::KeyError>(())
/// ```
#[expect(clippy::exhaustive_enums, reason = "a private key has these two forms")]
pub enum KeySource<'a, K: Kem> {
    /// A seed.
    Seed(&'a Seed<K>),
    /// An encoded private key. If it contains its public key, that is checked.
    Private(&'a PrivateKey<K>),
}

impl<K: Kem> KeySource<'_, K> {
    fn public_key(self) -> Result<PublicKey<K>, KeyError> {
        let mut public = PublicKey::default();
        K::expand_into(self, Some(&mut public), &mut K::Expanded::default())?;
        Ok(public)
    }
}

impl<K: Kem> Clone for KeySource<'_, K> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<K: Kem> Copy for KeySource<'_, K> {}

impl<K: Kem> fmt::Debug for KeySource<'_, K> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Seed(seed) => seed.fmt(f),
            Self::Private(private) => private.fmt(f),
        }
    }
}

/// A public or private key is malformed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct KeyError;

/// A ciphertext holds a point of small order.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct DecapsulateError;

impl fmt::Display for KeyError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the key is malformed")
    }
}

impl fmt::Display for DecapsulateError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the ciphertext is malformed")
    }
}

impl core::error::Error for KeyError {}
impl core::error::Error for DecapsulateError {}

macro_rules! public_role {
    ($(#[$doc:meta])* $name:ident($bytes:ident)) => {
        $(#[$doc])*
        #[repr(transparent)]
        pub struct $name<K: Kem>(K::$bytes);

        impl<K: Kem> $name<K> {
            /// Wraps an encoding without checking it.
            #[must_use]
            pub const fn from_bytes(bytes: K::$bytes) -> Self {
                Self(bytes)
            }

            /// The encoding.
            #[must_use]
            pub const fn as_bytes(&self) -> &K::$bytes {
                &self.0
            }

            /// The encoding, to be filled in place.
            #[must_use]
            pub const fn as_bytes_mut(&mut self) -> &mut K::$bytes {
                &mut self.0
            }
        }

        impl<K: Kem> Clone for $name<K> {
            fn clone(&self) -> Self {
                Self(self.0)
            }
        }

        impl<K: Kem> PartialEq for $name<K> {
            fn eq(&self, other: &Self) -> bool {
                self.0 == other.0
            }
        }

        impl<K: Kem> Eq for $name<K> {}

        impl<K: Kem> fmt::Debug for $name<K> {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, "{}<{}>(", stringify!($name), K::NAME)?;
                self.0.as_ref().iter().try_for_each(|byte| write!(f, "{byte:02x}"))?;
                f.write_str(")")
            }
        }

        impl<K: Kem> Default for $name<K> {
            fn default() -> Self {
                Self(K::$bytes::ZERO)
            }
        }
    };
}

macro_rules! secret_role {
    ($(#[$doc:meta])* $name:ident($bytes:ident)) => {
        $(#[$doc])*
        ///
        /// Wiped on drop.
        #[repr(transparent)]
        pub struct $name<K: Kem>(K::$bytes);

        impl<K: Kem> $name<K> {
            /// Copies the bytes without checking them. The caller has to wipe its own copy.
            #[must_use]
            pub const fn from_bytes(bytes: K::$bytes) -> Self {
                Self(bytes)
            }

            /// The bytes. Secret.
            #[must_use]
            pub const fn as_bytes(&self) -> &K::$bytes {
                &self.0
            }

            /// The bytes, to be filled in place. Secret.
            #[must_use]
            pub const fn as_bytes_mut(&mut self) -> &mut K::$bytes {
                &mut self.0
            }
        }

        impl<K: Kem> fmt::Debug for $name<K> {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, "{}<{}>(..)", stringify!($name), K::NAME)
            }
        }

        impl<K: Kem> Default for $name<K> {
            /// All zero, for a scheme to fill in.
            fn default() -> Self {
                Self(K::$bytes::ZERO)
            }
        }

        impl<K: Kem> Drop for $name<K> {
            fn drop(&mut self) {
                self.0.zeroize();
            }
        }

        impl<K: Kem> ZeroizeOnDrop for $name<K> {}
    };
}

public_role! {
    /// A public key as it was received: nothing about it is checked until it is used.
    ///
    /// ```
    /// use mixwell_pq_kem::{XWing, kem::PublicKey};
    ///
    /// let received = [9; 1216];
    /// let public = PublicKey::<XWing>::from_bytes(received);
    /// assert_eq!(public.as_bytes(), &received);
    /// ```
    PublicKey(PublicBytes)
}

public_role! {
    /// A ciphertext, the *group element* of KEM Sphinx.
    ///
    /// ```
    /// use mixwell_pq_kem::{XWing, Kem, kem::{Ciphertext, PrivateKey, SharedSecret}};
    ///
    /// let private = PrivateKey::<XWing>::generate(&mut rand::rng());
    /// let (mut ciphertext, mut secret) = (Ciphertext::default(), SharedSecret::default());
    /// XWing::encapsulate(&private.public_key()?, &mut rand::rng(), &mut ciphertext, &mut secret)?;
    ///
    /// let mut same = SharedSecret::default();
    /// XWing::decapsulate(&private.expand()?, &ciphertext, &mut same)?;
    /// assert_eq!(secret.as_bytes(), same.as_bytes());
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    Ciphertext(CiphertextBytes)
}

secret_role! {
    /// A private key in its seed form.
    ///
    /// ```
    /// use mixwell_pq_kem::{XWing, Kem, kem::{Ciphertext, PrivateKey, SharedSecret}};
    ///
    /// let private = PrivateKey::<XWing>::generate(&mut rand::rng());
    /// let (mut ciphertext, mut secret) = (Ciphertext::default(), SharedSecret::default());
    /// XWing::encapsulate(&private.public_key()?, &mut rand::rng(), &mut ciphertext, &mut secret)?;
    ///
    /// let mut same = SharedSecret::default();
    /// XWing::decapsulate(&private.expand()?, &ciphertext, &mut same)?;
    /// assert_eq!(secret.as_bytes(), same.as_bytes());
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    PrivateKey(PrivateBytes)
}

secret_role! {
    /// The seed that a key pair is derived from.
    ///
    /// ```
    /// use mixwell_pq_kem::{Kem, XWing, kem::Seed};
    /// use rand::Rng;
    ///
    /// let mut seed = Seed::<XWing>::default();
    /// rand::rng().fill_bytes(seed.as_bytes_mut());
    /// let private = XWing::from_seed(&seed);
    /// assert_eq!(private.public_key()?.as_bytes(), seed.public_key()?.as_bytes());
    /// # Ok::<(), mixwell_pq_kem::kem::KeyError>(())
    /// ```
    Seed(SeedBytes)
}

secret_role! {
    /// A shared secret.
    ///
    /// ```
    /// use mixwell_pq_kem::{XWing, Kem, kem::{Ciphertext, PrivateKey, SharedSecret}};
    ///
    /// let private = PrivateKey::<XWing>::generate(&mut rand::rng());
    /// let (mut ciphertext, mut secret) = (Ciphertext::default(), SharedSecret::default());
    /// XWing::encapsulate(&private.public_key()?, &mut rand::rng(), &mut ciphertext, &mut secret)?;
    ///
    /// let mut same = SharedSecret::default();
    /// XWing::decapsulate(&private.expand()?, &ciphertext, &mut same)?;
    /// assert_eq!(secret.as_bytes(), same.as_bytes());
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    SharedSecret(SecretBytes)
}

impl<K: Kem> PrivateKey<K> {
    /// A fresh private key.
    #[must_use]
    pub fn generate<R: CryptoRng + ?Sized>(rng: &mut R) -> Self {
        let mut seed = Seed::<K>::default();
        rng.fill_bytes(seed.as_bytes_mut().as_mut());
        K::from_seed(&seed)
    }

    /// The public key.
    ///
    /// # Errors
    /// [`KeyError`] if the private key is malformed.
    pub fn public_key(&self) -> Result<PublicKey<K>, KeyError> {
        KeySource::Private(self).public_key()
    }

    /// Expands the key by value, which leaves copies of it on the stack, unlike
    /// [`Kem::expand_into`].
    ///
    /// # Errors
    /// [`KeyError`] if the private key is malformed.
    pub fn expand(&self) -> Result<K::Expanded, KeyError> {
        let mut key = K::Expanded::default();
        // declassified: whether the encoded public key belongs to the seed
        K::expand_into(KeySource::Private(self), None, &mut key)?;
        Ok(key)
    }
}

impl<K: Kem> Seed<K> {
    /// The public key.
    ///
    /// # Errors
    /// None with the schemes of this crate.
    pub fn public_key(&self) -> Result<PublicKey<K>, KeyError> {
        KeySource::Seed(self).public_key()
    }
}
