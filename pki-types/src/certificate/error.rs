//! Errors of certificates.

use super::MAX_KEYS;
use crate::{DecodeError, Epoch, KeyHash, SchemeError, cbor::BufferTooSmall};
use core::fmt;

/// The reason why bytes are not a certificate.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum CertificateError {
    /// The bytes cannot be decoded.
    Decode(DecodeError),
    /// The certificate's version is unknown.
    Version {
        /// The version.
        got: u32,
    },
    /// The certificate names no signature scheme.
    NoKeyType,
    /// The certificate's payload is empty.
    NoPayload,
}

/// The reason why a certificate does not verify.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum VerifyError {
    /// The certificate is no longer valid.
    Expired {
        /// The first epoch in which it is no longer valid.
        expiration: Epoch,
        /// The current epoch.
        now: Epoch,
    },
    /// A key in the list has a different scheme from the certificate's.
    KeyType {
        /// The key's position in the list.
        key: usize,
    },
    /// A key did not sign.
    NotSigned {
        /// The key.
        signer: KeyHash,
    },
    /// A key's signature is invalid.
    BadSignature {
        /// The key.
        signer: KeyHash,
    },
    /// The threshold is zero or above the number of distinct keys, or there are no keys.
    ThresholdRange {
        /// The threshold.
        threshold: usize,
        /// The number of distinct keys.
        keys: usize,
    },
    /// Too few keys have a valid signature.
    ThresholdNotMet {
        /// The number of keys with a valid signature.
        good: usize,
        /// The number of keys with an invalid signature.
        bad: usize,
        /// The number of keys without a signature.
        missing: usize,
        /// The threshold.
        threshold: usize,
    },
    /// There are more than [`MAX_KEYS`] keys in the list.
    TooManyKeys {
        /// The number of keys.
        keys: usize,
    },
}

/// The reason why a certificate cannot be signed, or a signature cannot be added.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum SignError {
    /// The payload is empty.
    NoPayload,
    /// The certificate is no longer valid.
    Expired {
        /// The first epoch in which it is no longer valid.
        expiration: Epoch,
        /// The current epoch.
        now: Epoch,
    },
    /// The key has a different scheme from the certificate's.
    KeyType,
    /// The certificate already has a signature of this key.
    DuplicateSignature {
        /// The key.
        signer: KeyHash,
    },
    /// The scheme refuses the key, or the signature to be added is invalid.
    Scheme(SchemeError),
    /// The certificate does not fit.
    Buffer(BufferTooSmall),
}

impl From<DecodeError> for CertificateError {
    fn from(error: DecodeError) -> Self {
        Self::Decode(error)
    }
}

impl From<SchemeError> for SignError {
    fn from(error: SchemeError) -> Self {
        Self::Scheme(error)
    }
}

impl From<BufferTooSmall> for SignError {
    fn from(error: BufferTooSmall) -> Self {
        Self::Buffer(error)
    }
}

impl fmt::Display for CertificateError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Decode(error) => write!(f, "cannot decode certificate: {error}"),
            Self::Version { got } => write!(f, "certificate is of version {got}, want 0"),
            Self::NoKeyType => f.write_str("certificate names no signature scheme"),
            Self::NoPayload => f.write_str("certificate has no payload"),
        }
    }
}

impl fmt::Display for VerifyError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Expired { expiration, now } => {
                write!(f, "certificate expired with epoch {expiration}, the epoch is {now}")
            }
            Self::KeyType { key } => write!(f, "key {key} is of another scheme than the certificate"),
            Self::NotSigned { signer } => write!(f, "no signature by {signer}"),
            Self::BadSignature { signer } => write!(f, "signature by {signer} is bad"),
            Self::ThresholdRange { threshold, keys } => {
                write!(f, "threshold is {threshold}, want 1 to the number of keys, {keys}")
            }
            Self::ThresholdNotMet { good, bad, missing, threshold } => {
                write!(f, "{good} good signatures, want {threshold}; {bad} are bad and {missing} missing")
            }
            Self::TooManyKeys { keys } => write!(f, "{keys} keys, at most {MAX_KEYS} are taken"),
        }
    }
}

impl fmt::Display for SignError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoPayload => f.write_str("payload is empty"),
            Self::Expired { expiration, now } => {
                write!(f, "certificate expired with epoch {expiration}, the epoch is {now}")
            }
            Self::KeyType => f.write_str("key is of another scheme than the certificate"),
            Self::DuplicateSignature { signer } => write!(f, "{signer} signed already"),
            Self::Scheme(error) => error.fmt(f),
            Self::Buffer(error) => error.fmt(f),
        }
    }
}

impl core::error::Error for CertificateError {}
impl core::error::Error for VerifyError {}
impl core::error::Error for SignError {}
