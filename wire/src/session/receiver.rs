//! The receiving half.

use super::{FRAME_HEADER_LEN, Fuse};
use crate::{
    caller::CallerError,
    command::{Command, CommandError},
    link::Link,
    noise::{CipherError, CipherState, TAG_LEN},
};
use core::fmt;

/// Decrypts the peer's commands in order of arrival.
///
/// A command arrives in two parts: a header of [`FRAME_HEADER_LEN`] bytes with the body's length,
/// and the body.
///
/// ```
/// use mixwell_wire::{Command, FRAME_HEADER_LEN, ReceiveError, Receiver};
/// use std::io::Read;
///
/// /// Receives a command into `buffer`.
/// fn receive<'b>(
///     receiver: &mut Receiver,
///     stream: &mut impl Read,
///     buffer: &'b mut [u8],
/// ) -> Result<Command<'b>, Box<dyn std::error::Error>> {
///     let mut header = [0; FRAME_HEADER_LEN];
///     stream.read_exact(&mut header)?;
///     let body = receiver.open_length(&mut header)?;
///     let bytes = buffer.get_mut(..body.len()).ok_or("the buffer is shorter than `Link::buffer_len`")?;
///     stream.read_exact(bytes)?;
///     Ok(body.open(bytes)?)
/// }
/// ```
pub struct Receiver {
    pub(super) fuse: Fuse,
    link: Link,
    pending: Option<usize>,
}

/// The body of a command, which is read next.
#[derive(Debug)]
pub struct Body<'r> {
    receiver: &'r mut Receiver,
    length: usize,
}

impl Receiver {
    pub(super) const fn new(cipher: CipherState, link: Link) -> Self {
        Self { fuse: Fuse::new(cipher), link, pending: None }
    }

    /// Decrypts the length of the next command. A command that is longer than any that this end may
    /// receive is an error at this point, so no buffer has to be ready for it.
    ///
    /// # Errors
    /// [`CallerError::BodyPending`]; any other [`ReceiveError`] ends the session.
    pub fn open_length(&mut self, header: &mut [u8; FRAME_HEADER_LEN]) -> Result<Body<'_>, ReceiveError> {
        if self.pending.is_some() {
            return Err(CallerError::BodyPending.into());
        }
        let max = self.link.max_frame().saturating_add(TAG_LEN);
        let length = self.fuse.try_step(ReceiveError::Dead, |cipher| {
            if !cipher.can_number(2) {
                return Err(ReceiveError::Nonce);
            }
            let (length, tag) = header.split_first_chunk_mut::<4>().ok_or(ReceiveError::Tag)?;
            let tag = tag.first_chunk().ok_or(ReceiveError::Tag)?;
            // declassified: whether the tag is right
            cipher.decrypt(&[], length, tag)?;
            let got = u32::from_be_bytes(*length);
            let length = usize::try_from(got).unwrap_or(usize::MAX);
            // declassified: the number of bytes that follow
            if (TAG_LEN..=max).contains(&length) { Ok(length) } else { Err(ReceiveError::Length { max, got }) }
        })?;
        self.pending = Some(length);
        Ok(Body { receiver: self, length })
    }

    /// The next body, if its length has been read and its [`Body`] was dropped or given too short a
    /// buffer.
    pub const fn pending(&mut self) -> Option<Body<'_>> {
        match self.pending {
            Some(length) => Some(Body { receiver: self, length }),
            None => None,
        }
    }

    /// Length of the next body.
    #[must_use]
    pub const fn pending_len(&self) -> Option<usize> {
        self.pending
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

impl Body<'_> {
    /// Length of the body in bytes.
    #[must_use]
    #[expect(clippy::len_without_is_empty, reason = "it never is")]
    pub const fn len(&self) -> usize {
        self.length
    }

    /// Decrypts the body, the first [`Body::len`] bytes of `buffer`, in place, and reads the
    /// command.
    ///
    /// # Errors
    /// [`CallerError::Buffer`], after which [`Receiver::pending`] returns the body again; any other
    /// [`ReceiveError`] ends the session.
    pub fn open(self, buffer: &mut [u8]) -> Result<Command<'_>, ReceiveError> {
        let Self { receiver: Receiver { fuse, link, pending }, length: want } = self;
        let got = buffer.len();
        let body = buffer.get_mut(..want).ok_or(CallerError::Buffer { want, got })?;
        *pending = None;
        fuse.try_step(ReceiveError::Dead, |cipher| {
            let (text, tag) = body.split_last_chunk_mut::<TAG_LEN>().ok_or(ReceiveError::Tag)?;
            // declassified: whether the tag is right
            cipher.decrypt(&[], text, tag)?;
            cipher.rekey();
            // declassified with what it calls: an authentic command's id, codes and lengths;
            // whether its padding is zeros
            Ok(Command::decode(text, link)?)
        })
    }
}

impl fmt::Debug for Receiver {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Receiver").field("link", &self.link).field("pending", &self.pending).finish_non_exhaustive()
    }
}

/// A command could not be received: the peer sent something invalid, which ends the session, or the
/// caller made a mistake.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum ReceiveError {
    /// A mistake of the caller. The session continues.
    Caller(CallerError),
    /// An earlier error has ended the session.
    Dead,
    /// The length is not that of any command that this end may receive.
    Length {
        /// The maximum length, including the tag. The minimum is 16, the tag alone.
        max: usize,
        /// The length that the peer claims.
        got: u32,
    },
    /// The received bytes are not authentic.
    Tag,
    /// 2⁶⁴ − 1 messages have been received.
    Nonce,
    /// The responder's first command is not [`Command::NoOp`].
    NotNoOp,
    /// The frame is not a command that this end may receive.
    Command(CommandError),
}

impl fmt::Display for ReceiveError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Caller(error) => error.fmt(f),
            Self::Dead => f.write_str("the session has ended with an error"),
            Self::Length { max, got } => write!(f, "the peer claims {got} bytes, want {TAG_LEN} to {max}"),
            Self::Tag => f.write_str("the message is not authentic"),
            Self::Nonce => f.write_str("the session has received all the messages that it can"),
            Self::NotNoOp => f.write_str("the first command is not a no_op"),
            Self::Command(error) => error.fmt(f),
        }
    }
}

impl core::error::Error for ReceiveError {}

impl From<CallerError> for ReceiveError {
    fn from(error: CallerError) -> Self {
        Self::Caller(error)
    }
}

impl From<CommandError> for ReceiveError {
    fn from(error: CommandError) -> Self {
        Self::Command(error)
    }
}

impl From<CipherError> for ReceiveError {
    fn from(error: CipherError) -> Self {
        match error {
            CipherError::Nonce => Self::Nonce,
            CipherError::Tag => Self::Tag,
        }
    }
}
