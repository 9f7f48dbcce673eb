//! The NIKEs and KEMs of post-quantum mix networks.
#![no_std]

mod bytes;
#[cfg(any(feature = "x25519", feature = "x448"))]
mod field;
pub mod kem;
pub mod nike;
#[cfg(feature = "pem")]
pub mod pem;
#[cfg(any(feature = "x25519", feature = "x448"))]
mod residues;
#[cfg(feature = "x25519")]
mod x25519;
#[cfg(feature = "x448")]
mod x448;

pub use bytes::ByteArray;
pub use kem::Kem;
pub use nike::Nike;
#[cfg(feature = "x448")]
pub use x448::{X448, X448Product};
#[cfg(feature = "x25519")]
pub use x25519::{X25519, X25519Product};
