//! The commands that each side may receive (`docs/spec/wire.md#frame-limits`).

use crate::command::id;

/// The role of one end of a link. It determines the commands that this end may receive and those
/// that it may send.
///
/// ```
/// use mixwell_wire::{Link, PacketSizes, Role};
///
/// let sizes = PacketSizes { packet: 3082, forward_payload: 2574, user_forward_payload: 2000 };
/// assert_eq!(Link::gateway(sizes).role(), Role::Gateway);
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Role {
    /// A client at a gateway.
    Client,
    /// A gateway, at one of its clients.
    Gateway,
    /// A mix, gateway or service node, at another node.
    Node,
    /// A service node that talks to the replicas of its storage service, and to nodes.
    ServiceNode,
    /// Anyone who connected to an authority: a client, a node, another authority.
    AuthorityClient,
    /// An authority that accepted a connection.
    Authority,
    /// A storage replica, at a service node or at another replica.
    Replica,
}

/// A set of command ids, all of them below 64.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Ids(u64);

impl Ids {
    const fn of(ids: &[u8]) -> Self {
        let mut set = 1 << id::NO_OP | 1 << id::DISCONNECT;
        let mut rest = ids;
        while let [first, others @ ..] = rest {
            set |= 1 << *first;
            rest = others;
        }
        Self(set)
    }

    const fn and(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    pub(crate) const fn contains(self, id: u8) -> bool {
        id < 64 && self.0 >> id & 1 == 1
    }
}

impl Role {
    /// Sessions with authorities pad nothing.
    pub(crate) const fn pads(self) -> bool {
        !matches!(self, Self::AuthorityClient | Self::Authority)
    }

    /// Whether this end, as an initiator, proves its identity with a `no_op`. On mixnet sessions
    /// the responder ignores the command; an authority would take it for the one command that it
    /// answers.
    #[cfg(any(feature = "std", feature = "embedded-io-async"))]
    pub(crate) const fn proves_by_no_op(self) -> bool {
        matches!(self, Self::Client | Self::Node)
    }

    pub(crate) const fn receives(self) -> Ids {
        match self {
            Self::Client => CLIENT,
            Self::Gateway => GATEWAY,
            Self::Node => NODE,
            Self::ServiceNode => SERVICE_NODE,
            Self::AuthorityClient => AUTHORITY_CLIENT,
            Self::Authority => AUTHORITY,
            Self::Replica => REPLICA,
        }
    }

    /// The commands that the other end may receive in any role.
    pub(crate) const fn sends(self) -> Ids {
        match self {
            Self::Client => GATEWAY,
            Self::Gateway => CLIENT,
            Self::Node => NODE,
            Self::ServiceNode => NODE.and(REPLICA_REQUESTS),
            Self::AuthorityClient => AUTHORITY,
            Self::Authority => AUTHORITY_CLIENT,
            Self::Replica => REPLICA.and(SERVICE_NODE_REPLIES),
        }
    }
}

const CLIENT: Ids = Ids::of(&[id::SEND_RETRIEVE_PACKET_REPLY, id::MESSAGE, id::CONSENSUS, id::CONSENSUS2]);
const GATEWAY: Ids = Ids::of(&[
    id::SEND_PACKET,
    id::SEND_RETRIEVE_PACKET,
    id::MESSAGE_DELIVERED,
    id::RETRIEVE_MESSAGE,
    id::GET_CONSENSUS,
    id::GET_CONSENSUS2,
]);
const NODE: Ids = Ids::of(&[id::SEND_PACKET]);
const SERVICE_NODE_REPLIES: Ids = Ids::of(&[id::REPLICA_MESSAGE_REPLY]);
const SERVICE_NODE: Ids = NODE.and(SERVICE_NODE_REPLIES);
const REPLICA_REQUESTS: Ids = Ids::of(&[id::REPLICA_MESSAGE, id::REPLICA_DECOY]);
const REPLICA: Ids = REPLICA_REQUESTS.and(Ids::of(&[id::REPLICA_WRITE, id::REPLICA_WRITE_REPLY]));
const AUTHORITY: Ids = Ids::of(&[
    id::POST_REPLICA_DESCRIPTOR,
    id::GET_CONSENSUS,
    id::POST_DESCRIPTOR,
    id::VOTE,
    id::GET_VOTE,
    id::REVEAL,
    id::SIG,
    id::CERT,
]);
const AUTHORITY_CLIENT: Ids = Ids::of(&[
    id::POST_REPLICA_DESCRIPTOR_STATUS,
    id::CONSENSUS,
    id::POST_DESCRIPTOR_STATUS,
    id::VOTE,
    id::VOTE_STATUS,
    id::REVEAL_STATUS,
    id::SIG_STATUS,
    id::CERT_STATUS,
]);
