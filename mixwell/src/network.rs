//! A network: what its authorities, nodes and clients share, and those themselves, over real sockets.
#![expect(clippy::integer_division_remainder_used, reason = "`select!` draws at random whom it polls first")]

pub(crate) mod address;
pub(crate) mod authority;
pub(crate) mod carrier;
pub(crate) mod client;
pub(crate) mod clock;
pub(crate) mod config;
mod counters;
pub(crate) mod demo;
pub(crate) mod directory;
pub(crate) mod error;
pub(crate) mod files;
mod gateway;
pub(crate) mod keys;
pub(crate) mod launch;
mod letters;
mod link;
pub(crate) mod logging;
pub(crate) mod metrics;
pub(crate) mod mix;
pub(crate) mod mix_keys;
pub(crate) mod node;
mod packet;
pub(crate) mod packets;
pub(crate) mod peers;
pub(crate) mod pem;
pub(crate) mod pki_client;
pub(crate) mod randomness;
pub(crate) mod rendezvous;
pub(crate) mod runtime;
pub(crate) mod service;
#[cfg(test)]
mod testing;
