//! CBOR in the canonical form of RFC 7049 §3.9: strict reading, byte-exact writing, neither with a
//! heap.
//!
//! [`Item::parse`] checks a whole input in one pass and returns an item that is walked in place.
//! [`Writer`] writes into the caller's buffer. This module parses item heads itself in order to be
//! strict: it refuses duplicate keys, keys that are lists, maps or tags, indefinite lengths,
//! trailing bytes, nesting deeper than [`MAX_DEPTH`], lengths past the input and invalid UTF-8.

mod check;
mod error;
mod float;
mod head;
mod item;
mod key;
mod sorted;
mod write;

pub use check::{MAX_DEPTH, MAX_UNSORTED, MAX_WALKED};
pub use error::CborError;
pub use item::{Array, Item, Kind, Map};
pub use write::{BufferTooSmall, Writer};
