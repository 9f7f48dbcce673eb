//! What is sent, cut into pieces that each fill a packet.

use crate::{error::Error, input};
use std::path::Path;

/// The most packets of one demonstration: hops remember all of them.
pub(super) const MOST: u32 = 1_000_000;

/// The most bytes of one demonstration, which are held in memory.
const MOST_BYTES: u64 = 1 << 30;

const BUILT_IN: &str = include_str!("text.txt");

/// A text and how it is cut.
pub(super) struct Letters {
    text: Vec<u8>,
    /// The bytes of each piece but the last.
    payload: usize,
}

impl Letters {
    /// The built-in text, over and over, until it fills `messages` packets.
    pub(super) fn built_in(payload: u32, messages: u32) -> Self {
        let payload = payload as usize;
        let bytes = payload.saturating_mul(messages as usize);
        Self { text: BUILT_IN.bytes().cycle().take(bytes).collect(), payload }
    }

    /// The contents of a file.
    pub(super) fn read(path: &Path, payload: u32) -> Result<Self, Error> {
        let most_bytes = u64::from(payload).saturating_mul(u64::from(MOST)).min(MOST_BYTES);
        let text = input::read(path, most_bytes)?;
        if text.is_empty() {
            return Err(Error::NothingToSend);
        }
        if text.len() as u64 > most_bytes {
            return Err(Error::TooMuchToSend { most_bytes });
        }
        Ok(Self { text, payload: payload as usize })
    }

    /// The bytes of each piece but the last, which may be shorter.
    pub(super) fn payload(&self) -> usize {
        self.payload
    }

    /// How many pieces there are.
    pub(super) fn len(&self) -> usize {
        self.pieces().len()
    }

    /// The pieces.
    pub(super) fn pieces(&self) -> core::slice::Chunks<'_, u8> {
        self.text.chunks(self.payload)
    }
}
