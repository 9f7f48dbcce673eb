#![doc = include_str!("../README.md")]
#![no_std]
// besides the workspace's lints: division takes secret-dependent time, and unchecked sums panic or
// wrap
#![warn(clippy::arithmetic_side_effects, clippy::integer_division_remainder_used)]
#![cfg_attr(docsrs, feature(doc_cfg))]

#[cfg(any(feature = "x25519", feature = "x448"))]
mod adapter;
mod blake2b;
#[cfg(any(feature = "x25519", feature = "x448"))]
mod blake2x;
mod bytes;
mod combiner;
mod encoding;
#[cfg(any(feature = "x448", all(feature = "x25519", any(not(target_pointer_width = "64"), mixwell_x25519 = "dalek"))))]
mod field;
#[cfg(feature = "hazmat")]
pub mod hazmat;
#[cfg(any(feature = "mlkem768-x25519", feature = "mlkem768-x448"))]
mod hybrids;
mod in_place;
pub mod kem;
#[cfg(feature = "mlkem768")]
mod ml_kem;
pub mod nike;
#[cfg(feature = "pem")]
pub mod pem;
#[cfg(any(feature = "x25519", feature = "x448"))]
mod residues;
mod schemes;
#[cfg(feature = "x25519")]
mod x25519;
#[cfg(feature = "x448")]
mod x448;
#[cfg(feature = "xwing")]
mod xwing;

#[cfg(any(feature = "x25519", feature = "x448"))]
pub use adapter::{Adapter, AdapterKey};
pub use bytes::ByteArray;
pub use combiner::{Component, EmptyComponent, split_prf};
pub use encoding::{KeyKind, KeyLength};
#[cfg(feature = "mlkem768-x448")]
pub use hybrids::{MlKem768X448, MlKem768X448Key};
#[cfg(feature = "mlkem768-x25519")]
pub use hybrids::{MlKem768X25519, MlKem768X25519Key};
pub use kem::Kem;
#[cfg(feature = "mlkem768")]
pub use ml_kem::{MlKem768, MlKem768Key};
pub use nike::Nike;
pub use schemes::{KEMS, NIKES, Scheme, WithKem, WithNike, with_kem, with_nike};
#[cfg(feature = "x448")]
pub use x448::{X448, X448Product};
#[cfg(feature = "x25519")]
pub use x25519::{X25519, X25519Backend, X25519Prepared, X25519Product};
#[cfg(feature = "xwing")]
pub use xwing::{XWing, XWingKey};
