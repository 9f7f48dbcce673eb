#![doc = include_str!("../README.md")]

mod agreement;
mod builder;
mod canonical;
mod complaints;
mod differences;
mod error;
mod journal;
mod keeper;
mod lambda_g;
pub mod message;
mod policy;
mod relay;
mod round;
mod schedule;
mod server;
mod shared_random;
mod signer;
mod state;
mod statement_kind;
mod store;
mod tally;
mod tasks;
#[cfg(test)]
#[path = "../tests/unit/mod.rs"]
mod tests;
mod topology;

pub use builder::{AuthorityBuilder, AuthorityHandle};
pub use error::{StartError, StoreError};
pub use journal::{Changes, Saved};
pub use keeper::Keeper;
pub use policy::{Policy, Settings};
pub use state::State;
pub use store::Store;
pub use topology::Layers;
