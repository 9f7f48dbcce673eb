#![doc = include_str!("../README.md")]

mod client;
mod consensus;
mod engine;
mod error;
pub mod rendezvous_client;
mod run;
mod session;
mod source;

pub use client::{Client, Options, PendingReply};
pub use engine::{Reply, Tally, Unanswered};
pub use error::{ClientError, StartError};
pub use run::Request;
pub use source::Destination;
