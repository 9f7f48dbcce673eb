//! The order of map keys: by encoded length first, then bytewise (RFC 7049 §3.9).

use super::{
    float::{self, Shortest},
    head::{self, Head},
};
use core::cmp::Ordering;

/// A map key, ordered as its canonical encoding is, and equal to a key of the same value.
///
/// Keys compare by value, independent of their encoding.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default)]
pub(super) struct Key<'a> {
    canonical_len: u64,
    major: u8,
    argument: u64,
    content: &'a [u8],
}

impl<'a> Key<'a> {
    /// The key of a checked item, which is not a list, map or tag.
    pub(super) fn new(encoded: &'a [u8]) -> Self {
        let mut content = encoded;
        let Ok(Head { major, info, argument }) = Head::take(&mut content) else { return Self::default() };
        if let Some(value) = float::value(major, info, argument) {
            let (canonical_len, argument) = match Shortest::new(value) {
                Shortest::Half(bits) => (3, bits.into()),
                Shortest::Single(bits) => (5, bits.into()),
                Shortest::Double(bits) => (9, bits),
            };
            return Self { canonical_len, major, argument, content: &[] };
        }
        let canonical_len = u64::from(head::shortest(argument)).saturating_add(content.len() as u64);
        Self { canonical_len, major, argument, content }
    }
}

/// Compares two encoded keys.
pub(super) fn compare(a: &[u8], b: &[u8]) -> Ordering {
    Key::new(a).cmp(&Key::new(b))
}
