//! Mistakes that only the caller can make.

use core::fmt;

/// A mistake of the caller, which no peer can cause. Nothing has changed: a session can continue.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum CallerError {
    /// A buffer is too short.
    Buffer {
        /// The minimum length, in bytes.
        want: usize,
        /// The length, in bytes.
        got: usize,
    },
    /// The next command's length was passed in before the body of the previous command was read.
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
