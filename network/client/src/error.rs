//! What keeps a client from starting.

use core::{error::Error, fmt};
use mixwell_net::{clock::Offset, directory_client::FetchErrors};
use mixwell_pki_types::Epoch;
use mixwell_pq_kem::kem::KeyError;

/// Why a client can't start.
#[derive(Debug)]
#[non_exhaustive]
pub enum StartError {
    /// No Sphinx scheme of this name is known here.
    UnknownScheme(String),
    /// No authority gave a consensus of the epoch.
    NoConsensus {
        /// The epoch.
        epoch: Epoch,
        /// What each authority answered.
        errors: FetchErrors,
        /// How far this machine's clock is off, if peers' clocks show that it is.
        clock_offset: Option<Offset>,
    },
    /// The packets of the network have no room for the boxes of a rendezvous service.
    NoRoomForBoxes,
    /// A link key that was just made can't be used.
    LinkKey(KeyError),
}

impl fmt::Display for StartError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::UnknownScheme(name) => write!(f, "Sphinx scheme: no {name:?} is known here"),
            Self::NoConsensus { epoch, errors, clock_offset } => {
                write!(f, "no consensus of epoch {epoch}: {errors}")?;
                clock_offset.map_or(Ok(()), |offset| write!(f, "; {offset}"))
            }
            Self::NoRoomForBoxes => f.write_str("the packets of this network have no room for boxes"),
            Self::LinkKey(error) => error.fmt(f),
        }
    }
}

impl Error for StartError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        match self {
            Self::UnknownScheme(_) | Self::NoRoomForBoxes | Self::NoConsensus { .. } => None,
            Self::LinkKey(error) => Some(error),
        }
    }
}

impl From<KeyError> for StartError {
    fn from(error: KeyError) -> Self {
        Self::LinkKey(error)
    }
}
