#![doc = include_str!("../README.md")]
#![no_std]
// besides the workspace's lints: division takes secret-dependent time, and unchecked sums panic or
// wrap
#![warn(clippy::arithmetic_side_effects, clippy::integer_division_remainder_used)]
#![cfg_attr(docsrs, feature(doc_cfg))]

extern crate alloc;

mod beacon;
mod bytes;
mod chat;
mod code;
mod codec;
mod content;
mod context;
mod declassify;
mod event;
mod exchange;
mod files;
mod history;
mod kdf;
mod name;
mod pairing;
mod proquint;
mod ratchet;
mod receive;
mod record;
mod schedule;
mod sealed;
mod send;
mod session;
mod state;
mod vault;

pub use chat::{Chat, ChatError, PairingProgress, Ticket};
pub use code::{Code, CodeError, SafetyString};
pub use content::{Counts, MAX_QUEUED_BYTES, MAX_TEXT_LEN, TextError, TextId};
pub use context::Context;
pub use event::{Ended, Event};
pub use exchange::{
    A_BOX, BoxLen, BoxLenError, Exchange, ID_LEN, NO_BOX, REPLY_OVERHEAD, REQUEST_OVERHEAD, ReplyError, box_of_reply,
    id_of,
};
pub use files::{FileError, FileHasher, FileId, FileOffer, Files, NoFiles, Transfer};
pub use history::{History, HistoryEntry, HistoryError, HistoryRest, OpenedHistory};
pub use name::{MAX_NAME_LEN, file_name, person as person_name, text as clean_text};
pub use schedule::choose;
pub use state::StateError;
pub use vault::{Cost, VaultError, VaultKey};
