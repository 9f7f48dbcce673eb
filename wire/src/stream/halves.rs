//! Cancel-safe sending and receiving over a stream: nothing is lost when the caller stops waiting.

use super::{Sink, Source, StreamError};
use crate::{
    CallerError, Command, FRAME_HEADER_LEN, ReceiveError, Receiver, Sender, command::packet_mut, noise::TAG_LEN,
};

/// A receiving half, its stream, and the bytes received so far.
#[derive(Debug)]
pub(super) struct Reading<S, B> {
    stream: S,
    receiver: Receiver,
    buffer: B,
    /// Number of bytes of the header or the body received so far. Both are read to the front of the
    /// buffer.
    filled: usize,
    /// Length of the command in the buffer; 0 while the next command is being received.
    received: usize,
}

/// A sending half, its stream, and the bytes that are still to be sent.
#[derive(Debug)]
pub(super) struct Writing<S, B> {
    stream: S,
    sender: Sender,
    buffer: B,
    unsent: core::ops::Range<usize>,
}

impl<S: Source, B: AsMut<[u8]>> Reading<S, B> {
    pub(super) const fn new(stream: S, receiver: Receiver, buffer: B) -> Self {
        Self { stream, receiver, buffer, filled: 0, received: 0 }
    }

    pub(super) async fn receive(&mut self) -> Result<Command<'_>, StreamError<S::Error>> {
        self.received = 0;
        if !self.receiver.is_alive() {
            return Err(ReceiveError::Dead.into());
        }
        if self.receiver.pending_len().is_none() {
            self.fill(FRAME_HEADER_LEN).await?;
            let buffer = self.buffer.as_mut();
            let header = buffer.first_chunk_mut().ok_or(too_short(FRAME_HEADER_LEN, 0))?;
            self.receiver.open_length(header)?;
            self.filled = 0;
        }
        let length = self.receiver.pending_len().unwrap_or_default();
        self.fill(length).await?;
        self.filled = 0;
        let command = self.receiver.pending().ok_or(ReceiveError::Dead)?.open(self.buffer.as_mut())?;
        self.received = length.saturating_sub(TAG_LEN);
        Ok(command)
    }

    /// Reads until `want` bytes are at the front of the buffer.
    async fn fill(&mut self, want: usize) -> Result<(), StreamError<S::Error>> {
        let buffer = self.buffer.as_mut();
        let got = buffer.len();
        let buffer = buffer.get_mut(..want).ok_or(too_short(want, got))?;
        while let Some(rest) = buffer.get_mut(self.filled..).filter(|rest| !rest.is_empty()) {
            let count = self.stream.read(rest).await?;
            if count == 0 {
                return Err(StreamError::Closed);
            }
            self.filled = self.filled.saturating_add(count);
        }
        Ok(())
    }

    pub(super) fn packet_mut(&mut self) -> Option<&mut [u8]> {
        packet_mut(self.buffer.as_mut().get_mut(..self.received)?, self.receiver.link())
    }

    #[cfg(feature = "std")]
    pub(super) const fn stream_mut(&mut self) -> &mut S {
        &mut self.stream
    }
}

impl<S: Sink, B: AsMut<[u8]>> Writing<S, B> {
    pub(super) const fn new(stream: S, sender: Sender, buffer: B) -> Self {
        Self { stream, sender, buffer, unsent: 0..0 }
    }

    #[cfg(feature = "tokio")]
    pub(super) const fn buffer_mut(&mut self) -> &mut B {
        &mut self.buffer
    }

    pub(super) async fn send(&mut self, command: &Command<'_>) -> Result<(), StreamError<S::Error>> {
        self.flush().await?;
        let frame = self.sender.seal(command, self.buffer.as_mut())?;
        self.unsent = 0..frame.len();
        self.flush().await
    }

    /// Sends the rest of the previous command.
    pub(super) async fn flush(&mut self) -> Result<(), StreamError<S::Error>> {
        let buffer = self.buffer.as_mut();
        while let Some(rest) = buffer.get(self.unsent.clone()).filter(|rest| !rest.is_empty()) {
            let count = self.stream.write(rest).await?;
            if count == 0 {
                return Err(StreamError::Closed);
            }
            self.unsent.start = self.unsent.start.saturating_add(count);
        }
        self.stream.flush().await
    }

    #[cfg(feature = "std")]
    pub(super) const fn stream_mut(&mut self) -> &mut S {
        &mut self.stream
    }
}

pub(super) async fn write_all<S: Sink>(stream: &mut S, mut bytes: &[u8]) -> Result<(), StreamError<S::Error>> {
    while !bytes.is_empty() {
        let count = stream.write(bytes).await?;
        bytes = if count == 0 { None } else { bytes.get(count..) }.ok_or(StreamError::Closed)?;
    }
    stream.flush().await
}

const fn too_short(want: usize, got: usize) -> CallerError {
    CallerError::Buffer { want, got }
}
