//! A network: what its authorities, nodes and clients share, and those themselves, over real sockets.

pub(crate) mod authority;
mod buffer_pool;
pub(crate) mod client;
mod counters;
pub(crate) mod demo;
pub(crate) mod error;
mod gateway;
mod key_ring;
pub(crate) mod launch;
mod link;
pub(crate) mod logging;
pub(crate) mod metrics;
pub(crate) mod mix;
pub(crate) mod mix_keys;
pub(crate) mod node;
pub(crate) mod rendezvous;
pub(crate) mod rendezvous_client;
pub(crate) mod service;
#[cfg(test)]
mod testing;
mod unwrap;
mod upload;
