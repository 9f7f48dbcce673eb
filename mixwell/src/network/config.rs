//! Configurations in the form of the reference implementation, and what is wrong with them, by line.
//!
//! What this tool has no use for is told of; `docs/settings.md` has the table. Its own settings are in a file beside, `mixwell.toml`.

mod authority;
mod client;
mod own;
mod reference;
mod server;
mod services;
mod source;

pub(crate) use authority::AuthorityConfiguration;
pub(crate) use client::ClientConfiguration;
pub(crate) use own::{FILE as OWN_FILE, MAX_EPOCH_SECONDS, MIN_EPOCH_SECONDS};
pub(crate) use server::ServerConfiguration;
pub(crate) use source::{ConfigurationError, Note, read_geometry};
