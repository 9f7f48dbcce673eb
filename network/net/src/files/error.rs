//! Errors of key files.

use core::{error::Error, fmt};
use mixwell_pki_types::SchemeError;
use mixwell_pq_kem::kem::KeyError;
use std::{io, path::PathBuf};

/// A key file, or its folder, that cannot be used.
#[derive(Debug)]
#[non_exhaustive]
pub enum KeyFileError {
    /// A file can't be read.
    Read(PathBuf, io::Error),
    /// A file can't be written.
    Write(PathBuf, io::Error),
    /// A private file can be read by others; its permissions.
    TooReadable(PathBuf, u32),
    /// A file does not hold the expected key, with the reason.
    Malformed(PathBuf, String),
    /// A new signature key can't be used.
    Signature(SchemeError),
    /// A new KEM key can't be used.
    Kem(KeyError),
}

impl fmt::Display for KeyFileError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Read(path, error) => write!(f, "can't read {}: {error}", path.display()),
            Self::Write(path, error) => write!(f, "can't write {}: {error}", path.display()),
            Self::TooReadable(path, mode) => write!(
                f,
                "{} may be read by others (permissions {mode:03o}): it holds a private key; chmod 600 it",
                path.display()
            ),
            Self::Malformed(path, why) => write!(f, "{}: {why}", path.display()),
            Self::Signature(error) => error.fmt(f),
            Self::Kem(error) => error.fmt(f),
        }
    }
}

impl Error for KeyFileError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        match self {
            Self::Read(_, error) | Self::Write(_, error) => Some(error),
            Self::TooReadable(..) | Self::Malformed(..) => None,
            Self::Signature(error) => Some(error),
            Self::Kem(error) => Some(error),
        }
    }
}

impl From<SchemeError> for KeyFileError {
    fn from(error: SchemeError) -> Self {
        Self::Signature(error)
    }
}

impl From<KeyError> for KeyFileError {
    fn from(error: KeyError) -> Self {
        Self::Kem(error)
    }
}
