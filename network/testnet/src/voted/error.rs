//! Errors of a network's start.

use core::{error::Error, fmt};
use mixwell_net::files::KeyFileError;
use mixwell_node::NodeError;
use mixwell_pki_types::SchemeError;
use mixwell_pq_kem::kem::KeyError;
use std::io;

/// The reason why a network can't start.
#[derive(Debug)]
#[non_exhaustive]
pub enum StartError {
    /// No loopback port is free.
    Listen(io::Error),
    /// A new key can't be used.
    Key(KeyFileError),
    /// An authority can't start.
    Authority(mixwell_authority::StartError),
    /// A node can't start.
    Node(NodeError),
    /// A client can't start.
    Client(mixwell_client::StartError),
}

impl fmt::Display for StartError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Listen(_) => "can't listen on a loopback port",
            Self::Key(_) => "can't make a key",
            Self::Authority(_) => "can't start an authority",
            Self::Node(_) => "can't start a node",
            Self::Client(_) => "can't start a client",
        })
    }
}

impl Error for StartError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        match self {
            Self::Listen(error) => Some(error),
            Self::Key(error) => Some(error),
            Self::Authority(error) => Some(error),
            Self::Node(error) => Some(error),
            Self::Client(error) => Some(error),
        }
    }
}

macro_rules! from {
    ($($variant:ident($error:ty)),+) => {$(
        impl From<$error> for StartError {
            fn from(error: $error) -> Self {
                Self::$variant(error.into())
            }
        }
    )+};
}

from!(
    Key(SchemeError),
    Key(KeyError),
    Authority(mixwell_authority::StartError),
    Node(NodeError),
    Client(mixwell_client::StartError)
);
