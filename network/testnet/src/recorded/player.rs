//! The recorded side's end of a link.

use core::{net::SocketAddr, time::Duration};
use mixwell_net::{
    keys::{LinkKey, PeerClaim},
    randomness::Randomness,
};
use mixwell_wire::{Ad, FRAME_HEADER_LEN, FRAME_OVERHEAD, Link, Session, StreamError, Timeouts, tokio::await_proof};
use std::io;
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpStream,
    time,
};

/// An end of a connection that sends and receives the plaintexts of frames. It does nothing by
/// itself: as an initiator it sends no `no_op` after the handshake, as the reference's do not.
pub struct Player {
    stream: TcpStream,
    session: Session,
    buffer: Vec<u8>,
}

/// An event on the other side's end.
#[derive(Debug, Clone, PartialEq, Eq)]
#[expect(clippy::exhaustive_enums, reason = "for tests")]
pub enum Heard {
    /// The plaintext of a command that it sent.
    Command(Vec<u8>),
    /// The end of the connection.
    Closed,
    /// Nothing yet.
    Nothing,
}

impl Player {
    /// Connects as the recorded initiator, and waits for the responder's first `no_op`. `link` is
    /// the initiator's.
    pub async fn dial(
        address: SocketAddr,
        key: &LinkKey,
        ad: &[u8],
        link: Link,
    ) -> Result<Self, StreamError<io::Error>> {
        let mut stream = TcpStream::connect(address).await.map_err(StreamError::Io)?;
        stream.set_nodelay(true).map_err(StreamError::Io)?;
        let (mut rng, mut buffer) = (Randomness::from_seed(11).rng(), vec![0; key.buffer_len(&link)]);
        let own = (Ad::new(ad).unwrap(), link.silent());
        let timeouts = Timeouts { handshake: PATIENCE, ..Timeouts::default() };
        let initiated = key.initiate(&mut stream, own, &mut rng, &mut buffer, &timeouts, |_| true).await?;
        Ok(Self { stream, session: initiated.session, buffer })
    }

    /// Takes a connection as the recorded responder, sends the first `no_op`, and waits for the
    /// beginning of the initiator's first command. `link` is the responder's.
    pub async fn accept(
        mut stream: TcpStream,
        key: &LinkKey,
        ad: &[u8],
        link: Link,
        mut is_expected: impl FnMut(&PeerClaim<'_>) -> bool + Send,
    ) -> Result<Self, StreamError<io::Error>> {
        stream.set_nodelay(true).map_err(StreamError::Io)?;
        let (mut rng, mut buffer) = (Randomness::from_seed(12).rng(), vec![0; key.buffer_len(&link)]);
        let timeouts = Timeouts { handshake: PATIENCE, read: PATIENCE, ..Timeouts::default() };
        let link_for = |claim: &PeerClaim<'_>| is_expected(claim).then_some(link);
        let own = Ad::new(ad).unwrap();
        let session = key.respond(&mut stream, own, &mut rng, &mut buffer, &timeouts, link_for).await?;
        let session = await_proof(&mut stream, session, &timeouts).await?;
        Ok(Self { stream, session, buffer })
    }

    /// Sends a frame with this plaintext.
    ///
    /// # Errors
    /// If the other side has closed the connection.
    pub async fn say(&mut self, text: &[u8]) -> io::Result<()> {
        self.say_claiming(text, text.len() + TAG_LEN).await
    }

    /// Sends a frame that claims another length of its body.
    ///
    /// # Errors
    /// If the other side has closed the connection.
    pub async fn say_claiming(&mut self, text: &[u8], length: usize) -> io::Result<()> {
        let mut frame = vec![0; text.len() + FRAME_OVERHEAD];
        let length = u32::try_from(length).unwrap();
        self.session.sender.seal_any(text, length, &mut frame).unwrap();
        self.stream.write_all(&frame).await
    }

    /// Waits for the other side's next command for a time at most. Half a command is waited for
    /// longer.
    pub async fn hear(&mut self, patience: Duration) -> Heard {
        if self.session.receiver.pending_len().is_none() {
            match time::timeout(patience, self.stream.peek(&mut [0])).await {
                Err(_) => return Heard::Nothing,
                Ok(Ok(0) | Err(_)) => return Heard::Closed,
                Ok(Ok(_)) => {}
            }
        }
        let frame = time::timeout(PATIENCE, self.frame()).await;
        frame.expect("the other side sends whole frames").map_or(Heard::Closed, Heard::Command)
    }

    /// The plaintext of the next frame, `None` if the connection ends before it is whole.
    async fn frame(&mut self) -> Option<Vec<u8>> {
        let Self { stream, session, buffer } = self;
        if session.receiver.pending_len().is_none() {
            let mut header = [0; FRAME_HEADER_LEN];
            stream.read_exact(&mut header).await.ok()?;
            let length = session.receiver.open_length(&mut header);
            length.unwrap_or_else(|error| panic!("the other side sent a wrong length: {error}"));
        }
        let body = session.receiver.pending().unwrap();
        let length = body.len();
        let room = &mut buffer[..length];
        stream.read_exact(room).await.ok()?;
        if let Err(error) = body.open(room) {
            panic!("the other side sent what its peer does not take: {error}");
        }
        Some(room[..length - TAG_LEN].to_vec())
    }
}

const TAG_LEN: usize = 16;

/// Time for a handshake, or for the rest of a frame, on a machine that is busy with other tests.
const PATIENCE: Duration = Duration::from_secs(20);
