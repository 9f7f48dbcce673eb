//! Errors that keep a chat from starting, or that end it.

use mixwell_chat::StateError;
use std::{fmt, io, path::PathBuf};

/// The reason why a chat can't start or has to stop.
#[derive(Debug)]
#[non_exhaustive]
pub enum Error {
    /// A file can't be read.
    Read(PathBuf, io::Error),
    /// A file can't be written.
    Write(PathBuf, io::Error),
    /// The folder cannot be used for a chat; the reason.
    Folder(PathBuf, String),
    /// A file is malformed; the reason.
    File(PathBuf, String),
    /// The state of a conversation can't be restored.
    State(PathBuf, StateError),
    /// The terminal can't be used.
    Terminal(io::Error),
    /// The passphrase of the history was not given.
    Passphrase(&'static str),
    /// The network can't be used; the reason.
    Network(String),
    /// A script failed; the reason.
    Script(String),
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Read(path, error) => write!(f, "can't read {}: {error}", path.display()),
            Self::Write(path, error) => write!(f, "can't write {}: {error}", path.display()),
            Self::Folder(path, why) | Self::File(path, why) => write!(f, "{}: {why}", path.display()),
            Self::State(path, error) => write!(f, "{}: {error}", path.display()),
            Self::Terminal(error) => write!(f, "can't use the terminal: {error}"),
            Self::Passphrase(why) => f.write_str(why),
            Self::Network(why) | Self::Script(why) => f.write_str(why),
        }
    }
}

impl core::error::Error for Error {
    fn source(&self) -> Option<&(dyn core::error::Error + 'static)> {
        match self {
            Self::Read(_, error) | Self::Write(_, error) | Self::Terminal(error) => Some(error),
            Self::State(_, error) => Some(error),
            Self::Folder(..) | Self::File(..) | Self::Passphrase(_) | Self::Network(_) | Self::Script(_) => None,
        }
    }
}
