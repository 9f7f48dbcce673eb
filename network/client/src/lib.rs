#![doc = include_str!("../README.md")]

mod asking;
mod client;
mod consensus;
mod engine;
mod error;
pub mod rendezvous_client;
mod run;
mod session;

pub use client::{Client, Options};
pub use engine::{Reply, Tally, Unanswered};
pub use error::StartError;
pub use run::{ClientError, Parts, Request, Steady, run};
