//! What happens, for the caller to show. Events are part of the state, so that none is lost by a crash.

use crate::{
    bytes::{Reader, Writer},
    files::FileId,
    name,
};
use alloc::string::String;
use core::fmt;

/// Something that happened.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Event {
    /// Two have paired; compare the safety strings.
    Paired,
    /// Something came that the pairing code's other holder did not send, or that was changed. It was thrown away.
    PairingTampered,
    /// A text of the friend, harmless to show.
    Text(String),
    /// The friend offers a file.
    FileOffered(FileId),
    /// The friend takes our file.
    FileAccepted(FileId),
    /// The friend does not want our file.
    FileDeclined(FileId),
    /// A file of the friend's came whole, and its hash is right.
    FileReceived(FileId),
    /// Our file came whole.
    FileSent(FileId),
    /// A file, his or ours, will not come whole.
    FileFailed {
        /// Which one.
        file: FileId,
        /// Whether it is ours.
        is_ours: bool,
    },
    /// A box was changed on its way, or comes from a state that is not the friend's. It was thrown away and will be asked
    /// for again.
    Tampered,
    /// The conversation is over. What was not read is not delivered.
    Ended(Ended),
}

/// Why a conversation is over.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Ended {
    /// The friend went on from an old state.
    FriendIsOld,
    /// This side went on from an old state.
    WeAreOld,
    /// One of the two went on from an old state; who can't be told.
    Diverged,
    /// The friend's program broke the rules.
    Violation,
    /// The friend's side says that it is over.
    ByFriend,
}

impl fmt::Display for Ended {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::FriendIsOld => "your friend's program went back to an old state",
            Self::WeAreOld => "this program went back to an old state",
            Self::Diverged => "your friend's program or this one went back to an old state",
            Self::Violation => "your friend's program broke the rules",
            Self::ByFriend => "your friend's program says that it is over",
        })
    }
}

impl Ended {
    const ALL: [Self; 5] = [Self::FriendIsOld, Self::WeAreOld, Self::Diverged, Self::Violation, Self::ByFriend];

    pub(crate) fn write(self, to: &mut Writer) {
        let place = Self::ALL.iter().position(|ended| *ended == self).and_then(|place| u8::try_from(place).ok());
        to.u8(place.unwrap_or(0));
    }

    pub(crate) fn read(from: &mut Reader<'_>) -> Option<Self> {
        Self::ALL.get(usize::from(from.u8()?)).copied()
    }
}

impl Event {
    pub(crate) fn write(&self, to: &mut Writer) {
        let (kind, file) = match self {
            Self::Paired => (0, None),
            Self::PairingTampered => (1, None),
            Self::Text(text) => {
                to.u8(2);
                return to.bytes(text.as_bytes());
            }
            Self::FileOffered(file) => (3, Some(file)),
            Self::FileAccepted(file) => (4, Some(file)),
            Self::FileDeclined(file) => (5, Some(file)),
            Self::FileReceived(file) => (6, Some(file)),
            Self::FileSent(file) => (7, Some(file)),
            Self::FileFailed { file, is_ours: false } => (8, Some(file)),
            Self::FileFailed { file, is_ours: true } => (9, Some(file)),
            Self::Tampered => (10, None),
            Self::Ended(ended) => {
                to.u8(11);
                return ended.write(to);
            }
        };
        to.u8(kind);
        if let Some(file) = file {
            to.u32(file.0);
        }
    }

    pub(crate) fn read(from: &mut Reader<'_>) -> Option<Self> {
        let file = |from: &mut Reader<'_>| from.u32().map(FileId);
        Some(match from.u8()? {
            0 => Self::Paired,
            1 => Self::PairingTampered,
            2 => Self::Text(name::text(core::str::from_utf8(from.bytes(crate::content::MAX_SHOWN_LEN)?).ok()?)),
            3 => Self::FileOffered(file(from)?),
            4 => Self::FileAccepted(file(from)?),
            5 => Self::FileDeclined(file(from)?),
            6 => Self::FileReceived(file(from)?),
            7 => Self::FileSent(file(from)?),
            8 => Self::FileFailed { file: file(from)?, is_ours: false },
            9 => Self::FileFailed { file: file(from)?, is_ours: true },
            10 => Self::Tampered,
            11 => Self::Ended(Ended::read(from)?),
            _ => return None,
        })
    }

    /// What it takes in a state, about.
    pub(crate) fn len(&self) -> usize {
        if let Self::Text(text) = self { text.len().saturating_add(8) } else { 8 }
    }
}
