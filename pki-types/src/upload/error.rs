//! Faults of an upload.

use crate::{DecodeError, KeyHash, SchemeError, cbor::BufferTooSmall};
use core::fmt;

/// The reason why an upload does not verify, or cannot be signed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum UploadError {
    /// The upload has no signature.
    NotSigned,
    /// The upload claims a signature by another key than the descriptor's.
    Signer {
        /// The hash of the claimed key.
        signer: KeyHash,
        /// The hash of the descriptor's identity key.
        node: KeyHash,
    },
    /// The signature is invalid, or the scheme refuses the key.
    Scheme(SchemeError),
    /// The descriptor to be signed is malformed.
    Decode(DecodeError),
    /// The upload does not fit.
    Buffer(BufferTooSmall),
}

impl From<SchemeError> for UploadError {
    fn from(error: SchemeError) -> Self {
        Self::Scheme(error)
    }
}

impl From<BufferTooSmall> for UploadError {
    fn from(error: BufferTooSmall) -> Self {
        Self::Buffer(error)
    }
}

impl fmt::Display for UploadError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotSigned => f.write_str("upload is not signed"),
            Self::Signer { signer, node } => write!(f, "upload is signed by {signer}, want {node}"),
            Self::Scheme(error) => error.fmt(f),
            Self::Decode(error) => write!(f, "cannot decode descriptor: {error}"),
            Self::Buffer(error) => error.fmt(f),
        }
    }
}

impl core::error::Error for UploadError {}
