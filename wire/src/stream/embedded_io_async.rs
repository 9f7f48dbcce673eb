//! Over `embedded-io-async`'s streams. Needs the feature `embedded-io-async`. The adapter has no
//! clock: apply timeouts to its futures, with the durations of [`Timeouts`](crate::Timeouts).

use super::{
    Sink, Source, StreamError,
    halves::{Reading, Writing},
    handshake,
};
use crate::{
    Command, Link, Peer, Receiver, Sender, Session,
    initiator::Initiator,
    responder::{Responder, UnprovenSession},
};
use ::embedded_io_async::{Read, Write};
use mixwell_pq_kem::Kem;
use rand_core::CryptoRng;

/// Runs an initiator's handshake over a connected stream. On mixnet sessions it sends a `no_op` at
/// once, which proves to the responder that this side owns its static key; on sessions with an
/// authority the first command proves it.
///
/// `wanted` decides whether the responder is the intended peer. A `buffer` of
/// [`Link::buffer_len`](crate::Link::buffer_len) or [`Messages::MAX_LEN`](crate::Messages::MAX_LEN)
/// bytes, whichever is greater, suffices.
///
/// ```
/// use mixwell_pq_kem::{XWing, kem::PublicKey};
/// use mixwell_wire::{Ad, Link, LinkKey, Session, StreamError, embedded_io_async::initiate, initiator::Initiator};
///
/// /// A client's link to a gateway, which it knows from a consensus.
/// async fn connect<S: embedded_io_async::Read + embedded_io_async::Write>(
///     stream: &mut S,
///     key: &LinkKey<XWing>,
///     (queue_id, link): (&[u8; 32], Link),
///     (gateway_id, gateway_key): (&[u8; 32], &PublicKey<XWing>),
///     buffer: &mut [u8],
/// ) -> Result<Session, StreamError<S::Error>> {
///     let initiator = Initiator::new(key, Ad::client(queue_id), link);
///     Ok(initiate(stream, initiator, &mut rand::rng(), buffer, |peer| {
///         peer.is(Ad::node(gateway_id), gateway_key)
///     }).await?)
/// }
/// ```
///
/// # Errors
/// [`StreamError`]; drop the stream then, and if you stop waiting.
pub async fn initiate<K, S, R>(
    stream: &mut S,
    initiator: Initiator<'_, K>,
    rng: &mut R,
    buffer: &mut [u8],
    wanted: impl FnOnce(&Peer<K>) -> bool,
) -> Result<Session, StreamError<S::Error>>
where
    K: Kem,
    S: Read + Write,
    R: CryptoRng + ?Sized,
{
    handshake::initiate(&mut Embedded(stream), initiator, rng, buffer, wanted).await
}

/// Runs a responder's handshake over an accepted stream. `link_for` returns the link for the peer
/// that the initiator claims to be, or `None` to refuse it; `unix_time` is the clock that is sent
/// to the peer; the other arguments are those of [`initiate`]. [`await_proof`] waits until the
/// initiator has proved its identity.
///
/// ```
/// use mixwell_pq_kem::XWing;
/// use mixwell_wire::{Ad, Link, LinkKey, Session, StreamError, embedded_io_async::{await_proof, respond}, responder::Responder};
///
/// /// A gateway's link to a client that names its queue.
/// async fn accept<S: embedded_io_async::Read + embedded_io_async::Write>(
///     stream: &mut S,
///     key: &LinkKey<XWing>,
///     (node_id, link): (&[u8; 32], Link),
///     buffer: &mut [u8],
/// ) -> Result<Session, StreamError<S::Error>> {
///     let responder = Responder::new(key, Ad::node(node_id));
///     let unproven = respond(stream, responder, &mut rand::rng(), buffer, 1_780_000_000, |peer| {
///         (peer.ad().len() == 32).then_some(link)
///     }).await?;
///     // until this the peer may be anyone
///     Ok(await_proof(stream, unproven).await?)
/// }
/// ```
///
/// # Errors
/// [`StreamError`]; drop the stream then, and if you stop waiting.
pub async fn respond<K, S, R>(
    stream: &mut S,
    responder: Responder<'_, K>,
    rng: &mut R,
    buffer: &mut [u8],
    unix_time: u32,
    link_for: impl FnOnce(&Peer<K>) -> Option<Link>,
) -> Result<UnprovenSession, StreamError<S::Error>>
where
    K: Kem,
    S: Read + Write,
    R: CryptoRng + ?Sized,
{
    handshake::respond(&mut Embedded(stream), responder, rng, buffer, unix_time, link_for).await
}

/// Waits for the length of the initiator's first command, which proves the initiator's identity.
/// Pass the session to a [`Reader`] and a [`Writer`]: the reader receives the rest of the command.
///
/// ```
/// use mixwell_pq_kem::XWing;
/// use mixwell_wire::{Ad, Link, LinkKey, Session, StreamError, embedded_io_async::{await_proof, respond}, responder::Responder};
///
/// /// A gateway's link to a client that names its queue.
/// async fn accept<S: embedded_io_async::Read + embedded_io_async::Write>(
///     stream: &mut S,
///     key: &LinkKey<XWing>,
///     (node_id, link): (&[u8; 32], Link),
///     buffer: &mut [u8],
/// ) -> Result<Session, StreamError<S::Error>> {
///     let responder = Responder::new(key, Ad::node(node_id));
///     let unproven = respond(stream, responder, &mut rand::rng(), buffer, 1_780_000_000, |peer| {
///         (peer.ad().len() == 32).then_some(link)
///     }).await?;
///     // until this the peer may be anyone
///     Ok(await_proof(stream, unproven).await?)
/// }
/// ```
///
/// # Errors
/// [`StreamError`]; drop the stream then, and if you stop waiting.
pub async fn await_proof<S: Read>(stream: &mut S, session: UnprovenSession) -> Result<Session, StreamError<S::Error>> {
    handshake::await_proof(&mut Embedded(stream), session).await
}

/// The receiving half of a session and of its stream.
///
/// ```
/// use mixwell_wire::{Command, Receiver, StreamError, embedded_io_async::Reader};
///
/// /// Prints the commands of a session until the peer closes it.
/// async fn print<S: embedded_io_async::Read>(stream: S, receiver: Receiver) -> Result<(), StreamError<S::Error>> {
///     let buffer = vec![0; receiver.link().buffer_len()];
///     let mut reader = Reader::new(stream, receiver, buffer);
///     loop {
///         match reader.receive().await? {
///             Command::Disconnect => return Ok(()),
///             command => println!("{command:?}"),
///         }
///     }
/// }
/// ```
#[derive(Debug)]
pub struct Reader<S, B>(Reading<Embedded<S>, B>);

impl<S: Read, B: AsMut<[u8]>> Reader<S, B> {
    /// A reader whose `buffer` limits the length of commands;
    /// [`Link::buffer_len`](crate::Link::buffer_len) bytes suffice for all.
    #[must_use]
    pub const fn new(stream: S, receiver: Receiver, buffer: B) -> Self {
        Self(Reading::new(Embedded(stream), receiver, buffer))
    }

    /// Receives the peer's next command. Cancel-safe if the stream's `read` is: if the caller stops
    /// waiting, the received bytes are kept, and the next call continues from there. The caller can
    /// therefore apply its own timeout.
    ///
    /// # Errors
    /// [`StreamError`], never [`StreamError::Timeout`]. Any error ends the session.
    pub async fn receive(&mut self) -> Result<Command<'_>, StreamError<S::Error>> {
        self.0.receive().await
    }

    /// The packet in the last received command, if it carries one, to be unwrapped in place. `None`
    /// while the next command is being received.
    pub fn packet_mut(&mut self) -> Option<&mut [u8]> {
        self.0.packet_mut()
    }
}

/// The sending half of a session and of its stream.
///
/// ```
/// use mixwell_wire::{Command, Sender, StreamError, embedded_io_async::Writer};
///
/// /// Sends a packet.
/// async fn send<S: embedded_io_async::Write>(stream: S, sender: Sender, packet: &[u8]) -> Result<(), StreamError<S::Error>> {
///     let mut writer = Writer::new(stream, sender, vec![0; packet.len() + 100]);
///     Ok(writer.send(&Command::SendPacket(packet)).await?)
/// }
/// ```
#[derive(Debug)]
pub struct Writer<S, B>(Writing<Embedded<S>, B>);

impl<S: Write, B: AsMut<[u8]>> Writer<S, B> {
    /// A writer whose `buffer` limits the length of commands.
    #[must_use]
    pub const fn new(stream: S, sender: Sender, buffer: B) -> Self {
        Self(Writing::new(Embedded(stream), sender, buffer))
    }

    /// Sends a command. If the caller stops waiting, the command may or may not have been started;
    /// the rest of a started command is sent before the next one, if the stream's `write` is
    /// cancel-safe.
    ///
    /// # Errors
    /// [`StreamError`], never [`StreamError::Timeout`]. After a
    /// [`SendError::Encode`](crate::SendError::Encode) nothing is sent; any other ends the session.
    pub async fn send(&mut self, command: &Command<'_>) -> Result<(), StreamError<S::Error>> {
        self.0.send(command).await
    }
}

#[derive(Debug)]
struct Embedded<S>(S);

impl<S: Read> Source for Embedded<S> {
    type Error = S::Error;

    async fn read(&mut self, buffer: &mut [u8]) -> Result<usize, StreamError<S::Error>> {
        self.0.read(buffer).await.map_err(StreamError::Io)
    }
}

impl<S: Write> Sink for Embedded<S> {
    type Error = S::Error;

    async fn write(&mut self, bytes: &[u8]) -> Result<usize, StreamError<S::Error>> {
        self.0.write(bytes).await.map_err(StreamError::Io)
    }

    async fn flush(&mut self) -> Result<(), StreamError<S::Error>> {
        self.0.flush().await.map_err(StreamError::Io)
    }
}
