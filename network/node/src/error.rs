//! Errors of starting and running a node.

use core::{error::Error, fmt};
use mixwell_net::files::KeyFileError;
use mixwell_pki_types::SchemeError;

/// The reason why a node can't start, or has to stop.
#[derive(Debug)]
#[non_exhaustive]
pub enum NodeError {
    /// A mix key's file, or the folder of mix keys.
    KeyFile(KeyFileError),
    /// The identity key can't sign descriptors.
    Signature(SchemeError),
    /// The geometry names a Sphinx scheme that is not built in.
    UnknownScheme(String),
}

impl fmt::Display for NodeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::KeyFile(error) => error.fmt(f),
            Self::Signature(error) => error.fmt(f),
            Self::UnknownScheme(name) => write!(f, "unknown Sphinx scheme {name:?}"),
        }
    }
}

impl Error for NodeError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        match self {
            // displayed unchanged, so that the source is the next error behind it
            Self::KeyFile(error) => error.source(),
            Self::Signature(error) => error.source(),
            Self::UnknownScheme(_) => None,
        }
    }
}

impl From<KeyFileError> for NodeError {
    fn from(error: KeyFileError) -> Self {
        Self::KeyFile(error)
    }
}

impl From<SchemeError> for NodeError {
    fn from(error: SchemeError) -> Self {
        Self::Signature(error)
    }
}
