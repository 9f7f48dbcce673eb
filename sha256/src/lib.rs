#![no_std]
#![doc = include_str!("../README.md")]
// besides the workspace's lints: division takes secret-dependent time, and unchecked sums panic or
// wrap
#![warn(clippy::arithmetic_side_effects, clippy::integer_division_remainder_used)]
#![cfg_attr(docsrs, feature(doc_cfg))]

mod backend;
mod batch;
// Code that is generic over the processor's instructions is compiled for unit tests everywhere:
// they run it on a model of the instructions.
#[cfg(any(test, all(target_arch = "x86_64", target_feature = "sse2", not(mixwell_backend = "portable"))))]
mod compress;
mod hmac;
#[cfg(any(test, all(target_arch = "x86_64", target_feature = "sse2", not(mixwell_backend = "portable"))))]
mod lanes;
mod state;

pub use backend::Backend;
pub use batch::{hkdf_expand, hkdf_expand_each, hkdf_expand_each_by, hmac, hmac_each, hmac_each_by};
