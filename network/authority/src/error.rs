//! Errors of starting an authority and of its store.

use core::{error::Error, fmt};
use mixwell_net::files::KeyFileError;
use mixwell_pki_types::KeyHash;
use std::{io, path::PathBuf};

/// The reason why an authority could not start.
#[derive(Debug)]
#[non_exhaustive]
pub enum StartError {
    /// The network's authorities do not include the identity.
    NotListed(KeyHash),
    /// The network's authorities list another link key for the identity.
    LinkKey(KeyHash),
    /// The store cannot be opened.
    Store(StoreError),
}

impl fmt::Display for StartError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotListed(id) => write!(f, "the identity {id} is not one of the network's authorities"),
            Self::LinkKey(id) => write!(f, "the network lists another link key for the authority {id}"),
            Self::Store(_) => f.write_str("cannot open the authority's store"),
        }
    }
}

impl Error for StartError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        match self {
            Self::NotListed(_) | Self::LinkKey(_) => None,
            Self::Store(error) => Some(error),
        }
    }
}

impl From<StoreError> for StartError {
    fn from(error: StoreError) -> Self {
        Self::Store(error)
    }
}

/// The reason why a [`Store`](crate::Store) cannot be opened or written.
#[derive(Debug)]
#[non_exhaustive]
pub enum StoreError {
    /// The folder cannot be created, or others can read it.
    Folder(KeyFileError),
    /// The store in this folder cannot be read.
    Read(PathBuf, io::Error),
    /// The store in this folder cannot be written.
    Write(PathBuf, io::Error),
}

impl fmt::Display for StoreError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Folder(_) => f.write_str("unusable folder"),
            Self::Read(folder, _) => write!(f, "cannot read {}", folder.display()),
            Self::Write(folder, _) => write!(f, "cannot write to {}", folder.display()),
        }
    }
}

impl Error for StoreError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        match self {
            Self::Folder(error) => Some(error),
            Self::Read(_, error) | Self::Write(_, error) => Some(error),
        }
    }
}
