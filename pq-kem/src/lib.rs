//! The NIKEs and KEMs of post-quantum mix networks.
#![no_std]

mod bytes;
pub mod kem;
pub mod nike;
#[cfg(feature = "x25519")]
mod x25519;

pub use bytes::ByteArray;
pub use kem::Kem;
pub use nike::Nike;
#[cfg(feature = "x25519")]
pub use x25519::X25519;
