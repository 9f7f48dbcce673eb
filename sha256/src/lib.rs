#![no_std]
#![doc = include_str!("../README.md")]

mod backend;
mod batch;
mod compress;
mod hmac;
mod lanes;

pub use backend::Backend;
pub use batch::{hkdf_expand, hkdf_expand_each, hkdf_expand_each_by, hmac, hmac_each, hmac_each_by};
