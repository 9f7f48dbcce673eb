#![doc = include_str!("../README.md")]

mod buffer_pool;
pub mod counters;
mod error;
mod faults;
mod gateway;
mod key_ring;
mod launch;
mod link;
pub mod metrics;
mod mix;
mod mix_keys;
mod node;
pub mod rendezvous;
mod service;
pub mod unwrap;
mod upload;

pub use error::LaunchError;
pub use faults::{Fault, Faults};
pub use gateway::gzip;
pub use key_ring::KeyRing;
pub use launch::{Launch, Launched};
pub use mix_keys::MixKeys;
pub use node::{Node, Parts, Sizes, packets_of};
pub use service::{Services, capabilities, services};
pub use upload::NodeDescription;
