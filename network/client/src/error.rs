//! Errors of a client that can't start, and of a running one without a connection.

use core::{error::Error, fmt};
use mixwell_net::{clock::Offset, connect::ConnectError, directory_client::FetchErrors};
use mixwell_pki_types::Epoch;
use mixwell_pq_kem::kem::KeyError;
use mixwell_wire::StreamError;
use std::io;

/// The reason why a client can't start.
#[derive(Debug)]
#[non_exhaustive]
pub enum StartError {
    /// The Sphinx scheme with this name is unknown.
    UnknownScheme(String),
    /// No authority returned a consensus of the epoch.
    NoConsensus {
        /// The epoch.
        epoch: Epoch,
        /// Each authority's answer.
        errors: FetchErrors,
        /// Offset of this machine's clock, if peers' clocks show that it is wrong.
        clock_offset: Option<Offset>,
    },
    /// The network's packets are too short for the boxes of a rendezvous service.
    NoRoomForBoxes,
    /// A new link key can't be used.
    LinkKey(KeyError),
}

impl fmt::Display for StartError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::UnknownScheme(name) => write!(f, "unknown Sphinx scheme {name:?}"),
            Self::NoConsensus { epoch, errors, clock_offset } => {
                write!(f, "no consensus of epoch {epoch}: {errors}")?;
                clock_offset.map_or(Ok(()), |offset| write!(f, "; {offset}"))
            }
            Self::NoRoomForBoxes => f.write_str("the packets of this network are too short for boxes"),
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

/// The reason why a client is not connected.
#[derive(Debug)]
#[non_exhaustive]
pub enum ClientError {
    /// Neither the consensus nor the configuration lists the gateway.
    NoGateway,
    /// A new link key can't be used.
    Link(KeyError),
    /// The connection failed.
    Stream(StreamError<io::Error>),
    /// The gateway's answer is not a valid consensus, with the reason.
    Consensus(String),
    /// The gateway closed the connection.
    Closed,
    /// The gateway sent nothing for too long.
    Silence,
}

impl fmt::Display for ClientError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoGateway => f.write_str("no such gateway is in the consensus or the configuration"),
            Self::Link(error) => error.fmt(f),
            Self::Stream(StreamError::Refused) => {
                f.write_str("the gateway has another identity or link key than expected")
            }
            Self::Stream(error) => error.fmt(f),
            Self::Consensus(why) => write!(f, "the gateway's answer is not a valid consensus: {why}"),
            Self::Closed => f.write_str("the gateway closed the connection"),
            Self::Silence => f.write_str("the gateway has been silent for too long"),
        }
    }
}

impl Error for ClientError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        match self {
            Self::Link(error) => Some(error),
            Self::Stream(error) => Some(error),
            Self::NoGateway | Self::Consensus(_) | Self::Closed | Self::Silence => None,
        }
    }
}

impl From<ConnectError> for ClientError {
    fn from(error: ConnectError) -> Self {
        match error {
            ConnectError::Stream(error) => Self::Stream(error),
            _ => Self::NoGateway,
        }
    }
}

impl From<StreamError<io::Error>> for ClientError {
    fn from(error: StreamError<io::Error>) -> Self {
        Self::Stream(error)
    }
}
