//! Over `tokio`'s streams, with [`Timeouts`]. Needs the feature `tokio`, and a runtime with its
//! timer enabled.

use super::{
    Sink, Source, StreamError, Timeouts,
    blocking::unix_time,
    halves::{Reading, Writing},
    handshake,
};
use crate::{
    Command, Link, Peer, Receiver, Sender, Session,
    initiator::Initiator,
    responder::{Responder, UnprovenSession},
};
use ::tokio::{
    io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt},
    time::timeout,
};
use core::time::Duration;
use mixwell_pq_kem::Kem;
use rand_core::CryptoRng;
use std::io;

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
/// use mixwell_wire::{Ad, Link, LinkKey, Session, Timeouts, tokio::initiate, initiator::Initiator};
///
/// /// A client's link to a gateway, which it knows from a consensus.
/// async fn connect(
///     stream: &mut tokio::net::TcpStream,
///     key: &LinkKey<XWing>,
///     (queue_id, link): (&[u8; 32], Link),
///     (gateway_id, gateway_key): (&[u8; 32], &PublicKey<XWing>),
///     buffer: &mut [u8],
/// ) -> Result<Session, Box<dyn std::error::Error>> {
///     let initiator = Initiator::new(key, Ad::client(queue_id), link);
///     Ok(initiate(stream, initiator, &mut rand::rng(), buffer, &Timeouts::default(), |peer| {
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
    timeouts: &Timeouts,
    wanted: impl FnOnce(&Peer<K>) -> bool,
) -> Result<Session, StreamError<io::Error>>
where
    K: Kem,
    S: AsyncRead + AsyncWrite + Unpin,
    R: CryptoRng + ?Sized,
{
    let mut stream = Tokio(stream);
    within(timeouts.handshake, handshake::initiate(&mut stream, initiator, rng, buffer, wanted)).await
}

/// Runs a responder's handshake over an accepted stream. `link_for` returns the link for the peer
/// that the initiator claims to be, or `None` to refuse it; the other arguments are those of
/// [`initiate`]. [`await_proof`] waits until the initiator has proved its identity. The peer is
/// sent this machine's clock.
///
/// ```
/// use mixwell_pq_kem::XWing;
/// use mixwell_wire::{Ad, Link, LinkKey, Session, Timeouts, tokio::{await_proof, respond}, responder::Responder};
///
/// /// A gateway's link to a client that names its queue.
/// async fn accept(
///     stream: &mut tokio::net::TcpStream,
///     key: &LinkKey<XWing>,
///     (node_id, link): (&[u8; 32], Link),
///     buffer: &mut [u8],
/// ) -> Result<Session, Box<dyn std::error::Error>> {
///     let responder = Responder::new(key, Ad::node(node_id));
///     let unproven = respond(stream, responder, &mut rand::rng(), buffer, &Timeouts::default(), |peer| {
///         (peer.ad().len() == 32).then_some(link)
///     }).await?;
///     // until this the peer may be anyone
///     Ok(await_proof(stream, unproven, &Timeouts::default()).await?)
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
    timeouts: &Timeouts,
    link_for: impl FnOnce(&Peer<K>) -> Option<Link>,
) -> Result<UnprovenSession, StreamError<io::Error>>
where
    K: Kem,
    S: AsyncRead + AsyncWrite + Unpin,
    R: CryptoRng + ?Sized,
{
    let mut stream = Tokio(stream);
    within(timeouts.handshake, handshake::respond(&mut stream, responder, rng, buffer, unix_time(), link_for)).await
}

/// Waits at most [`Timeouts::read`] for the length of the initiator's first command, which proves
/// the initiator's identity. Pass the session to a [`Reader`] and a [`Writer`]: the reader receives
/// the rest of the command.
///
/// ```
/// use mixwell_pq_kem::XWing;
/// use mixwell_wire::{Ad, Link, LinkKey, Session, Timeouts, tokio::{await_proof, respond}, responder::Responder};
///
/// /// A gateway's link to a client that names its queue.
/// async fn accept(
///     stream: &mut tokio::net::TcpStream,
///     key: &LinkKey<XWing>,
///     (node_id, link): (&[u8; 32], Link),
///     buffer: &mut [u8],
/// ) -> Result<Session, Box<dyn std::error::Error>> {
///     let responder = Responder::new(key, Ad::node(node_id));
///     let unproven = respond(stream, responder, &mut rand::rng(), buffer, &Timeouts::default(), |peer| {
///         (peer.ad().len() == 32).then_some(link)
///     }).await?;
///     // until this the peer may be anyone
///     Ok(await_proof(stream, unproven, &Timeouts::default()).await?)
/// }
/// ```
///
/// # Errors
/// [`StreamError`]; drop the stream then, and if you stop waiting.
pub async fn await_proof<S: AsyncRead + Unpin>(
    stream: &mut S,
    session: UnprovenSession,
    timeouts: &Timeouts,
) -> Result<Session, StreamError<io::Error>> {
    within(timeouts.read, handshake::await_proof(&mut Tokio(stream), session)).await
}

/// The receiving half of a session and of its stream.
///
/// ```
/// use mixwell_wire::{Command, Receiver, Timeouts, tokio::Reader};
///
/// /// Prints the commands of a session until the peer closes it.
/// async fn print(stream: tokio::net::TcpStream, receiver: Receiver) -> Result<(), Box<dyn std::error::Error>> {
///     let buffer = vec![0; receiver.link().buffer_len()];
///     let mut reader = Reader::new(stream, receiver, buffer, &Timeouts::default());
///     loop {
///         match reader.receive().await? {
///             Command::Disconnect => return Ok(()),
///             command => println!("{command:?}"),
///         }
///     }
/// }
/// ```
#[derive(Debug)]
pub struct Reader<S, B> {
    inner: Reading<Tokio<S>, B>,
    timeout: Duration,
}

impl<S: AsyncRead + Unpin, B: AsMut<[u8]>> Reader<S, B> {
    /// A reader whose `buffer` limits the length of commands;
    /// [`Link::buffer_len`](crate::Link::buffer_len) bytes suffice for all.
    #[must_use]
    pub const fn new(stream: S, receiver: Receiver, buffer: B, timeouts: &Timeouts) -> Self {
        Self { inner: Reading::new(Tokio(stream), receiver, buffer), timeout: timeouts.read }
    }

    /// Receives the peer's next command. Cancel-safe: if the caller stops waiting, the received
    /// bytes are kept, and the next call continues from there.
    ///
    /// # Errors
    /// [`StreamError`]. After a [`StreamError::Timeout`] the call may be repeated; any other error
    /// ends the session.
    pub async fn receive(&mut self) -> Result<Command<'_>, StreamError<io::Error>> {
        within(self.timeout, self.inner.receive()).await
    }

    /// The packet in the last received command, if it carries one, to be unwrapped in place. `None`
    /// while the next command is being received.
    pub fn packet_mut(&mut self) -> Option<&mut [u8]> {
        self.inner.packet_mut()
    }
}

/// The sending half of a session and of its stream.
///
/// ```
/// use mixwell_wire::{Command, Sender, Timeouts, tokio::Writer};
///
/// /// Sends a packet.
/// async fn send(stream: tokio::net::TcpStream, sender: Sender, packet: &[u8]) -> Result<(), Box<dyn std::error::Error>> {
///     let mut writer = Writer::new(stream, sender, vec![0; packet.len() + 100], &Timeouts::default());
///     Ok(writer.send(&Command::SendPacket(packet)).await?)
/// }
/// ```
#[derive(Debug)]
pub struct Writer<S, B> {
    inner: Writing<Tokio<S>, B>,
    timeout: Duration,
}

impl<S: AsyncWrite + Unpin, B: AsMut<[u8]>> Writer<S, B> {
    /// A writer whose `buffer` limits the length of commands.
    #[must_use]
    pub const fn new(stream: S, sender: Sender, buffer: B, timeouts: &Timeouts) -> Self {
        Self { inner: Writing::new(Tokio(stream), sender, buffer), timeout: timeouts.write }
    }

    /// The buffer, which the caller may extend for a long command. The unsent rest of the last
    /// command is at its front.
    pub const fn buffer_mut(&mut self) -> &mut B {
        self.inner.buffer_mut()
    }

    /// Sends a command. If the caller stops waiting, the command may or may not have been started;
    /// the rest of a started command is sent before the next one.
    ///
    /// # Errors
    /// [`StreamError`]. After a [`SendError::Encode`](crate::SendError::Encode) nothing is sent.
    /// After a [`StreamError::Timeout`] the rest of the command is sent before the next one. Any
    /// other error ends the session.
    pub async fn send(&mut self, command: &Command<'_>) -> Result<(), StreamError<io::Error>> {
        within(self.timeout, self.inner.send(command)).await
    }
}

async fn within<T>(
    limit: Duration,
    step: impl Future<Output = Result<T, StreamError<io::Error>>>,
) -> Result<T, StreamError<io::Error>> {
    timeout(limit, step).await.unwrap_or(Err(StreamError::Timeout))
}

#[derive(Debug)]
struct Tokio<S>(S);

impl<S: AsyncRead + Unpin> Source for Tokio<S> {
    type Error = io::Error;

    async fn read(&mut self, buffer: &mut [u8]) -> Result<usize, StreamError<io::Error>> {
        self.0.read(buffer).await.map_err(StreamError::Io)
    }
}

impl<S: AsyncWrite + Unpin> Sink for Tokio<S> {
    type Error = io::Error;

    async fn write(&mut self, bytes: &[u8]) -> Result<usize, StreamError<io::Error>> {
        self.0.write(bytes).await.map_err(StreamError::Io)
    }

    async fn flush(&mut self) -> Result<(), StreamError<io::Error>> {
        self.0.flush().await.map_err(StreamError::Io)
    }
}
