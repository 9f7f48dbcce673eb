//! Thin adapters that carry a session over a byte stream.
//!
//! There is one driver, written against two small traits, and an adapter for each kind of stream. A
//! blocking stream is one that is always ready.

#[cfg(feature = "std")]
pub mod blocking;
#[cfg(feature = "embedded-io-async")]
pub mod embedded_io_async;
mod halves;
mod handshake;
#[cfg(feature = "tokio")]
pub mod tokio;

use crate::{CallerError, HandshakeError, ReceiveError, SendError};
use core::{fmt, time::Duration};

/// The stream that an adapter reads from.
trait Source {
    type Error;

    /// Waits for bytes, at least one unless the stream has ended.
    async fn read(&mut self, buffer: &mut [u8]) -> Result<usize, StreamError<Self::Error>>;
}

/// The stream that an adapter writes to.
trait Sink {
    type Error;

    /// Writes at least one byte, unless the stream has ended.
    async fn write(&mut self, bytes: &[u8]) -> Result<usize, StreamError<Self::Error>>;

    async fn flush(&mut self) -> Result<(), StreamError<Self::Error>>;
}

/// Timeouts after which an adapter fails with [`StreamError::Timeout`]. The defaults are 3
/// s, 120 s and 60 s (`docs/spec/wire.md#after-the-handshake`).
///
/// A timeout ends a handshake, but not a session: the bytes received or sent so far are kept, and
/// the same call may be repeated. Nodes of the reference close the connection.
///
/// ```
/// use core::time::Duration;
/// use mixwell_wire::Timeouts;
///
/// let mut timeouts = Timeouts::default();
/// timeouts.handshake = Duration::from_secs(10); // on a slow line
/// # assert_ne!(timeouts, Timeouts::default());
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(clippy::exhaustive_structs, reason = "to be written by the caller")]
pub struct Timeouts {
    /// For a whole handshake.
    pub handshake: Duration,
    /// For a command to arrive, from the call that waits for it.
    pub read: Duration,
    /// For the stream to accept a command.
    pub write: Duration,
}

impl Default for Timeouts {
    fn default() -> Self {
        Self { handshake: Duration::from_secs(3), read: Duration::from_secs(120), write: Duration::from_secs(60) }
    }
}

/// A session over a stream has failed; `E` is the stream's error.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum StreamError<E> {
    /// The stream has failed.
    Io(E),
    /// The stream has ended.
    Closed,
    /// The peer took too long. See [`Timeouts`].
    Timeout,
    /// A buffer is too short, or another mistake of the caller.
    Caller(CallerError),
    /// The caller refused this peer.
    Refused,
    /// The handshake has failed.
    Handshake(HandshakeError),
    /// A command could not be received.
    Receive(ReceiveError),
    /// A command could not be sent.
    Send(SendError),
}

impl<E: fmt::Display> fmt::Display for StreamError<E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Io(error) => error.fmt(f),
            Self::Closed => f.write_str("the stream has ended"),
            Self::Timeout => f.write_str("the peer took too long"),
            Self::Caller(error) => error.fmt(f),
            Self::Refused => f.write_str("the peer is not the one that was wanted"),
            Self::Handshake(error) => error.fmt(f),
            Self::Receive(error) => error.fmt(f),
            Self::Send(error) => error.fmt(f),
        }
    }
}

impl<E: fmt::Debug + fmt::Display> core::error::Error for StreamError<E> {}

impl<E> From<CallerError> for StreamError<E> {
    fn from(error: CallerError) -> Self {
        Self::Caller(error)
    }
}

impl<E> From<HandshakeError> for StreamError<E> {
    fn from(error: HandshakeError) -> Self {
        match error {
            HandshakeError::Caller(error) => Self::Caller(error),
            error => Self::Handshake(error),
        }
    }
}

impl<E> From<ReceiveError> for StreamError<E> {
    fn from(error: ReceiveError) -> Self {
        match error {
            ReceiveError::Caller(error) => Self::Caller(error),
            error => Self::Receive(error),
        }
    }
}

impl<E> From<SendError> for StreamError<E> {
    fn from(error: SendError) -> Self {
        Self::Send(error)
    }
}
