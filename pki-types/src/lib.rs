//! PKI types.
#![no_std]

pub mod cbor;
mod epoch;
mod hash;
mod shared_random;

pub use epoch::{BeforeZero, Epoch, EpochTime, Period};
pub use hash::KeyHash;
pub use shared_random::{Commit, Reveal, SharedRandomError, shared_random_value};
