//! Connecting to a peer: dialling its addresses and the handshake.

use crate::{
    address::Address,
    clock::ClockWatch,
    keys::{Initiated, LinkKey, PeerClaim},
    randomness::Randomness,
};
use core::fmt;
use mixwell_pki_types::{KeyHash, Node};
use mixwell_wire::{Ad, Link, Session, StreamError, Timeouts};
use std::io;
use tokio::{net::TcpStream, time};

/// A peer to connect to: a node, a gateway or an authority.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LinkTarget {
    /// The peer's name, for people.
    pub name: String,
    /// The hash of the peer's identity key, its name in handshakes.
    pub id: KeyHash,
    /// The peer's link public key.
    pub link_key: Vec<u8>,
    /// The peer's addresses, tried in order.
    pub addresses: Vec<Address>,
    /// The transports of the peer's other addresses, such as `quic`, which this program cannot
    /// dial.
    pub other_transports: Vec<String>,
}

impl LinkTarget {
    /// A node of a consensus, with those of its addresses that this program can dial.
    #[must_use]
    pub fn of(node: &Node<'_>) -> Self {
        let (mut dialled, mut other_transports) = (Vec::new(), Vec::new());
        for (transport, addresses) in node.addresses() {
            let known = dialled.len();
            dialled.extend(addresses.filter_map(|address| address.parse::<Address>().ok()));
            if dialled.len() == known {
                other_transports.push(transport.to_owned());
            }
        }
        Self {
            name: node.name().to_owned(),
            id: node.id(),
            link_key: node.link_key().to_vec(),
            addresses: dialled,
            other_transports,
        }
    }
}

/// Connects to peers with one link key.
#[derive(Debug, Clone)]
pub struct Connector {
    /// The link key of this side.
    pub key: LinkKey,
    /// Time for a connection and for its handshake.
    pub timeouts: Timeouts,
    /// Randomness for handshakes.
    pub randomness: Randomness,
    /// Compares the peers' clocks with this machine's.
    pub clock_watch: Option<ClockWatch>,
}

/// A connection to a peer that has proved its identity. On mixnet sessions this side has proved its
/// own too.
#[derive(Debug)]
pub struct Connected {
    /// The connection.
    pub stream: TcpStream,
    /// The session.
    pub session: Session,
    /// The handshake's buffer, [`Link::buffer_len`] bytes or more.
    pub buffer: Vec<u8>,
}

impl Connector {
    /// Connects to the first address at which the peer answers. Each address has
    /// [`Timeouts::handshake`] to connect and the same time again for the handshake.
    ///
    /// # Errors
    /// [`ConnectError`].
    pub async fn connect(&self, target: &LinkTarget, ad: Ad<'_>, link: Link) -> Result<Connected, ConnectError> {
        let mut failure = ConnectError::NoAddress;
        for address in &target.addresses {
            match self.connect_to(address, target, ad, link).await {
                Ok(connected) => return Ok(connected),
                Err(error) => failure = ConnectError::Stream(error),
            }
        }
        Err(failure)
    }

    async fn connect_to(
        &self,
        address: &Address,
        target: &LinkTarget,
        ad: Ad<'_>,
        link: Link,
    ) -> Result<Connected, StreamError<io::Error>> {
        let connected = time::timeout(self.timeouts.handshake, address.connect()).await;
        let mut stream = connected.map_err(|_| StreamError::Timeout)?.map_err(StreamError::Io)?;
        let mut buffer = vec![0; self.key.buffer_len(&link)];
        let mut rng = self.randomness.rng();
        let wanted = |claim: &PeerClaim<'_>| claim.ad == target.id.0 && claim.link_key == target.link_key;
        let initiated = self.key.initiate(&mut stream, (ad, link), &mut rng, &mut buffer, &self.timeouts, wanted);
        let Initiated { session, clock_skew } = initiated.await?;
        if let Some(watch) = &self.clock_watch {
            watch.observe(&target.name, clock_skew);
        }
        Ok(Connected { stream, session, buffer })
    }
}

/// The failure to connect to a peer: the error at its last address.
#[derive(Debug)]
#[non_exhaustive]
pub enum ConnectError {
    /// The peer has no address that this program can dial.
    NoAddress,
    /// The connection or the handshake failed.
    Stream(StreamError<io::Error>),
}

impl fmt::Display for ConnectError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoAddress => f.write_str("no address"),
            Self::Stream(error) => error.fmt(f),
        }
    }
}

impl core::error::Error for ConnectError {}

impl From<StreamError<io::Error>> for ConnectError {
    fn from(error: StreamError<io::Error>) -> Self {
        Self::Stream(error)
    }
}
