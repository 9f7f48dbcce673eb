//! The saved state of one side.

use crate::{
    chat::Chat,
    codec::{self, VERSION},
    exchange::BoxLen,
};
use alloc::vec::Vec;
use core::fmt;
use zeroize::Zeroizing;

impl Chat {
    /// Encodes everything that a restart needs. It is secret: seal it with a
    /// [`VaultKey`](crate::VaultKey). The first byte is the version of the layout.
    #[must_use]
    pub fn save(&self) -> Zeroizing<Vec<u8>> {
        codec::encode(self)
    }

    /// Restores a side; `len` is the length of the network's boxes.
    ///
    /// # Errors
    /// [`StateError`] if the state is malformed, of another version, or of a network with other
    /// boxes.
    pub fn load(state: &[u8], len: BoxLen) -> Result<Self, StateError> {
        let chat: Self = codec::decode(state)?;
        let (got, want) = (chat.box_len(), len.get());
        if got == want { Ok(chat) } else { Err(StateError::BoxLen { want, got }) }
    }
}

/// The reason why a state can't be restored.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum StateError {
    /// The state's layout has another version.
    Version {
        /// The version.
        got: u8,
    },
    /// The network's boxes have another length.
    BoxLen {
        /// The length of the network's boxes, in bytes.
        want: usize,
        /// The length of the state's boxes, in bytes.
        got: usize,
    },
    /// The bytes are not a state.
    Malformed,
}

impl fmt::Display for StateError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Version { got } if *got < VERSION => {
                write!(
                    f,
                    "the state is from an older version of this program (format {got}, not {VERSION}): pair again in a new folder"
                )
            }
            Self::Version { got } => {
                write!(f, "the state is from a newer version of this program (format {got}, not {VERSION})")
            }
            Self::BoxLen { want, got } => write!(f, "the state is for boxes of {got} bytes, the network's are {want}"),
            Self::Malformed => f.write_str("the state is malformed"),
        }
    }
}

impl core::error::Error for StateError {}
