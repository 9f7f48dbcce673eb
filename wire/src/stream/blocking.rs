//! Over blocking streams, `std::io::Read` and `Write`, with [`Timeouts`]. Needs the feature `std`.

use super::{
    Sink, Source, StreamError, Timeouts,
    halves::{Reading, Writing},
    handshake,
};
use crate::{
    Command, Link, Peer, Receiver, Sender, Session,
    initiator::Initiator,
    responder::{Responder, UnprovenSession},
};
use core::{
    pin::pin,
    task::{Context, Poll, Waker},
    time::Duration,
};
use mixwell_pq_kem::Kem;
use rand_core::CryptoRng;
use std::{
    io::{self, ErrorKind, Read, Write},
    net::TcpStream,
    time::{Instant, SystemTime, UNIX_EPOCH},
};

/// A stream whose calls can time out.
pub trait Timed {
    /// Sets the time after which a call of `read` fails with [`ErrorKind::WouldBlock`] or
    /// [`ErrorKind::TimedOut`].
    ///
    /// # Errors
    /// Those of the stream.
    fn set_read_timeout(&mut self, timeout: Duration) -> io::Result<()>;

    /// Sets the time after which a call of `write` or `flush` fails in the same way.
    ///
    /// # Errors
    /// Those of the stream.
    fn set_write_timeout(&mut self, timeout: Duration) -> io::Result<()>;
}

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
/// use mixwell_wire::{Ad, Link, LinkKey, Session, Timeouts, blocking::initiate, initiator::Initiator};
///
/// /// A client's link to a gateway, which it knows from a consensus.
/// fn connect(
///     stream: &mut std::net::TcpStream,
///     key: &LinkKey<XWing>,
///     (queue_id, link): (&[u8; 32], Link),
///     (gateway_id, gateway_key): (&[u8; 32], &PublicKey<XWing>),
///     buffer: &mut [u8],
/// ) -> Result<Session, Box<dyn std::error::Error>> {
///     let initiator = Initiator::new(key, Ad::client(queue_id), link);
///     Ok(initiate(stream, initiator, &mut rand::rng(), buffer, &Timeouts::default(), |peer| {
///         peer.is(Ad::node(gateway_id), gateway_key)
///     })?)
/// }
/// ```
///
/// # Errors
/// [`StreamError`]; drop the stream then.
pub fn initiate<K, S, R>(
    stream: &mut S,
    initiator: Initiator<'_, K>,
    rng: &mut R,
    buffer: &mut [u8],
    timeouts: &Timeouts,
    wanted: impl FnOnce(&Peer<K>) -> bool,
) -> Result<Session, StreamError<io::Error>>
where
    K: Kem,
    S: Read + Write + Timed,
    R: CryptoRng + ?Sized,
{
    let mut stream = Blocking::new(stream);
    stream.give_up_in(timeouts.handshake);
    ready(handshake::initiate(&mut stream, initiator, rng, buffer, wanted))
}

/// Runs a responder's handshake over an accepted stream. `link_for` returns the link for the peer
/// that the initiator claims to be, or `None` to refuse it; the other arguments are those of
/// [`initiate`]. [`await_proof`] waits until the initiator has proved its identity. The peer is
/// sent this machine's clock.
///
/// ```
/// use mixwell_pq_kem::XWing;
/// use mixwell_wire::{Ad, Link, LinkKey, Session, Timeouts, blocking::{await_proof, respond}, responder::Responder};
///
/// /// A gateway's link to a client that names its queue.
/// fn accept(
///     stream: &mut std::net::TcpStream,
///     key: &LinkKey<XWing>,
///     (node_id, link): (&[u8; 32], Link),
///     buffer: &mut [u8],
/// ) -> Result<Session, Box<dyn std::error::Error>> {
///     let responder = Responder::new(key, Ad::node(node_id));
///     let unproven = respond(stream, responder, &mut rand::rng(), buffer, &Timeouts::default(), |peer| {
///         (peer.ad().len() == 32).then_some(link)
///     })?;
///     // until this the peer may be anyone
///     Ok(await_proof(stream, unproven, &Timeouts::default())?)
/// }
/// ```
///
/// # Errors
/// [`StreamError`]; drop the stream then.
pub fn respond<K, S, R>(
    stream: &mut S,
    responder: Responder<'_, K>,
    rng: &mut R,
    buffer: &mut [u8],
    timeouts: &Timeouts,
    link_for: impl FnOnce(&Peer<K>) -> Option<Link>,
) -> Result<UnprovenSession, StreamError<io::Error>>
where
    K: Kem,
    S: Read + Write + Timed,
    R: CryptoRng + ?Sized,
{
    let mut stream = Blocking::new(stream);
    stream.give_up_in(timeouts.handshake);
    ready(handshake::respond(&mut stream, responder, rng, buffer, unix_time(), link_for))
}

/// Waits at most [`Timeouts::read`] for the length of the initiator's first command, which proves
/// the initiator's identity. Pass the session to a [`Reader`] and a [`Writer`]: the reader receives
/// the rest of the command.
///
/// ```
/// use mixwell_pq_kem::XWing;
/// use mixwell_wire::{Ad, Link, LinkKey, Session, Timeouts, blocking::{await_proof, respond}, responder::Responder};
///
/// /// A gateway's link to a client that names its queue.
/// fn accept(
///     stream: &mut std::net::TcpStream,
///     key: &LinkKey<XWing>,
///     (node_id, link): (&[u8; 32], Link),
///     buffer: &mut [u8],
/// ) -> Result<Session, Box<dyn std::error::Error>> {
///     let responder = Responder::new(key, Ad::node(node_id));
///     let unproven = respond(stream, responder, &mut rand::rng(), buffer, &Timeouts::default(), |peer| {
///         (peer.ad().len() == 32).then_some(link)
///     })?;
///     // until this the peer may be anyone
///     Ok(await_proof(stream, unproven, &Timeouts::default())?)
/// }
/// ```
///
/// # Errors
/// [`StreamError`]; drop the stream then.
pub fn await_proof<S: Read + Timed>(
    stream: &mut S,
    session: UnprovenSession,
    timeouts: &Timeouts,
) -> Result<Session, StreamError<io::Error>> {
    let mut stream = Blocking::new(stream);
    stream.give_up_in(timeouts.read);
    ready(handshake::await_proof(&mut stream, session))
}

/// The receiving half of a session and of its stream.
///
/// ```
/// use mixwell_wire::{Command, Receiver, Timeouts, blocking::Reader};
///
/// /// Prints the commands of a session until the peer closes it.
/// fn print(stream: std::net::TcpStream, receiver: Receiver) -> Result<(), Box<dyn std::error::Error>> {
///     let buffer = vec![0; receiver.link().buffer_len()];
///     let mut reader = Reader::new(stream, receiver, buffer, &Timeouts::default());
///     loop {
///         match reader.receive()? {
///             Command::Disconnect => return Ok(()),
///             command => println!("{command:?}"),
///         }
///     }
/// }
/// ```
#[derive(Debug)]
pub struct Reader<S, B> {
    inner: Reading<Blocking<S>, B>,
    timeout: Duration,
}

impl<S: Read + Timed, B: AsMut<[u8]>> Reader<S, B> {
    /// A reader whose `buffer` limits the length of commands;
    /// [`Link::buffer_len`](crate::Link::buffer_len) bytes suffice for all.
    #[must_use]
    pub const fn new(stream: S, receiver: Receiver, buffer: B, timeouts: &Timeouts) -> Self {
        Self { inner: Reading::new(Blocking::new(stream), receiver, buffer), timeout: timeouts.read }
    }

    /// Receives the peer's next command.
    ///
    /// # Errors
    /// [`StreamError`]. After a [`StreamError::Timeout`] the call may be repeated; any other error
    /// ends the session.
    pub fn receive(&mut self) -> Result<Command<'_>, StreamError<io::Error>> {
        self.inner.stream_mut().give_up_in(self.timeout);
        ready(self.inner.receive())
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
/// use mixwell_wire::{Command, Sender, Timeouts, blocking::Writer};
///
/// /// Sends a packet.
/// fn send(stream: std::net::TcpStream, sender: Sender, packet: &[u8]) -> Result<(), Box<dyn std::error::Error>> {
///     let mut writer = Writer::new(stream, sender, vec![0; packet.len() + 100], &Timeouts::default());
///     Ok(writer.send(&Command::SendPacket(packet))?)
/// }
/// ```
#[derive(Debug)]
pub struct Writer<S, B> {
    inner: Writing<Blocking<S>, B>,
    timeout: Duration,
}

impl<S: Write + Timed, B: AsMut<[u8]>> Writer<S, B> {
    /// A writer whose `buffer` limits the length of commands.
    #[must_use]
    pub const fn new(stream: S, sender: Sender, buffer: B, timeouts: &Timeouts) -> Self {
        Self { inner: Writing::new(Blocking::new(stream), sender, buffer), timeout: timeouts.write }
    }

    /// Sends a command.
    ///
    /// # Errors
    /// [`StreamError`]. After a [`SendError::Encode`](crate::SendError::Encode) nothing is sent.
    /// After a [`StreamError::Timeout`] the rest of the command is sent before the next one. Any
    /// other error ends the session.
    pub fn send(&mut self, command: &Command<'_>) -> Result<(), StreamError<io::Error>> {
        self.inner.stream_mut().give_up_in(self.timeout);
        ready(self.inner.send(command))
    }
}

impl Timed for TcpStream {
    fn set_read_timeout(&mut self, timeout: Duration) -> io::Result<()> {
        Self::set_read_timeout(self, Some(timeout))
    }

    fn set_write_timeout(&mut self, timeout: Duration) -> io::Result<()> {
        Self::set_write_timeout(self, Some(timeout))
    }
}

impl Timed for &TcpStream {
    fn set_read_timeout(&mut self, timeout: Duration) -> io::Result<()> {
        TcpStream::set_read_timeout(self, Some(timeout))
    }

    fn set_write_timeout(&mut self, timeout: Duration) -> io::Result<()> {
        TcpStream::set_write_timeout(self, Some(timeout))
    }
}

impl<S: Timed> Timed for &mut S {
    fn set_read_timeout(&mut self, timeout: Duration) -> io::Result<()> {
        (**self).set_read_timeout(timeout)
    }

    fn set_write_timeout(&mut self, timeout: Duration) -> io::Result<()> {
        (**self).set_write_timeout(timeout)
    }
}

/// This machine's clock, in seconds since 1970.
pub(super) fn unix_time() -> u32 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    u32::try_from(since.as_secs()).unwrap_or(u32::MAX)
}

/// Runs a future of the driver, which is ready at once: the driver waits only in the stream's
/// calls, and those of a blocking stream return when they are done.
fn ready<T>(step: impl Future<Output = Result<T, StreamError<io::Error>>>) -> Result<T, StreamError<io::Error>> {
    match pin!(step).poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(result) => result,
        Poll::Pending => Err(StreamError::Closed),
    }
}

/// A stream and its deadline, which applies to a whole step of any number of calls.
#[derive(Debug)]
struct Blocking<S> {
    stream: S,
    deadline: Option<Instant>,
}

impl<S> Blocking<S> {
    const fn new(stream: S) -> Self {
        Self { stream, deadline: None }
    }

    /// Always sets a limit, to replace the stream's previous one: an infinite time becomes ten
    /// years.
    fn give_up_in(&mut self, time: Duration) {
        const NEVER: Duration = Duration::from_secs(10 * 365 * 24 * 60 * 60);
        self.deadline = Instant::now().checked_add(time.min(NEVER));
    }
}

impl<S: Timed> Blocking<S> {
    /// Repeats the call while it is interrupted. `limit` sets the stream's timeout.
    fn call<T>(
        &mut self,
        limit: impl Fn(&mut S, Duration) -> io::Result<()>,
        mut call: impl FnMut(&mut S) -> io::Result<T>,
    ) -> Result<T, StreamError<io::Error>> {
        loop {
            if let Some(deadline) = self.deadline {
                let left = deadline.saturating_duration_since(Instant::now());
                if left.is_zero() {
                    return Err(StreamError::Timeout);
                }
                limit(&mut self.stream, left).map_err(StreamError::Io)?;
            }
            match call(&mut self.stream) {
                Ok(done) => return Ok(done),
                Err(error) => match error.kind() {
                    ErrorKind::Interrupted => {}
                    ErrorKind::WouldBlock | ErrorKind::TimedOut => return Err(StreamError::Timeout),
                    _ => return Err(StreamError::Io(error)),
                },
            }
        }
    }
}

impl<S: Read + Timed> Source for Blocking<S> {
    type Error = io::Error;

    async fn read(&mut self, buffer: &mut [u8]) -> Result<usize, StreamError<io::Error>> {
        self.call(S::set_read_timeout, |stream| stream.read(buffer))
    }
}

impl<S: Write + Timed> Sink for Blocking<S> {
    type Error = io::Error;

    async fn write(&mut self, bytes: &[u8]) -> Result<usize, StreamError<io::Error>> {
        self.call(S::set_write_timeout, |stream| stream.write(bytes))
    }

    async fn flush(&mut self) -> Result<(), StreamError<io::Error>> {
        self.call(S::set_write_timeout, Write::flush)
    }
}
