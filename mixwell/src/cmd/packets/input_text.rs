//! The text to send.

use crate::{error::Error, input};
use std::path::Path;

/// Maximum number of packets: hops remember the replay tags of all of them.
pub(super) const MAX_PACKETS: u32 = 1_000_000;

/// Maximum length of the text, which is held in memory.
const MAX_BYTES: u64 = 1 << 30;

const BUILT_IN: &str = include_str!("text.txt");

/// A text, and the user payload length of its packets.
pub(super) struct InputText {
    text: Vec<u8>,
    payload_len: usize,
}

impl InputText {
    /// The built-in text, repeated until it fills `messages` packets.
    pub(super) fn built_in(payload: u32, messages: u32) -> Self {
        let payload = payload as usize;
        let bytes = payload.saturating_mul(messages as usize);
        Self { text: BUILT_IN.bytes().cycle().take(bytes).collect(), payload_len: payload }
    }

    /// The contents of a file.
    pub(super) fn read(path: &Path, payload: u32) -> Result<Self, Error> {
        let max_bytes = u64::from(payload).saturating_mul(u64::from(MAX_PACKETS)).min(MAX_BYTES);
        let text = input::read(path, max_bytes)?;
        if text.is_empty() {
            return Err(Error::NothingToSend);
        }
        if text.len() as u64 > max_bytes {
            return Err(Error::TooMuchToSend { max_bytes });
        }
        Ok(Self { text, payload_len: payload as usize })
    }

    /// The whole text.
    pub(super) fn text(&self) -> &[u8] {
        &self.text
    }

    /// User payload bytes of each packet but the last.
    pub(super) fn payload_len(&self) -> usize {
        self.payload_len
    }

    /// Number of packets.
    pub(super) fn packet_count(&self) -> usize {
        self.text.len().div_ceil(self.payload_len)
    }
}
