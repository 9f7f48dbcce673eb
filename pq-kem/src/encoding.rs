//! Keys from slices and to slices, whatever the scheme.

use crate::{ByteArray, Kem, Nike, kem, nike};
use core::fmt;

/// The kind of an encoding, in a [`KeyLength`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum KeyKind {
    /// A public key.
    PublicKey,
    /// A private key.
    PrivateKey,
    /// A key pair's seed.
    Seed,
    /// A ciphertext.
    Ciphertext,
}

/// Bytes that are no encoding of the scheme: their number is another.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(clippy::exhaustive_structs, reason = "a length, and what it is the length of")]
pub struct KeyLength {
    /// The scheme's name.
    pub scheme: &'static str,
    /// The kind of the encoding.
    pub kind: KeyKind,
    /// Bytes given.
    pub got: usize,
    /// Bytes of the encoding.
    pub want: usize,
}

impl fmt::Display for KeyKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::PublicKey => "public key",
            Self::PrivateKey => "private key",
            Self::Seed => "seed",
            Self::Ciphertext => "ciphertext",
        })
    }
}

impl fmt::Display for KeyLength {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { scheme, kind, got, want } = self;
        write!(f, "{scheme} {kind} is {got} bytes, want {want}")
    }
}

impl core::error::Error for KeyLength {}

/// The bytes as an array, or an error with both lengths.
fn array<'a, A: ByteArray>(scheme: &'static str, kind: KeyKind, bytes: &'a [u8]) -> Result<&'a A, KeyLength> {
    A::from_slice(bytes).ok_or(KeyLength { scheme, kind, got: bytes.len(), want: A::LEN })
}

macro_rules! encoded {
    ($scheme:ident: $key:ty, $kind:ident) => {
        /// Copies the encoding; nothing else about it is checked.
        impl<S: $scheme> TryFrom<&[u8]> for $key {
            type Error = KeyLength;

            fn try_from(bytes: &[u8]) -> Result<Self, KeyLength> {
                array(S::NAME, KeyKind::$kind, bytes).map(|bytes| Self::from_bytes(*bytes))
            }
        }

        /// The encoding.
        impl<S: $scheme> AsRef<[u8]> for $key {
            fn as_ref(&self) -> &[u8] {
                self.as_bytes().as_ref()
            }
        }
    };
}

macro_rules! public_encoded {
    ($scheme:ident: $key:ty, $kind:ident) => {
        encoded!($scheme: $key, $kind);

        /// The encoding where it is, without a copy; nothing else about it is checked.
        impl<'a, S: $scheme> TryFrom<&'a [u8]> for &'a $key {
            type Error = KeyLength;

            fn try_from(bytes: &'a [u8]) -> Result<Self, KeyLength> {
                array(S::NAME, KeyKind::$kind, bytes).map(<$key>::from_bytes_ref)
            }
        }
    };
}

public_encoded!(Nike: nike::PublicKey<S>, PublicKey);
public_encoded!(Kem: kem::PublicKey<S>, PublicKey);
public_encoded!(Kem: kem::Ciphertext<S>, Ciphertext);
encoded!(Nike: nike::PrivateKey<S>, PrivateKey);
encoded!(Kem: kem::PrivateKey<S>, PrivateKey);
encoded!(Kem: kem::Seed<S>, Seed);
