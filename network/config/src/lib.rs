#![doc = include_str!("../README.md")]

mod authority;
mod client;
pub mod geometry;
mod logging;
mod own;
mod reference;
mod server;
mod services;
mod shared;
mod source;
mod write;

pub use authority::{AuthorityConfiguration, DEFAULT_RATES};
pub use client::read_client;
pub use logging::{LogLevel, LogSettings, UnknownLogLevel};
pub use own::{FILE as OWN_FILE, MAX_EPOCH_SECONDS, MIN_EPOCH_SECONDS};
pub use server::{NodeLimits, ServerConfiguration};
pub use shared::read_geometry;
pub use source::{ConfigurationError, Note};
pub use write::{Listing, NetworkFiles, SharedSettings, WriteError};
