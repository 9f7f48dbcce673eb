//! The order of map keys: by encoded length first, then bytewise (RFC 7049 §3.9).

use super::head::{self, Head};
use core::cmp::Ordering;

/// A map key, ordered as its canonical encoding is, and equal to a key of the same value.
///
/// Integers and strings compare by value however they were encoded; keys of other kinds by their encoding.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default)]
pub(super) struct Key<'a> {
    canonical_len: u64,
    major: u8,
    argument: u64,
    content: &'a [u8],
}

impl<'a> Key<'a> {
    /// The key that a checked item is.
    pub(super) fn new(encoded: &'a [u8]) -> Self {
        let raw = Self { canonical_len: encoded.len() as u64, major: u8::MAX, argument: 0, content: encoded };
        let mut content = encoded;
        match Head::take(&mut content) {
            Ok(Head { major, argument, .. }) if major <= head::TEXT => Self {
                canonical_len: u64::from(head::shortest(argument)).saturating_add(content.len() as u64),
                major,
                argument,
                content,
            },
            Ok(Head { major, .. }) => Self { major, ..raw },
            Err(_) => raw,
        }
    }
}

/// Compares two encoded keys.
pub(super) fn compare(a: &[u8], b: &[u8]) -> Ordering {
    Key::new(a).cmp(&Key::new(b))
}
