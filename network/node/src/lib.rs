#![doc = include_str!("../README.md")]

mod buffer_pool;
mod builder;
pub mod counters;
mod error;
mod faults;
mod gateway;
mod health;
mod incoming;
mod key_ring;
mod loop_decoys;
pub mod metrics;
mod mix;
mod mix_keys;
mod neighbours;
mod node;
mod outgoing;
mod rates;
mod release;
pub mod rendezvous;
mod service;
mod sizes;
pub mod unwrap;
mod unwrap_queue;
mod upload;

pub use builder::{Launch, Launched};
pub use error::LaunchError;
pub use faults::{Fault, Faults};
pub use gateway::gzip;
pub use key_ring::KeyRing;
pub use mix_keys::MixKeys;
pub use node::{Node, NodeConfig};
pub use service::{Services, capabilities, services};
pub use sizes::{Sizes, packets_of};
pub use upload::NodeDescription;
