//! The decisions of an acceptor's owner about who may connect.

use crate::keys::PeerClaim;
use core::{fmt::Debug, hash::Hash, net::IpAddr, time::Duration};
use mixwell_wire::Link;

/// Decides which peers are accepted.
pub trait AcceptPolicy: Send + Sync + 'static {
    /// The identity of a peer.
    type Identity: Copy + Eq + Hash + Debug + Send + Sync + 'static;

    /// Whether a known node may connect from this address, which is in canonical form. Handshakes
    /// from there do not wait for strangers' and are not evicted for them.
    fn is_known_node(&self, address: IpAddr) -> bool;

    /// The peer that makes a claim, if it is accepted. Called when the claim is made, and again
    /// once it is proven, because the decision may have changed in between.
    fn authorize(&self, claim: &PeerClaim<'_>) -> Option<Authorization<Self::Identity>>;
}

/// A peer's rights, once it has proved its identity.
#[derive(Debug, Clone, Copy)]
pub struct Authorization<I> {
    /// The peer.
    pub identity: I,
    /// The link, which determines the commands that the peer may send, and their lengths.
    pub link: Link,
    /// Whether the peer is known by its link key, and so does not compete with strangers for slots.
    pub is_known: bool,
    /// Maximum number of simultaneous connections of this identity. A newer one supersedes the
    /// oldest.
    pub max_connections: usize,
    /// Time from the end of the handshake to the first command, which proves the peer.
    pub proof_timeout: Duration,
}

/// Limits of an acceptor.
#[derive(Debug, Clone, Copy)]
pub struct AcceptLimits {
    /// Connections whose handshake is not done. When full, a stranger's oldest silent one is
    /// evicted for a new one.
    pub handshakes: Places,
    /// Connections whose handshake is done and whose peer is not proven, likewise.
    pub unproven: Places,
    /// Connections of proven peers that are not known.
    pub strangers: Places,
    /// The treatment of a further proven stranger.
    pub when_full: WhenFull,
    /// Time for a handshake, from the connection to the responder's `no_op`.
    pub handshake_timeout: Duration,
}

/// A number of connections.
#[derive(Debug, Clone, Copy)]
pub struct Places {
    /// Maximum in total.
    pub max: usize,
    /// Maximum from one IPv4 address or IPv6 /64.
    pub max_per_address: usize,
}

/// The connection that is closed when proven strangers have taken all their slots.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum WhenFull {
    /// The new one: for long-lived connections.
    Refuse,
    /// The oldest one, which has had the most time: for connections that are served quickly.
    EvictOldest,
}
