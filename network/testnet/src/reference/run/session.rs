//! Handshakes and sessions over TCP. An initiator of the reference sends nothing of its own after
//! the handshake: the adapters of `wire` send a `no_op` on mixnet sessions, so this one drives the
//! handshake's states itself.

use crate::reference::command::OwnedCommand;
use core::{net::SocketAddr, time::Duration};
use mixwell_net::{connect::LinkTarget, randomness::Randomness};
use mixwell_pq_kem::XWing;
use mixwell_wire::{
    Ad, Command, FRAME_HEADER_LEN, Link, LinkKey, Messages, Peer, PkiSizes, Session, StreamError, Timeouts,
    initiator::Initiator,
    responder::{Responder, UnprovenSession},
    tokio::{Reader, Writer, respond},
};
use std::io;
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::{
        TcpStream,
        tcp::{OwnedReadHalf, OwnedWriteHalf},
    },
    time,
};

/// A session over TCP.
pub(super) struct Connection {
    pub(super) reader: Reader<OwnedReadHalf, Vec<u8>>,
    pub(super) writer: Writer<OwnedWriteHalf, Vec<u8>>,
}

/// One side of a handshake.
pub(super) struct Side<'a> {
    pub(super) key: &'a LinkKey<XWing>,
    pub(super) ad: &'a [u8],
    pub(super) timeout: Duration,
    pub(super) randomness: &'a Randomness,
}

impl Connection {
    pub(super) fn new(stream: TcpStream, session: Session) -> Self {
        // the state machines have the time-outs
        let timeouts = Timeouts { read: FOREVER, ..Timeouts::default() };
        let (read, write) = stream.into_split();
        let room = || vec![0; BUFFER];
        Self {
            reader: Reader::new(read, session.receiver, room(), &timeouts),
            writer: Writer::new(write, session.sender, room(), &timeouts),
        }
    }

    /// Connects to a peer and runs the handshake up to its first `no_op`.
    pub(super) async fn dial(socket: SocketAddr, own: &Side<'_>, link: Link, peer: &LinkTarget) -> io::Result<Self> {
        let connect = async {
            let mut stream = TcpStream::connect(socket).await?;
            stream.set_nodelay(true)?;
            let session = initiate(&mut stream, own, link, peer).await?;
            Ok(Self::new(stream, session))
        };
        time::timeout(own.timeout, connect).await.unwrap_or_else(|_| Err(io::ErrorKind::TimedOut.into()))
    }

    /// Sends a command.
    pub(super) async fn send(&mut self, command: &OwnedCommand) -> Result<(), StreamError<io::Error>> {
        self.writer.send(&command.command()).await
    }

    /// One round trip with an authority. `None` if it closes without an answer.
    pub(super) async fn ask<T>(
        socket: SocketAddr,
        own: &Side<'_>,
        authority: &LinkTarget,
        request: &OwnedCommand,
        read: impl FnOnce(&Command<'_>) -> T,
    ) -> io::Result<Option<T>> {
        let link = Link::authority_client(PKI_SIZES);
        let mut connection = Self::dial(socket, own, link, authority).await?;
        connection.send(request).await.map_err(io::Error::other)?;
        let answer = time::timeout(ANSWER, connection.reader.receive()).await;
        match answer {
            Ok(Ok(answer)) => Ok(Some(read(&answer))),
            Ok(Err(_)) => Ok(None),
            Err(_) => Err(io::ErrorKind::TimedOut.into()),
        }
    }
}

/// The initiator's handshake, which ends with the responder's `no_op`.
async fn initiate(stream: &mut TcpStream, own: &Side<'_>, link: Link, peer: &LinkTarget) -> io::Result<Session> {
    let mut buffer = vec![0; BUFFER];
    let mut rng = own.randomness.rng();
    let ad = Ad::new(own.ad).ok_or(io::ErrorKind::InvalidInput)?;
    let (state, message) = Initiator::new(own.key, ad, link).write(&mut rng, &mut buffer).map_err(io::Error::other)?;
    stream.write_all(message).await?;
    let message = &mut buffer[..Messages::<XWing>::LEN_2];
    stream.read_exact(message).await?;
    let state = state.read(message).map_err(io::Error::other)?;
    if state.peer().ad() != peer.id.0 || state.peer().static_key().as_bytes().as_ref() != peer.link_key {
        return Err(io::ErrorKind::PermissionDenied.into());
    }
    let (state, message) = state.accept().write(&mut rng, &mut buffer).map_err(io::Error::other)?;
    stream.write_all(message).await?;
    let message = &mut buffer[..Messages::<XWing>::LEN_4];
    stream.read_exact(message).await?;
    let state = state.read(message).map_err(io::Error::other)?;
    let mut header = [0; FRAME_HEADER_LEN];
    stream.read_exact(&mut header).await?;
    let state = state.open_length(&mut header).map_err(io::Error::other)?;
    let body = &mut buffer[..state.body_len()];
    stream.read_exact(body).await?;
    state.open(body).map_err(io::Error::other)
}

/// The peer of a handshake: its `ad` and its link key.
pub(super) type Claim = (Vec<u8>, Vec<u8>);

/// The responder's handshake. `link_for` refuses a peer after message 3 by returning `None`.
pub(super) async fn accept(
    stream: &mut TcpStream,
    own: &Side<'_>,
    link_for: impl FnOnce(&[u8], &[u8]) -> Option<Link> + Send,
) -> Result<(UnprovenSession, Claim), StreamError<io::Error>> {
    stream.set_nodelay(true).map_err(StreamError::Io)?;
    let (mut rng, mut buffer) = (own.randomness.rng(), vec![0; BUFFER]);
    let timeouts = Timeouts { handshake: own.timeout, ..Timeouts::default() };
    let ad = Ad::new(own.ad).ok_or(StreamError::Refused)?;
    let mut claim = (Vec::new(), Vec::new());
    let responder = Responder::new(own.key, ad);
    let session = respond(stream, responder, &mut rng, &mut buffer, &timeouts, |peer: &Peer<XWing>| {
        claim = (peer.ad().to_vec(), peer.static_key().as_bytes().as_ref().to_vec());
        link_for(&claim.0, &claim.1)
    });
    Ok((session.await?, claim))
}

/// Largest bodies of sessions with authorities.
pub(super) const PKI_SIZES: PkiSizes = PkiSizes { public_key: 32, document: BUFFER / 2 };

/// Bytes for any handshake message or command of a test network.
const BUFFER: usize = 1 << 18;

/// Patience for an authority's answer.
const ANSWER: Duration = Duration::from_secs(10);

const FOREVER: Duration = Duration::from_hours(24);
