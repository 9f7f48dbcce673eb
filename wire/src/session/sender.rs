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
        self.check_nonce()?;
        let link = &self.link;
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
        self.encrypt(length, length_tag, text, tag)?;
        Ok(out)
    }

    /// Writes a frame of any text to the front of `out`, encrypted: a command of another role or of
    /// a wrong form, or none. `length` is what the frame claims of its body, its tag included. For
    /// tests of peers.
    ///
    /// # Errors
    /// [`SendError::Encode`] if `out` is too short, after which the session goes on; any other ends
    /// it.
    #[cfg(feature = "hazmat")]
    pub fn seal_any<'o>(&mut self, text: &[u8], length: u32, out: &'o mut [u8]) -> Result<&'o [u8], SendError> {
        self.check_nonce()?;
        let (want, got) = (text.len().saturating_add(FRAME_OVERHEAD), out.len());
        let short = EncodeError::Buffer { want, got };
        let out = out.get_mut(..want).ok_or(short)?;
        let (header, body) = out.split_first_chunk_mut::<FRAME_HEADER_LEN>().ok_or(short)?;
        let (claimed, claimed_tag) = header.split_last_chunk_mut::<TAG_LEN>().ok_or(short)?;
        let (room, tag) = body.split_last_chunk_mut::<TAG_LEN>().ok_or(short)?;
        claimed.copy_from_slice(&length.to_be_bytes());
        room.copy_from_slice(text);
        self.encrypt(claimed, claimed_tag, room, tag)?;
        Ok(out)
    }

    /// A frame takes two numbers.
    fn check_nonce(&mut self) -> Result<(), SendError> {
        self.fuse.try_step(SendError::Dead, |cipher| cipher.can_number(2).then_some(()).ok_or(SendError::Nonce))
    }

    /// Encrypts the two messages of a frame where they lie.
    fn encrypt(
        &mut self,
        length: &mut [u8],
        length_tag: &mut [u8; TAG_LEN],
        text: &mut [u8],
        tag: &mut [u8; TAG_LEN],
    ) -> Result<(), SendError> {
        self.fuse.try_step(SendError::Dead, |cipher| {
            cipher.encrypt(&[], length, length_tag)?;
            cipher.encrypt(&[], text, tag)?;
            cipher.rekey();
            Ok(())
        })
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
