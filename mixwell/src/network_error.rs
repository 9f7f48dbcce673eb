//! Errors of commands that run a node, an authority or a client.

use core::error::Error;
use mixwell_config::WriteError;
use mixwell_net::{
    files::{KeyFileError, LockError},
    runtime::StartError,
};
use mixwell_node::NodeError;
use mixwell_pki_types::{Epoch, Period, SchemeError};
use mixwell_pq_kem::kem::KeyError;
use std::{fmt, io, path::PathBuf};

/// The failure of a part of a network.
#[derive(Debug)]
pub(crate) enum NetworkError {
    /// An authority cannot start.
    Authority(mixwell_authority::StartError),
    /// A key file, or another file of a data folder.
    KeyFile(KeyFileError),
    /// A configuration is wrong.
    Configuration(mixwell_config::ConfigurationError),
    /// A configuration can't be written.
    WriteConfiguration(WriteError),
    /// Nothing can listen on an address.
    Listen(String, io::Error),
    /// The runtime can't be started.
    Runtime(StartError),
    /// An authority's own keys are not in its configuration.
    NotNamed(PathBuf),
    /// A data folder lacks the identity or link key.
    NoKeys(PathBuf),
    /// A data folder can't be locked.
    Lock(LockError),
    /// A node can't start, or stopped with an error.
    Node(NodeError),
    /// A client can't start.
    ClientStart(mixwell_client::StartError),
    /// A folder that should be new exists.
    Exists(PathBuf),
    /// There is no such KEM or signature scheme.
    NoSuchScheme(String),
    /// The ports above the first one are too few for all members.
    TooManyPorts(u16, u16),
    /// An unknown Sphinx scheme, with the reason.
    UnknownScheme(String),
    /// The network of the demonstration can't start.
    TestNetwork(mixwell_testnet::voted::StartError),
    /// The demonstration failed, with the reason.
    Demo(&'static str),
    /// A client failed, with the reason.
    Client(String),
    /// Not every message came back.
    Pings,
    /// No authority gave a consensus of an epoch.
    NoConsensus {
        epoch: Epoch,
        period: Period,
        /// Each authority's error, with the space or line break before it.
        why: String,
    },
    /// No authority answers.
    Unreachable,
    /// There is no such authority in a configuration.
    NoSuchAuthority(PathBuf, String),
}

impl fmt::Display for NetworkError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Authority(error) => with_sources(error, f),
            Self::TestNetwork(error) => with_sources(error, f),
            Self::KeyFile(error) => error.fmt(f),
            Self::Configuration(error) => with_sources(error, f),
            Self::WriteConfiguration(error) => with_sources(error, f),
            Self::Listen(address, error) => write!(f, "can't listen on {address}: {error}"),
            Self::Runtime(error) => error.fmt(f),
            Self::NotNamed(path) => write!(
                f,
                "{}: [[Authorities]] does not list this authority with the identity and link key in its data folder",
                path.display()
            ),
            Self::NoKeys(path) => write!(
                f,
                "{} has no identity and link key: if this should not be a new one, see that DataDir is right and its disk \
                 mounted; --generate-keys makes new keys there, `mixwell genconfig` those of a whole network",
                path.display()
            ),
            Self::Lock(error) => error.fmt(f),
            Self::Node(error) => error.fmt(f),
            Self::ClientStart(error) => error.fmt(f),
            Self::Exists(path) => write!(f, "{} exists; choose a new folder", path.display()),
            Self::NoSuchScheme(name) => write!(f, "unknown scheme {name:?}; `mixwell schemes` lists them"),
            Self::TooManyPorts(first, parts) => {
                write!(f, "{parts} members need two ports each: too many for the ports from {first} on")
            }
            Self::UnknownScheme(why) => write!(f, "Sphinx scheme: {why}"),
            Self::Demo(why) => f.write_str(why),
            Self::Client(why) => f.write_str(why),
            Self::Pings => f.write_str("not every message came back"),
            Self::NoConsensus { epoch, period, why } => write!(
                f,
                "no consensus of epoch {epoch} (epochs of {} s, by mixwell.toml, --epoch-seconds or \
                 MIXWELL_EPOCH_SECONDS):{why}",
                period.duration().as_secs()
            ),
            Self::Unreachable => f.write_str("no authority answered"),
            Self::NoSuchAuthority(path, name) => write!(f, "{} lists no authority {name:?}", path.display()),
        }
    }
}

impl Error for NetworkError {}

/// Writes an error and its sources.
fn with_sources(error: &dyn Error, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    write!(f, "{error}")?;
    let mut source = error.source();
    while let Some(error) = source {
        write!(f, ": {error}")?;
        source = error.source();
    }
    Ok(())
}

macro_rules! from {
    ($($variant:ident($error:ty)),+) => {$(
        impl From<$error> for NetworkError {
            fn from(error: $error) -> Self {
                Self::$variant(error.into())
            }
        }
    )+};
}

from!(
    Authority(mixwell_authority::StartError),
    ClientStart(mixwell_client::StartError),
    Configuration(mixwell_config::ConfigurationError),
    KeyFile(KeyError),
    KeyFile(KeyFileError),
    KeyFile(SchemeError),
    Lock(LockError),
    Node(NodeError),
    Runtime(StartError),
    TestNetwork(mixwell_testnet::voted::StartError),
    WriteConfiguration(WriteError)
);
