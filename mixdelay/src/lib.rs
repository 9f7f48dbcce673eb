#![doc = include_str!("../README.md")]
#![no_std]

mod exponential;
mod quotient;
mod rate;
mod sample;

pub use rate::{Rate, RateError, safety_cap_millis};
pub use sample::hop_delay_millis;
