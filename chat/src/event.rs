//! Events for the caller to show. Events are part of the saved state, so that no crash loses
//! one.

use crate::{codec::codec, files::FileId};
use alloc::string::String;
use core::fmt;

/// An event of a conversation.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Event {
    /// The two sides have paired; they should compare the safety strings.
    Paired,
    /// A pairing message was not made with the code, or was changed. It was ignored. Reported once
    /// in a pairing.
    PairingTampered,
    /// A text of the friend, safe to show.
    Text(String),
    /// The friend offers a file.
    FileOffered(FileId),
    /// The friend accepted our file.
    FileAccepted(FileId),
    /// The friend declined our file.
    FileDeclined(FileId),
    /// All bytes of a friend's file are on the disk. The caller hashes them, outside of its main
    /// loop, and calls [`Chat::check_file`](crate::Chat::check_file).
    FileComplete(FileId),
    /// A friend's file is complete and its hash is right.
    FileReceived(FileId),
    /// Our file arrived completely.
    FileSent(FileId),
    /// A file transfer has failed.
    FileFailed {
        /// The file.
        file: FileId,
        /// Whether the file is ours.
        is_ours: bool,
    },
    /// A box was modified in transit, or was not sealed from the friend's current state. It was
    /// ignored and will be requested again. The rate of these reports is limited;
    /// [`Chat::tampered`](crate::Chat::tampered) counts them.
    Tampered,
    /// The conversation is over. Unread texts are not delivered.
    Ended(Ended),
}

/// The reason why a conversation is over.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Ended {
    /// The friend's program continued from an old state.
    FriendIsOld,
    /// This side continued from an old state.
    WeAreOld,
    /// One of the two sides continued from an old state; it is unknown which one.
    Diverged,
    /// The friend's program violated the protocol.
    Violation,
    /// The friend's program reports that the conversation is over.
    ByFriend,
}

impl fmt::Display for Ended {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::FriendIsOld => "your friend's program went back to an old state",
            Self::WeAreOld => "this program went back to an old state",
            Self::Diverged => "your friend's program or this one went back to an old state",
            Self::Violation => "your friend's program broke the rules of the protocol",
            Self::ByFriend => "your friend's program reports that it is over",
        })
    }
}

codec!(enum Ended { 0 = FriendIsOld, 1 = WeAreOld, 2 = Diverged, 3 = Violation, 4 = ByFriend });

codec!(
    enum Event {
        0 = Paired,
        1 = PairingTampered,
        2 = Text(text),
        3 = FileOffered(file),
        4 = FileAccepted(file),
        5 = FileDeclined(file),
        6 = FileComplete(file),
        7 = FileReceived(file),
        8 = FileSent(file),
        9 = FileFailed { file, is_ours },
        10 = Tampered,
        11 = Ended(ended),
    }
);
