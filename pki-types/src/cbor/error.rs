//! Errors of CBOR decoding.

use super::{MAX_DEPTH, MAX_UNSORTED, MAX_WALKED};
use core::fmt;

/// The reason why bytes are not a single, well-formed, definite-length CBOR item. `at` is the
/// offset of the offending item.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum CborError {
    /// An item is longer than the rest of the input.
    Truncated {
        /// Offset of the item.
        at: usize,
        /// Minimum number of bytes of its content.
        need: u64,
        /// Bytes left in the input.
        have: usize,
    },
    /// An item of indefinite length, or a stray break.
    Indefinite {
        /// Offset of the item.
        at: usize,
    },
    /// A first byte that RFC 7049 leaves unassigned, or a simple value below 32 in two bytes.
    Reserved {
        /// Offset of the item.
        at: usize,
    },
    /// A text that is not UTF-8.
    Utf8 {
        /// Offset of the item.
        at: usize,
    },
    /// A map's key is a list, a map or a tag, whose duplicates cannot be detected without a heap.
    Key {
        /// Offset of the key.
        at: usize,
    },
    /// A map has a duplicate key.
    DuplicateKey {
        /// Offset of the map or of the second key.
        at: usize,
    },
    /// A container inside [`MAX_DEPTH`] others.
    Depth {
        /// Offset of the container.
        at: usize,
    },
    /// A map whose keys are not in canonical order has more than [`MAX_UNSORTED`] entries.
    Unsorted {
        /// Offset of the map.
        at: usize,
        /// Its number of entries.
        entries: usize,
    },
    /// Maps whose keys are not in canonical order are nested: checking them would read more than
    /// [`MAX_WALKED`] times the input's bytes.
    Walked {
        /// Offset of the map at which the limit was exceeded.
        at: usize,
    },
    /// Bytes follow the item.
    Trailing {
        /// Offset of the item's end.
        at: usize,
        /// Bytes that follow.
        extra: usize,
    },
}

impl fmt::Display for CborError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match *self {
            Self::Truncated { at, need, have } => {
                write!(f, "item at byte {at} takes {need} bytes more, {have} are left")
            }
            Self::Indefinite { at } => write!(f, "item at byte {at} is of indefinite length"),
            Self::Reserved { at } => write!(f, "item at byte {at} is of no known kind"),
            Self::Utf8 { at } => write!(f, "text at byte {at} is not UTF-8"),
            Self::Key { at } => write!(f, "map key at byte {at} is a list, a map or a tag"),
            Self::DuplicateKey { at } => write!(f, "map holds a key twice, seen at byte {at}"),
            Self::Depth { at } => write!(f, "item at byte {at} is nested deeper than {MAX_DEPTH} levels"),
            Self::Unsorted { at, entries } => {
                write!(f, "unsorted map at byte {at} has {entries} entries, at most {MAX_UNSORTED} are taken")
            }
            Self::Walked { at } => {
                write!(
                    f,
                    "unsorted maps within unsorted maps, up to byte {at}, take over {MAX_WALKED} times the input to check"
                )
            }
            Self::Trailing { at, extra } => write!(f, "{extra} bytes follow the item that ends at byte {at}"),
        }
    }
}

impl core::error::Error for CborError {}
