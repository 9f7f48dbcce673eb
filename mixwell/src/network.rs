//! A network: what its authorities, nodes and clients share, and those themselves, over real sockets.
#![expect(clippy::integer_division_remainder_used, reason = "`select!` draws at random whom it polls first")]

mod accept;
pub(crate) mod address;
pub(crate) mod authorities;
pub(crate) mod authority;
mod buffer_pool;
pub(crate) mod client;
pub(crate) mod clock;
pub(crate) mod codec;
mod compose;
pub(crate) mod config;
mod connect;
pub(crate) mod consensus;
mod counters;
pub(crate) mod demo;
pub(crate) mod directory;
pub(crate) mod directory_client;
pub(crate) mod error;
pub(crate) mod files;
mod gateway;
mod key_ring;
pub(crate) mod keys;
pub(crate) mod launch;
mod link;
pub(crate) mod logging;
pub(crate) mod metrics;
pub(crate) mod mix;
pub(crate) mod mix_keys;
pub(crate) mod node;
pub(crate) mod pem;
pub(crate) mod randomness;
pub(crate) mod rendezvous;
pub(crate) mod rendezvous_client;
pub(crate) mod runtime;
pub(crate) mod service;
mod stopwatch;
#[cfg(test)]
mod testing;
mod unwrap;
mod upload;
