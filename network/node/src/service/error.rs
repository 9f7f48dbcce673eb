//! The reason why a service can't be offered.

use core::{error::Error, fmt};

/// The reason why a service can't be offered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum ServiceError {
    /// The endpoint does not fit into a recipient id.
    EndpointTooLong {
        /// The endpoint's length in bytes.
        got: usize,
        /// The maximum.
        max: usize,
    },
    /// Another service of the node has the capability or the endpoint.
    InUse,
}

impl fmt::Display for ServiceError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::EndpointTooLong { got, max } => write!(f, "the endpoint has {got} bytes; the maximum is {max}"),
            Self::InUse => f.write_str("another service has this capability or endpoint"),
        }
    }
}

impl Error for ServiceError {}
