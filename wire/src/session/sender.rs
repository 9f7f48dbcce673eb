//! The sending half.

use super::{FRAME_HEADER_LEN, FRAME_OVERHEAD, Fuse};
use crate::{
    command::{Command, EncodeError},
    link::Link,
    noise::{CipherError, CipherState, TAG_LEN},
};
use core::fmt;

/// Encrypts this side's commands in the order in which they are sent.
///
/// ```
/// use mixwell_wire::{Command, SendError, Sender};
///
/// fn frame<'b>(sender: &mut Sender, packet: &[u8], buffer: &'b mut [u8]) -> Result<&'b [u8], SendError> {
///     sender.seal(&Command::SendPacket(packet), buffer)
/// }
/// ```
pub struct Sender {
    pub(super) fuse: Fuse,
    link: Link,
}

impl Sender {
    pub(super) const fn new(cipher: CipherState, link: Link) -> Self {
        Self { fuse: Fuse::new(cipher), link }
    }

    /// Writes the command to the front of `out`, padded and encrypted, and returns the bytes to
    /// send.
    ///
    /// # Errors
    /// [`SendError::Encode`], after which the session continues; any other ends it.
    pub fn seal<'o>(&mut self, command: &Command<'_>, out: &'o mut [u8]) -> Result<&'o [u8], SendError> {
        let link = &self.link;
        self.fuse.try_step(SendError::Dead, |cipher| cipher.can_number(2).then_some(()).ok_or(SendError::Nonce))?;
        let got = out.len();
        let text_len = command.encoded_len(link)?;
        let want = text_len.saturating_add(FRAME_OVERHEAD);
        let out = out.get_mut(..want).ok_or(EncodeError::Buffer { want, got })?;
        let unencodable = command.too_long();
        let body_len = text_len.checked_add(TAG_LEN).and_then(|length| u32::try_from(length).ok());
        let body_len = body_len.ok_or(unencodable)?;
        let (header, body) = out.split_first_chunk_mut::<FRAME_HEADER_LEN>().ok_or(unencodable)?;
        let (length, length_tag) = header.split_last_chunk_mut::<TAG_LEN>().ok_or(unencodable)?;
        let (text, tag) = body.split_last_chunk_mut::<TAG_LEN>().ok_or(unencodable)?;
        length.copy_from_slice(&body_len.to_be_bytes());
        command.encode(link, text)?;
        self.fuse.try_step(SendError::Dead, |cipher| {
            cipher.encrypt(&[], length, length_tag)?;
            cipher.encrypt(&[], text, tag)?;
            cipher.rekey();
            Ok(())
        })?;
        Ok(out)
    }

    /// Number of bytes that the command takes on the wire.
    ///
    /// # Errors
    /// [`EncodeError`] if this end cannot send it.
    pub fn frame_len(&self, command: &Command<'_>) -> Result<usize, EncodeError> {
        Ok(command.encoded_len(&self.link)?.saturating_add(FRAME_OVERHEAD))
    }

    /// Whether no error has ended the session yet.
    #[must_use]
    pub const fn is_alive(&self) -> bool {
        !self.fuse.dead
    }

    /// This end of the link.
    #[must_use]
    pub const fn link(&self) -> &Link {
        &self.link
    }
}

impl fmt::Debug for Sender {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Sender").field("link", &self.link).finish_non_exhaustive()
    }
}

/// A command was not encrypted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum SendError {
    /// An earlier error has ended the session.
    Dead,
    /// The command cannot be written: a mistake of the caller. Nothing is encrypted, and the
    /// session continues.
    Encode(EncodeError),
    /// 2⁶⁴ − 1 messages have been sent.
    Nonce,
}

impl fmt::Display for SendError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Dead => f.write_str("the session has ended with an error"),
            Self::Encode(error) => error.fmt(f),
            Self::Nonce => f.write_str("the session has sent all the messages that it can"),
        }
    }
}

impl core::error::Error for SendError {}

impl From<EncodeError> for SendError {
    fn from(error: EncodeError) -> Self {
        Self::Encode(error)
    }
}

impl From<CipherError> for SendError {
    fn from(_: CipherError) -> Self {
        Self::Nonce
    }
}
