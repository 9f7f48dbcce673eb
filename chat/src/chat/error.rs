//! Errors of a pairing's start.

use core::fmt;

/// The reason why a pairing can't begin.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum ChatError {
    /// There is already a friend; [`Chat::forget`](crate::Chat::forget) them first.
    Paired,
    /// A pairing is in progress.
    Pairing,
    /// A key that was just generated is malformed.
    Key,
}

impl fmt::Display for ChatError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Paired => "there is a friend already",
            Self::Pairing => "a pairing is in progress",
            Self::Key => "a key that was just generated is malformed",
        })
    }
}

impl core::error::Error for ChatError {}
