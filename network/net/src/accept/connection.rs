//! Connections of proven peers.

use super::permits::ConnectionPermit;
use core::net::IpAddr;
use mixwell_wire::Session;
use tokio::net::TcpStream;

/// A connection whose peer is proven.
#[derive(Debug)]
pub struct Connection<I: Copy + Eq + core::hash::Hash> {
    /// The peer.
    pub identity: I,
    /// The name that the peer gave itself in the handshake.
    pub ad: Vec<u8>,
    /// The peer's link public key.
    pub link_key: Vec<u8>,
    /// The peer's address.
    pub address: IpAddr,
    /// The connection.
    pub stream: TcpStream,
    /// The session. The length of the first command has been received, but not its body.
    pub session: Session,
    /// To be held while the connection is served.
    pub end: ConnectionEnd<I>,
}

/// Signals when a connection has to end, and occupies the connection's slot until dropped.
#[derive(Debug)]
pub struct ConnectionEnd<I: Copy + Eq + core::hash::Hash>(pub(super) ConnectionPermit<I>);

impl<I: Copy + Eq + core::hash::Hash> ConnectionEnd<I> {
    /// Waits until a newer connection supersedes this one, which then has to end soon.
    pub async fn superseded(&self) {
        self.0.ended().await;
    }
}
