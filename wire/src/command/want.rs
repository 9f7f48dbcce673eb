//! The lengths that a field or a body may have, for errors.

use core::fmt;

/// The lengths, in bytes, that a field or a body may have.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Want {
    /// This length alone.
    Exactly(usize),
    /// This length and longer ones.
    AtLeast(usize),
    /// This length and shorter ones.
    AtMost(usize),
}

impl Want {
    pub(super) const fn fits(self, got: usize) -> bool {
        match self {
            Self::Exactly(want) => got == want,
            Self::AtLeast(want) => got >= want,
            Self::AtMost(want) => got <= want,
        }
    }
}

impl fmt::Display for Want {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Exactly(want) => write!(f, "want {want}"),
            Self::AtLeast(want) => write!(f, "want at least {want}"),
            Self::AtMost(want) => write!(f, "want at most {want}"),
        }
    }
}
