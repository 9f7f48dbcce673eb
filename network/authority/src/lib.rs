#![doc = include_str!("../README.md")]

mod agreement;
mod canonical;
mod complaints;
mod differences;
mod journal;
mod keeper;
mod lambda_g;
mod message;
mod policy;
mod relay;
mod round;
mod schedule;
mod serve;
mod server;
mod shared_random;
mod signer;
mod state;
mod store;
mod tally;
#[cfg(test)]
#[path = "../tests/unit/mod.rs"]
mod tests;
mod topology;

pub use journal::Saved;
pub use keeper::Keeper;
pub use policy::{PacketFormat, Policy, Settings};
pub use serve::{AuthorityNode, serve};
pub use state::State;
pub use store::Store;
pub use topology::Layers;
