//! What only the caller can get wrong.

use core::fmt;

/// The caller's own mistake: nothing that a peer sends can cause it. Nothing has changed, and a
/// session goes on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum CallerError {
    /// A buffer is too short.
    Buffer {
        /// How long it has to be at least.
        want: usize,
        /// How long it is.
        got: usize,
    },
    /// The length of a command was given while the body of the one before is still to be read.
    BodyPending,
}

impl fmt::Display for CallerError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Buffer { want, got } => write!(f, "the buffer has {got} bytes, want at least {want}"),
            Self::BodyPending => f.write_str("the body of the command before is still to be read"),
        }
    }
}

impl core::error::Error for CallerError {}
