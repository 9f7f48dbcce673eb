#![doc = include_str!("../README.md")]

mod any_sphinx;
mod buffer_pool;
mod builder;
pub mod check;
pub mod counters;
mod error;
mod faults;
mod gateway;
mod health;
mod incoming;
mod key_ring;
mod limits;
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
mod running;
mod service;
pub mod unwrap;
mod unwrap_queue;
mod upload;

pub use any_sphinx::AnySphinx;
pub use builder::NodeBuilder;
pub use error::NodeError;
pub use faults::{Fault, Faults};
#[cfg(fuzzing)]
pub use gateway::fuzzing;
pub use gateway::gzip;
pub use key_ring::KeyRing;
pub use limits::{ResourceLimits, packets_of};
pub use mix_keys::MixKeys;
pub use node::{Node, NodeConfig};
pub use running::RunningNode;
pub use service::{Echo, Service, ServiceError, Services};
pub use upload::NodeDescription;
