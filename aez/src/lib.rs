#![no_std]
#![doc = include_str!("../README.md")]
// besides the workspace's lints: division takes secret-dependent time, and unchecked sums panic or
// wrap
#![warn(clippy::arithmetic_side_effects, clippy::integer_division_remainder_used)]
#![cfg_attr(docsrs, feature(doc_cfg))]

mod aez;
mod backend;
mod block;
mod direction;
mod encipher;
mod engine;
mod field;
mod offsets;
mod tiny;
mod wide;

pub use aez::Aez;
pub use backend::Backend;
