//! Which peers a node accepts connections from.

use crate::{
    gateway::ClientId,
    node::{Node, sizes::Sizes},
};
use core::{net::IpAddr, time::Duration};
use mixwell_net::{
    accept::{AcceptLimits, AcceptPolicy, Acceptor, AcceptorConfig, Authorization, Connection, Places, WhenFull},
    keys::PeerClaim,
    node_kind::NodeKind,
};
use mixwell_pki_types::KeyHash;
use mixwell_sphinx::NodeId;
use mixwell_wire::{Link, PacketSizes};
use std::sync::Arc;

/// A peer of a node.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) enum PeerIdentity {
    /// A node of the layer before, by the consensus.
    Node(NodeId),
    /// A client of a gateway.
    Client(ClientId),
}

/// A connection whose peer has proved who it is.
pub(super) type NodeConnection = Connection<PeerIdentity>;

/// Accepts the nodes of the layer before, and a gateway anybody else as a client.
pub(super) struct NodePolicy(Arc<Node>);

impl AcceptPolicy for NodePolicy {
    type Identity = PeerIdentity;

    fn is_known_node(&self, address: IpAddr) -> bool {
        self.0.known_nodes.has_address(address)
    }

    fn authorize(&self, claim: &PeerClaim<'_>) -> Option<Authorization<PeerIdentity>> {
        let node = &self.0;
        let id = <[u8; 32]>::try_from(claim.ad).ok();
        if let Some(id) = id.map(NodeId)
            && node.known_nodes.may_connect(id, claim.link_key)
        {
            return Some(Authorization {
                identity: PeerIdentity::Node(id),
                link: Link::node(PacketSizes::from(node.mix.geometry())),
                is_known: true,
                max_connections: 1,
                proof_timeout: NODE_PROOF_TIMEOUT,
            });
        }
        let may_be_client = node.mix.kind() == NodeKind::Gateway && id.is_none_or(|id| !node.may_be_node(id, claim));
        may_be_client.then(|| Authorization {
            identity: PeerIdentity::Client(ClientId::of(claim)),
            link: node.link,
            is_known: false,
            max_connections: 1,
            proof_timeout: node.sizes.timeouts.read,
        })
    }
}

impl Node {
    /// Whether a name of 32 bytes may be that of a node that is not to connect here, or not yet. As a client it would have a
    /// client's rate; refused, it dials again.
    fn may_be_node(&self, id: [u8; 32], claim: &PeerClaim<'_>) -> bool {
        let is_queue_id = id.iter().all(|digit| matches!(digit, b'0'..=b'9' | b'a'..=b'f'));
        let known = self.directory.borrow().clone();
        let mut documents = [&known.previous, &known.current, &known.next]
            .into_iter()
            .flatten()
            .filter_map(|consensus| consensus.document().ok())
            .peekable();
        if documents.peek().is_none() {
            return !is_queue_id;
        }
        documents.any(|document| {
            document.nodes().by_hash(KeyHash(id)).is_some_and(|listed| listed.link_key() == claim.link_key)
        })
    }

    /// The acceptor of this node's connections.
    pub(super) fn acceptor(self: &Arc<Self>) -> Arc<Acceptor<NodePolicy>> {
        Acceptor::new(AcceptorConfig {
            key: self.link_key.clone(),
            id: KeyHash(*self.id.as_bytes()),
            policy: NodePolicy(Arc::clone(self)),
            limits: limits(&self.sizes),
            buffer_len: self.link_key.buffer_len(&self.link),
            randomness: self.randomness.branch(),
            stats: Arc::clone(&self.connections),
        })
    }
}

fn limits(sizes: &Sizes) -> AcceptLimits {
    // half of the places for one address: it may be a neighbour's, and others may share it
    let shared = |max: usize| Places { max, max_per_address: max.div_ceil(2) };
    AcceptLimits {
        handshakes: shared(sizes.handshakes),
        unproven: shared(sizes.unproven),
        strangers: Places { max: sizes.clients, max_per_address: sizes.clients_per_address },
        when_full: WhenFull::Refuse,
        handshake_timeout: sizes.timeouts.handshake,
    }
}

/// Time for a node's first command. A node of the reference says nothing until it has a packet; after two minutes it closes
/// its link and dials again.
const NODE_PROOF_TIMEOUT: Duration = Duration::from_mins(10);
