//! Key encapsulation mechanisms (KEMs).

use crate::ByteArray;
use core::fmt;
use rand_core::CryptoRng;
use zeroize::{Zeroize, ZeroizeOnDrop};

/// A KEM scheme: a unit type such as [`XWing`](crate::XWing).
pub trait Kem: Sized + Send + Sync + 'static {
    /// The name in geometries, PEM, PKI documents and Noise protocol names. Configuration may spell
    /// it in any case.
    const NAME: &'static str;

    /// An encoded public key.
    type PublicBytes: ByteArray;
    /// An encoded private key, as it travels: mostly the public key, then the seed.
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
    /// leaves a copy behind. Writes the public key too if `public` is given; it comes of the same
    /// work.
    ///
    /// # Errors
    /// [`KeyError`] if the private key is malformed; `key` is empty then, and `public` has no
    /// meaning. Seeds of the schemes of this crate never fail.
    fn expand_into(
        source: KeySource<'_, Self>,
        public: Option<&mut PublicKey<Self>>,
        key: &mut Self::Expanded,
    ) -> Result<(), KeyError>;

    /// Encapsulates a fresh secret to the owner of `public`.
    ///
    /// # Errors
    /// [`KeyError`] if the public key is malformed; `ciphertext` and `secret` hold nothing of use
    /// then.
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
    /// [`DecapsulateError`] if the ciphertext cannot hold a secret; `secret` holds nothing of use
    /// then.
    fn decapsulate(
        key: &Self::Expanded,
        ciphertext: &Ciphertext<Self>,
        secret: &mut SharedSecret<Self>,
    ) -> Result<(), DecapsulateError>;
}

/// The secret that a key pair is expanded from.
#[expect(clippy::exhaustive_enums, reason = "a private key has these two forms")]
pub enum KeySource<'a, K: Kem> {
    /// A seed.
    Seed(&'a Seed<K>),
    /// An encoded private key. If it carries its public key, that is checked.
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
            /// Takes the encoding as it is.
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
            /// Takes the bytes as they are; wipe yours.
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
    PublicKey(PublicBytes)
}

public_role! {
    /// A ciphertext, the *group element* of KEM Sphinx.
    Ciphertext(CiphertextBytes)
}

secret_role! {
    /// A private key in its seed form.
    PrivateKey(PrivateBytes)
}

secret_role! {
    /// The seed that a key pair is derived from.
    Seed(SeedBytes)
}

secret_role! {
    /// A shared secret.
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

    /// The expanded key by value, which leaves copies of it on the stack; [`Kem::expand_into`] does
    /// not.
    ///
    /// # Errors
    /// [`KeyError`] if the private key is malformed.
    pub fn expand(&self) -> Result<K::Expanded, KeyError> {
        let mut key = K::Expanded::default();
        // declassified: whether the public key in it is its own
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
