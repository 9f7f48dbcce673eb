//! Texts that wait for a box, the text that is being received, and files.

use crate::{
    bytes::{Reader, Writer},
    codec::codec,
    context::Context,
    event::Event,
    files::Transfers,
    name,
    ratchet::Violation,
    record::{HEAD_LEN, Record},
};
use alloc::{collections::VecDeque, string::String, vec::Vec};
use core::fmt;
use zeroize::Zeroizing;

/// Maximum length of a text, in bytes.
pub const MAX_TEXT_LEN: usize = 16 * 1024;

/// Maximum number of bytes of texts that may wait for a box.
pub const MAX_QUEUED_BYTES: usize = 256 * 1024;

/// The number of a text of ours, from 0.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct TextId(pub u64);

/// Delivery counts of our texts.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Counts {
    /// Read by the friend's program.
    pub read: u64,
    /// Stored by the service.
    pub stored: u64,
    /// Sealed in a box, which is about to be sent or has been.
    pub sent: u64,
    /// Given to [`Chat::say`](crate::Chat::say).
    pub queued: u64,
}

/// The reason why a text can't be sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum TextError {
    /// The text is longer than [`MAX_TEXT_LEN`].
    TooLong {
        /// The text's length in bytes.
        got: usize,
    },
    /// More than [`MAX_QUEUED_BYTES`] would wait.
    QueueFull,
    /// There is no friend to send it to.
    NoFriend,
}

impl fmt::Display for TextError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::TooLong { got } => write!(f, "the text is {got} bytes, want at most {MAX_TEXT_LEN}"),
            Self::QueueFull => f.write_str("too much is waiting to be sent"),
            Self::NoFriend => f.write_str("there is no friend to send it to"),
        }
    }
}

impl core::error::Error for TextError {}

/// Texts and files, out and in.
pub(crate) struct Content {
    waiting: VecDeque<Zeroizing<Vec<u8>>>,
    /// Number of bytes of the first text that are already in boxes.
    sealed_bytes: usize,
    /// Number of texts that are complete in boxes.
    sealed: u64,
    /// Minimum number of texts that the friend has read.
    read: u64,
    /// Minimum number of texts that the service has stored.
    stored: u64,
    /// The pieces received so far of an incomplete text.
    partial: Zeroizing<Vec<u8>>,
    pub(crate) transfers: Transfers,
}

codec!(
    struct Content { waiting, sealed_bytes, sealed, read, stored, partial, transfers }
    valid |content| {
        content.partial.len() <= MAX_TEXT_LEN
            && content.waiting.iter().all(|text| text.len() <= MAX_TEXT_LEN)
            && content.queued_bytes() <= MAX_QUEUED_BYTES
    }
);

impl Content {
    pub(crate) fn new() -> Self {
        Self {
            waiting: VecDeque::new(),
            sealed_bytes: 0,
            sealed: 0,
            read: 0,
            stored: 0,
            partial: Zeroizing::new(Vec::new()),
            transfers: Transfers::new(),
        }
    }

    pub(crate) fn push(&mut self, text: &str) -> Result<TextId, TextError> {
        let got = text.len();
        if got > MAX_TEXT_LEN {
            return Err(TextError::TooLong { got });
        }
        if self.queued_bytes().saturating_add(got).saturating_add(TEXT_COST) > MAX_QUEUED_BYTES {
            return Err(TextError::QueueFull);
        }
        let id = TextId(self.queued());
        self.waiting.push_back(Zeroizing::new(text.as_bytes().to_vec()));
        Ok(id)
    }

    /// Fills a box: answers first, then texts, then files.
    pub(crate) fn fill(&mut self, to: &mut Writer, len: usize, context: &mut Context<'_>) {
        let room = |to: &Writer| len.saturating_sub(to.len());
        self.transfers.fill_answers(to, len);
        while room(to) > HEAD_LEN {
            let Some(text) = self.waiting.front() else { break };
            let rest = text.get(self.sealed_bytes..).unwrap_or_default();
            let most = room(to).saturating_sub(HEAD_LEN);
            if let Some((part, _)) = rest.split_at_checked(most).filter(|(_, behind)| !behind.is_empty()) {
                Record::TextPart(part).write(to);
                self.sealed_bytes = self.sealed_bytes.saturating_add(most);
            } else {
                Record::TextEnd(rest).write(to);
                self.waiting.pop_front();
                self.sealed_bytes = 0;
                self.sealed = self.sealed.saturating_add(1);
            }
        }
        self.transfers.fill_chunk(to, len, context);
    }

    /// Processes the records of a box.
    pub(crate) fn receive(&mut self, records: &mut Reader<'_>, context: &mut Context<'_>) -> Result<(), Violation> {
        while let Some(record) = Record::read(records)? {
            match record {
                Record::TextPart(bytes) => self.extend_partial(bytes)?,
                Record::TextEnd(bytes) => {
                    self.extend_partial(bytes)?;
                    context.events.push_back(Event::Text(name::text(&String::from_utf8_lossy(&self.partial))));
                    self.partial = Zeroizing::new(Vec::new());
                }
                record => self.transfers.receive(&record, context)?,
            }
        }
        Ok(())
    }

    fn extend_partial(&mut self, bytes: &[u8]) -> Result<(), Violation> {
        let len = self.partial.len().saturating_add(bytes.len());
        if len > MAX_TEXT_LEN {
            return Err(Violation);
        }
        if self.partial.capacity() < len {
            // moved explicitly: a vector that grows leaves its old bytes behind
            let mut larger = Zeroizing::new(Vec::with_capacity(len.next_power_of_two()));
            larger.extend_from_slice(&self.partial);
            self.partial = larger;
        }
        self.partial.extend_from_slice(bytes);
        Ok(())
    }

    pub(crate) const fn set_read(&mut self, texts: u64) {
        self.read = if texts > self.read { texts } else { self.read };
        self.set_stored(texts);
    }

    pub(crate) const fn set_stored(&mut self, texts: u64) {
        self.stored = if texts > self.stored { texts } else { self.stored };
    }

    /// Number of texts that are complete in sealed boxes.
    pub(crate) const fn sealed(&self) -> u64 {
        self.sealed
    }

    pub(crate) fn counts(&self) -> Counts {
        Counts { read: self.read, stored: self.stored, sent: self.sealed, queued: self.queued() }
    }

    fn queued(&self) -> u64 {
        self.sealed.saturating_add(self.waiting.len() as u64)
    }

    /// The memory used by waiting texts, in bytes.
    fn queued_bytes(&self) -> usize {
        self.waiting.iter().fold(0, |sum: usize, text| sum.saturating_add(text.len()).saturating_add(TEXT_COST))
    }
}

/// The memory overhead of a waiting text, in bytes.
const TEXT_COST: usize = 32;
