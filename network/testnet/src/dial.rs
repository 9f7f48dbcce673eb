//! The initiator's end of a link, driven by a test.

use core::net::SocketAddr;
use mixwell_net::{keys::LinkKey, randomness::Randomness};
use mixwell_wire::{
    Ad, Command, Link, PkiSizes, Session, StreamError, Timeouts,
    tokio::{Reader, Writer},
};
use std::io;
use tokio::net::{
    TcpStream,
    tcp::{OwnedReadHalf, OwnedWriteHalf},
};

/// A connection to a node or authority.
pub struct TestLink {
    /// The stream of the peer's commands.
    pub reader: Reader<OwnedReadHalf, Vec<u8>>,
    /// The stream of commands to the peer.
    pub writer: Writer<OwnedWriteHalf, Vec<u8>>,
}

impl TestLink {
    /// Connects with a name and a key. On mixnet sessions it also proves its identity.
    pub async fn dial(
        address: SocketAddr,
        key: &LinkKey,
        ad: &[u8],
        link: Link,
    ) -> Result<Self, StreamError<io::Error>> {
        let (stream, session) = Self::dial_raw(address, key, ad, link).await?;
        Ok(Self::over(stream, session))
    }

    /// Connects likewise, to send bytes other than commands.
    pub async fn dial_raw(
        address: SocketAddr,
        key: &LinkKey,
        ad: &[u8],
        link: Link,
    ) -> Result<(TcpStream, Session), StreamError<io::Error>> {
        let mut stream = TcpStream::connect(address).await.map_err(StreamError::Io)?;
        let session = handshake(&mut stream, key, ad, link).await?;
        Ok((stream, session))
    }

    /// Connects and sends nothing, like a node of the reference that has no packet to send. The
    /// session can send only unpadded no-ops.
    pub async fn dial_silently(address: SocketAddr, key: &LinkKey, ad: &[u8]) -> Result<Self, StreamError<io::Error>> {
        Self::dial(address, key, ad, Link::authority_client(PkiSizes { public_key: 32, document: 100_000 })).await
    }

    fn over(stream: TcpStream, session: Session) -> Self {
        let timeouts = Timeouts::default();
        let (read, write) = stream.into_split();
        let buffer = || vec![0; 1 << 17];
        Self {
            reader: Reader::new(read, session.receiver, buffer(), &timeouts),
            writer: Writer::new(write, session.sender, buffer(), &timeouts),
        }
    }

    /// Sends a command.
    pub async fn send(&mut self, command: &Command<'_>) {
        self.writer.send(command).await.unwrap();
    }

    /// Waits until the peer closes the connection; it may send no-ops before.
    pub async fn assert_closed_after_no_ops(&mut self) {
        while let Ok(command) = self.reader.receive().await {
            assert_eq!(command, Command::NoOp);
        }
    }

    /// Waits until the peer closes the connection, and asserts that it sends nothing more.
    pub async fn assert_closed_unanswered(&mut self) {
        let received = self.reader.receive().await;
        assert!(matches!(received, Err(StreamError::Closed | StreamError::Io(_))), "{received:?}");
    }
}

async fn handshake(
    stream: &mut TcpStream,
    key: &LinkKey,
    ad: &[u8],
    link: Link,
) -> Result<Session, StreamError<io::Error>> {
    stream.set_nodelay(true).map_err(StreamError::Io)?;
    let (mut rng, mut buffer) = (Randomness::from_seed(11).rng(), vec![0; key.buffer_len(&link)]);
    let own = (Ad::new(ad).unwrap(), link);
    let initiated = key.initiate(stream, own, &mut rng, &mut buffer, &Timeouts::default(), |_| true).await?;
    Ok(initiated.session)
}
