//! Configurations in the form of the reference implementation, and what is wrong with them, by line.
//!
//! What this tool has no use for is passed over with a note. Its own settings stand in a section `[Mixwell]`.

mod authority;
mod client;
mod server;
mod source;

pub(crate) use authority::{AuthorityConfiguration, NodeKind, PermittedNode, PermittedReplica};
pub(crate) use client::ClientConfiguration;
pub(crate) use server::ServerConfiguration;
pub(crate) use source::{ConfigurationError, read_geometry};
