//! What keeps a node from starting, or from going on.

use core::{error::Error, fmt};
use mixwell_net::files::KeyFileError;
use mixwell_pki_types::SchemeError;
use mixwell_sphinx::WrongScheme;

/// Why a node can't start, or has to stop.
#[derive(Debug)]
#[non_exhaustive]
pub enum LaunchError {
    /// A mix key's file, or the folder of mix keys.
    KeyFile(KeyFileError),
    /// The identity key can't sign.
    Signature(SchemeError),
    /// No Sphinx scheme of this name is known here.
    UnknownScheme(String),
    /// The geometry is one of another scheme.
    WrongScheme(WrongScheme),
}

impl fmt::Display for LaunchError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::KeyFile(error) => error.fmt(f),
            Self::Signature(error) => error.fmt(f),
            Self::UnknownScheme(name) => write!(f, "Sphinx scheme: no {name:?} is known here"),
            Self::WrongScheme(error) => write!(f, "Sphinx scheme: {error}"),
        }
    }
}

impl Error for LaunchError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        match self {
            Self::KeyFile(error) => Some(error),
            Self::Signature(error) => Some(error),
            Self::UnknownScheme(_) => None,
            Self::WrongScheme(error) => Some(error),
        }
    }
}

impl From<KeyFileError> for LaunchError {
    fn from(error: KeyFileError) -> Self {
        Self::KeyFile(error)
    }
}

impl From<SchemeError> for LaunchError {
    fn from(error: SchemeError) -> Self {
        Self::Signature(error)
    }
}
