//! What is said: texts that wait for a box, and the text that comes in.

use crate::{
    bytes::{Reader, Writer},
    event::Event,
    files::{Files, FilesInHand},
    name,
    ratchet::Violation,
    record::{HEAD_LEN, Record},
};
use alloc::{collections::VecDeque, string::String, vec::Vec};
use core::fmt;
use zeroize::Zeroizing;

/// The longest text, in bytes.
pub const MAX_TEXT_LEN: usize = 16 * 1024;

/// How many bytes of texts may wait for a box.
pub const MAX_QUEUED_BYTES: usize = 256 * 1024;

/// The longest text of the friend's as it is shown.
pub(crate) const MAX_SHOWN_LEN: usize = name::MAX_GROWTH * MAX_TEXT_LEN;

/// The number of a text of ours, from 0.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct TextId(pub u64);

/// How far our texts have come: the first so many of them.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Counts {
    /// The friend's program has read them.
    pub read: u64,
    /// The service has them.
    pub stored: u64,
    /// They have left.
    pub sent: u64,
    /// They were written.
    pub queued: u64,
}

/// A text can't be sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum TextError {
    /// It is longer than [`MAX_TEXT_LEN`].
    TooLong {
        /// Its length in bytes.
        got: usize,
    },
    /// So much waits already that this would make more than [`MAX_QUEUED_BYTES`].
    QueueFull,
    /// There is no friend to send it to.
    NoFriend,
}

impl fmt::Display for TextError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::TooLong { got } => write!(f, "the text is {got} bytes, want at most {MAX_TEXT_LEN}"),
            Self::QueueFull => f.write_str("too much waits to be sent"),
            Self::NoFriend => f.write_str("there is no friend to send it to"),
        }
    }
}

impl core::error::Error for TextError {}

/// Texts and files, out and in.
pub(crate) struct Content {
    waiting: VecDeque<Zeroizing<Vec<u8>>>,
    /// How much of the first text is in boxes already.
    begun: usize,
    /// How many texts are whole in boxes.
    sealed: u64,
    /// How many the friend has read, and the service had, at least.
    read: u64,
    stored: u64,
    /// The begin of a text that comes in.
    partial: Zeroizing<Vec<u8>>,
    pub(crate) files: FilesInHand,
}

impl Content {
    pub(crate) fn new() -> Self {
        Self {
            waiting: VecDeque::new(),
            begun: 0,
            sealed: 0,
            read: 0,
            stored: 0,
            partial: Zeroizing::new(Vec::new()),
            files: FilesInHand::new(),
        }
    }

    pub(crate) fn push(&mut self, text: &str) -> Result<TextId, TextError> {
        let got = text.len();
        if got > MAX_TEXT_LEN {
            return Err(TextError::TooLong { got });
        }
        // an empty text takes its place too
        if self.queued_bytes().saturating_add(got) > MAX_QUEUED_BYTES {
            return Err(TextError::QueueFull);
        }
        let id = TextId(self.queued());
        self.waiting.push_back(Zeroizing::new(text.as_bytes().to_vec()));
        Ok(id)
    }

    /// Fills a box: answers first, then texts, then files.
    pub(crate) fn fill(&mut self, to: &mut Writer, len: usize, files: &mut dyn Files, events: &mut VecDeque<Event>) {
        let room = |to: &Writer| len.saturating_sub(to.len());
        self.files.fill_answers(to, len);
        while room(to) > HEAD_LEN {
            let Some(text) = self.waiting.front() else { break };
            let rest = text.get(self.begun..).unwrap_or_default();
            let most = room(to).saturating_sub(HEAD_LEN);
            if let Some((part, _)) = rest.split_at_checked(most).filter(|(_, behind)| !behind.is_empty()) {
                Record::TextPart(part).write(to);
                self.begun = self.begun.saturating_add(most);
            } else {
                Record::TextEnd(rest).write(to);
                self.waiting.pop_front();
                self.begun = 0;
                self.sealed = self.sealed.saturating_add(1);
            }
        }
        self.files.fill_chunk(to, len, files, events);
    }

    /// Takes what a box carried.
    pub(crate) fn take(
        &mut self,
        records: &mut Reader<'_>,
        files: &mut dyn Files,
        events: &mut VecDeque<Event>,
    ) -> Result<(), Violation> {
        while let Some(record) = Record::take(records)? {
            match record {
                Record::TextPart(bytes) => self.grow(bytes)?,
                Record::TextEnd(bytes) => {
                    self.grow(bytes)?;
                    events.push_back(Event::Text(name::text(&String::from_utf8_lossy(&self.partial))));
                    self.partial = Zeroizing::new(Vec::new());
                }
                record => self.files.take(&record, files, events)?,
            }
        }
        Ok(())
    }

    fn grow(&mut self, bytes: &[u8]) -> Result<(), Violation> {
        let len = self.partial.len().saturating_add(bytes.len());
        if len > MAX_TEXT_LEN {
            return Err(Violation);
        }
        if self.partial.capacity() < len {
            // moved by hand: a vector that grows leaves its bytes behind
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

    /// How many texts are whole in boxes that were sealed.
    pub(crate) const fn sealed(&self) -> u64 {
        self.sealed
    }

    pub(crate) fn counts(&self) -> Counts {
        Counts { read: self.read, stored: self.stored, sent: self.sealed, queued: self.queued() }
    }

    fn queued(&self) -> u64 {
        self.sealed.saturating_add(self.waiting.len() as u64)
    }

    /// What waiting texts take, with what each costs beside its bytes.
    pub(crate) fn queued_bytes(&self) -> usize {
        self.waiting.iter().fold(0, |sum: usize, text| sum.saturating_add(text.len()).saturating_add(TEXT_COST))
    }

    pub(crate) fn write(&self, to: &mut Writer) {
        to.count(self.waiting.len());
        self.waiting.iter().for_each(|text| to.bytes(text));
        to.count(self.begun);
        to.u64(self.sealed);
        to.u64(self.read);
        to.u64(self.stored);
        to.bytes(&self.partial);
        self.files.write(to);
    }

    pub(crate) fn read(from: &mut Reader<'_>) -> Option<Self> {
        let mut waiting = VecDeque::new();
        for _ in 0..from.count(MAX_QUEUED_BYTES)? {
            waiting.push_back(Zeroizing::new(from.bytes(MAX_TEXT_LEN)?.to_vec()));
        }
        let begun = from.count(MAX_TEXT_LEN)?;
        let (sealed, read, stored) = (from.u64()?, from.u64()?, from.u64()?);
        let partial = Zeroizing::new(from.bytes(MAX_TEXT_LEN)?.to_vec());
        Some(Self { waiting, begun, sealed, read, stored, partial, files: FilesInHand::read(from)? })
    }

    /// What it takes in a state, at most.
    pub(crate) fn state_len(&self) -> usize {
        self.queued_bytes().saturating_add(self.partial.len()).saturating_add(64).saturating_add(self.files.state_len())
    }
}

/// What a waiting text takes beside its bytes.
const TEXT_COST: usize = 32;
