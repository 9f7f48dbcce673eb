//! Errors of requests to authorities.

use crate::{connect::ConnectError, consensus::ConsensusFault};
use core::fmt;
use mixwell_wire::{ConsensusStatus, StreamError};
use std::io;

/// The reason why a request to an authority failed.
#[derive(Debug)]
#[non_exhaustive]
pub enum ExchangeError {
    /// The configuration lists no address of the authority.
    NoAddress,
    /// The connection or the session failed.
    Stream(StreamError<io::Error>),
    /// The authority closed the connection instead of answering.
    Closed,
    /// The authority answered with an unexpected command.
    Answer,
    /// The authority has no consensus of the epoch.
    NoConsensus(ConsensusStatus),
    /// The authority's consensus is not valid.
    Consensus(ConsensusFault),
}

impl From<ConnectError> for ExchangeError {
    fn from(error: ConnectError) -> Self {
        match error {
            ConnectError::NoAddress => Self::NoAddress,
            ConnectError::Stream(error) => Self::Stream(error),
        }
    }
}

impl ExchangeError {
    /// The error for an answer that could not be received.
    pub(super) fn unanswered(error: StreamError<io::Error>) -> Self {
        match error {
            StreamError::Closed => Self::Closed,
            StreamError::Io(error) if error.kind() == io::ErrorKind::ConnectionReset => Self::Closed,
            error => Self::Stream(error),
        }
    }
}

impl From<StreamError<io::Error>> for ExchangeError {
    fn from(error: StreamError<io::Error>) -> Self {
        Self::Stream(error)
    }
}

impl fmt::Display for ExchangeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoAddress => f.write_str("no address"),
            Self::Stream(StreamError::Refused) => {
                f.write_str("its identity or link key differs from the configured one")
            }
            Self::Stream(error) => error.fmt(f),
            Self::Closed => f.write_str("it closed the connection instead of answering"),
            Self::Answer => f.write_str("it answered with an unexpected command"),
            Self::NoConsensus(ConsensusStatus::NotFound) => f.write_str("it has no consensus of that epoch yet"),
            Self::NoConsensus(_) => f.write_str("it has no consensus of that epoch"),
            Self::Consensus(error) => error.fmt(f),
        }
    }
}

impl core::error::Error for ExchangeError {}

/// The errors of all authorities, when none returned a valid consensus.
#[derive(Debug)]
pub struct FetchErrors(pub Vec<(String, ExchangeError)>);

impl fmt::Display for FetchErrors {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut separator = "";
        self.0.iter().try_for_each(|(authority, error)| {
            write!(f, "{separator}{authority}: {error}")?;
            separator = "; ";
            Ok(())
        })
    }
}

impl core::error::Error for FetchErrors {}
