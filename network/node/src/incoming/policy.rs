//! The peers that a node accepts connections from.

use crate::{gateway::ClientId, incoming::PeerIdentity, limits::ResourceLimits, neighbours::KnownNodes};
use core::{net::IpAddr, time::Duration};
use mixwell_net::{
    accept::{AcceptLimits, AcceptPolicy, Authorization, Places, WhenFull},
    directory::Directory,
    keys::PeerClaim,
    node_kind::NodeKind,
};
use mixwell_pki_types::KeyHash;
use mixwell_sphinx::NodeId;
use mixwell_wire::Link;
use std::sync::Arc;

/// Accepts nodes of the layer that sends to this one, and at a gateway anyone else as a client.
#[derive(Clone)]
pub(crate) struct NodePolicy {
    pub(crate) kind: NodeKind,
    pub(crate) known_nodes: Arc<KnownNodes>,
    pub(crate) directory: Directory,
    /// Commands and lengths of links with nodes.
    pub(crate) node_link: Link,
    /// Commands and lengths of links with clients, or with nodes if there are no clients.
    pub(crate) client_link: Link,
    /// Time for a client's first command.
    pub(crate) client_proof_timeout: Duration,
}

impl AcceptPolicy for NodePolicy {
    type Identity = PeerIdentity;

    fn is_known_node(&self, address: IpAddr) -> bool {
        self.known_nodes.has_address(address)
    }

    fn authorize(&self, claim: &PeerClaim<'_>) -> Option<Authorization<PeerIdentity>> {
        let id = <[u8; 32]>::try_from(claim.ad).ok();
        if let Some(id) = id.map(NodeId)
            && self.known_nodes.may_connect(id, claim.link_key)
        {
            return Some(Authorization {
                identity: PeerIdentity::Node(id),
                link: self.node_link,
                is_known: true,
                max_connections: 1,
                proof_timeout: NODE_PROOF_TIMEOUT,
            });
        }
        let may_be_client = self.kind == NodeKind::Gateway && id.is_none_or(|id| !self.may_be_node(id, claim));
        may_be_client.then(|| Authorization {
            identity: PeerIdentity::Client(ClientId::of(claim)),
            link: self.client_link,
            is_known: false,
            max_connections: 1,
            proof_timeout: self.client_proof_timeout,
        })
    }
}

impl NodePolicy {
    /// Whether associated data of 32 bytes may be the id of a node that must not connect here, or
    /// not yet. Such a node is refused and dials again; accepted as a client, it would be limited
    /// to a client's rate.
    fn may_be_node(&self, id: [u8; 32], claim: &PeerClaim<'_>) -> bool {
        let is_queue_id = id.iter().all(|digit| matches!(digit, b'0'..=b'9' | b'a'..=b'f'));
        let known = self.directory.borrow().clone();
        let mut documents = known.all().filter_map(|consensus| consensus.document().ok()).peekable();
        if documents.peek().is_none() {
            return !is_queue_id;
        }
        documents.any(|document| {
            document.nodes().by_hash(KeyHash(id)).is_some_and(|listed| listed.link_key() == claim.link_key)
        })
    }
}

/// The acceptor's bounds.
pub(super) fn accept_limits(limits: &ResourceLimits) -> AcceptLimits {
    // one address gets at most half, because several neighbours may share it
    let shared = |max: usize| Places { max, max_per_address: max.div_ceil(2) };
    AcceptLimits {
        handshakes: shared(limits.handshakes),
        unproven: shared(limits.unproven),
        strangers: Places { max: limits.clients, max_per_address: limits.clients_per_address },
        when_full: WhenFull::Refuse,
        handshake_timeout: limits.timeouts.handshake,
    }
}

/// Time for a node's first command. A Katzenpost node sends nothing until it has a packet, and
/// after two minutes closes its link and dials again.
const NODE_PROOF_TIMEOUT: Duration = Duration::from_mins(10);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn as_many_connections_as_documented() {
        let AcceptLimits { handshakes, unproven, strangers, .. } =
            accept_limits(&ResourceLimits::for_period(Duration::from_mins(20)));
        let places = [handshakes, unproven, strangers].map(|places| (places.max, places.max_per_address));
        assert_eq!(places, [(256, 128), (256, 128), (1024, 128)]);
    }
}
