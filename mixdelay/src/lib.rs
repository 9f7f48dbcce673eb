#![doc = include_str!("../README.md")]
#![no_std]
// besides the workspace's lints: division takes secret-dependent time, and unchecked sums panic or
// wrap
#![warn(clippy::arithmetic_side_effects, clippy::integer_division_remainder_used)]
#![cfg_attr(docsrs, feature(doc_cfg))]

#[cfg(feature = "alloc")]
extern crate alloc;

mod client;
mod exponential;
mod outbox;
mod poisson;
mod queue;
mod quotient;
mod rate;
mod sample;
mod time;
mod uniform;

pub use client::{ClientClock, Tick};
pub use outbox::{Outbox, OutboxError};
pub use poisson::Poisson;
#[cfg(feature = "alloc")]
pub use queue::ServerQueue;
pub use queue::{DropReason, Dropped, Limits, Queue, Tally};
pub use rate::{Rate, RateError, safety_cap_millis};
pub use sample::hop_delay_millis;
pub use time::Instant;
