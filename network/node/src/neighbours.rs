//! A node's neighbours in the consensus: the nodes that it exchanges packets with.

use core::{net::IpAddr, time::Duration};
use mixwell_net::{address::Address, clock::Clock, connect::LinkTarget, directory::Consensuses};
use mixwell_pki_types::{Document, KeyHash, Layer, Node, Nodes};
use mixwell_sphinx::NodeId;
use std::{
    collections::{BTreeMap, HashMap, HashSet},
    sync::{PoisonError, RwLock},
};
use tokio::sync::watch;

/// A node of the layer before this one.
#[derive(Debug)]
struct KnownNode {
    link_key: Vec<u8>,
    /// Unix time from which its packets are accepted.
    from: Duration,
}

/// The nodes that may connect and send.
#[derive(Debug, Default)]
pub(crate) struct KnownNodes {
    by_id: RwLock<HashMap<NodeId, KnownNode>>,
    /// The listed IP addresses of these nodes, in canonical form.
    addresses: RwLock<HashSet<IpAddr>>,
    changed: watch::Sender<()>,
}

/// Whether packets of a node are accepted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum NodeStatus {
    /// The current consensus lists the node.
    Listed,
    /// Only the next epoch's consensus lists the node, and its packets are not accepted yet.
    Early,
    /// No consensus in force lists the node.
    Unlisted,
}

impl KnownNodes {
    /// Wakes up after each change.
    pub(crate) fn changed(&self) -> watch::Receiver<()> {
        self.changed.subscribe()
    }

    fn set(&self, nodes: HashMap<NodeId, KnownNode>, addresses: HashSet<IpAddr>) {
        *self.addresses.write().unwrap_or_else(PoisonError::into_inner) = addresses;
        *self.by_id.write().unwrap_or_else(PoisonError::into_inner) = nodes;
        self.changed.send_replace(());
    }

    /// Whether a node with this id and link key may connect.
    pub(crate) fn may_connect(&self, id: NodeId, link_key: &[u8]) -> bool {
        let nodes = self.by_id.read().unwrap_or_else(PoisonError::into_inner);
        nodes.get(&id).is_some_and(|node| node.link_key == link_key)
    }

    /// Whether a node that may connect is listed with this address.
    pub(crate) fn has_address(&self, address: IpAddr) -> bool {
        self.addresses.read().unwrap_or_else(PoisonError::into_inner).contains(&address)
    }

    /// Whether packets of a connected node are accepted at this Unix time.
    pub(crate) fn status(&self, id: NodeId, unix: Duration) -> NodeStatus {
        match self.by_id.read().unwrap_or_else(PoisonError::into_inner).get(&id) {
            Some(node) if node.from <= unix => NodeStatus::Listed,
            Some(_) => NodeStatus::Early,
            None => NodeStatus::Unlisted,
        }
    }
}

/// Updates the known nodes from a changed directory, and returns the nodes to maintain links to.
///
/// A node that only the next epoch's consensus lists may connect early, and send in the last eighth
/// of this epoch. A node that only the previous epoch's consensus lists stays for the first eighth,
/// because packets in flight were routed through it; without a consensus of this epoch, the
/// previous one stays in force.
pub(crate) fn update(
    own: NodeId,
    known: &Consensuses,
    clock: Clock,
    unix: Duration,
    nodes: &KnownNodes,
) -> BTreeMap<[u8; 32], LinkTarget> {
    let now = known.current.as_ref().or(known.previous.as_ref());
    let before = known.previous.as_ref().filter(|_| unix < grace_ends(clock, known));
    let soon = clock.eighths_into(known.epoch, 7);
    let (mut targets, mut may_connect, mut addresses) = (BTreeMap::new(), HashMap::new(), HashSet::new());
    // later entries replace earlier ones: the current consensus decides if it lists the node
    for (consensus, from) in [(before, Duration::ZERO), (known.next.as_ref(), soon), (now, Duration::ZERO)] {
        // parsed when it was verified
        let Some(document) = consensus.and_then(|consensus| consensus.document().ok()) else { continue };
        let Some((before, after)) = around(&document, own) else { continue };
        for node in before {
            addresses.extend(LinkTarget::of(&node).addresses.iter().filter_map(Address::ip));
            may_connect.insert(node.id().into(), KnownNode { link_key: node.link_key().to_vec(), from });
        }
        for node in after {
            targets.insert(node.id().0, LinkTarget::of(&node));
        }
    }
    nodes.set(may_connect, addresses);
    targets
}

/// The nodes of the layers before a node.
pub(crate) fn before<'a>(document: &Document<'a>, own: NodeId) -> Vec<Node<'a>> {
    around(document, own).map(|(before, _)| before).unwrap_or_default()
}

/// The Unix time from which the previous epoch's consensus no longer counts.
pub(crate) fn grace_ends(clock: Clock, known: &Consensuses) -> Duration {
    clock.eighths_into(known.epoch, 1)
}

/// The nodes in the layers before and after a node.
fn around<'a>(document: &Document<'a>, own: NodeId) -> Option<(Vec<Node<'a>>, Vec<Node<'a>>)> {
    let ends = || document.gateways().chain(document.services()).collect::<Vec<_>>();
    let layer = |number: usize| -> Option<Nodes<'a>> { document.layers().nth(number) };
    let all = document.layer_count();
    match document.layer_of(KeyHash(*own.as_bytes()))? {
        Layer::Mix(own) => {
            let own = usize::from(own);
            let before = match own.checked_sub(1) {
                Some(before) => layer(before)?.collect(),
                None => ends(),
            };
            let after = layer(own + 1).map_or_else(ends, Iterator::collect);
            Some((before, after))
        }
        // a gateway or service node
        _ => Some((layer(all.saturating_sub(1))?.collect(), layer(0)?.collect())),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::upload::NodeDescription;
    use mixwell_net::{
        authorities::{Authorities, Authority},
        consensus::Consensus,
        keys::{Identity, LinkKem, LinkKey},
        node_kind::NodeKind,
    };
    use mixwell_pki_types::{Ed25519, build::DocumentBuilder};
    use mixwell_testnet::{RATES, TestNetwork, consensus};
    use rand_core::CryptoRng;
    use std::sync::Arc;

    /// The only authority of a network, to sign consensuses that differ from the network's own.
    fn only_authority(rng: &mut dyn CryptoRng) -> (Identity, Authorities) {
        let signer = Identity::generate(&Ed25519, rng).unwrap();
        let authority = Authority::new("other".to_owned(), signer.public().to_vec(), Vec::new(), Vec::new());
        (signer, Authorities::new(&Ed25519, LinkKem::default(), vec![authority]))
    }

    #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
    async fn neighbours_of_the_epoch_before_stay_for_an_eighth() {
        let network = TestNetwork::start(&[2, 2], RATES, |limits| limits).await;
        let before = Arc::clone(network.known.current.as_ref().unwrap());
        // one mix moves from the first layer to the second
        let mut rng = network.randomness.rng();
        let (signer, authorities) = only_authority(&mut rng);
        let moved: Arc<Consensus> = {
            let mut document = DocumentBuilder::from(&before.document().unwrap());
            let layers = document.topology.as_mut().unwrap();
            let mix = layers.first_mut().unwrap().pop().unwrap();
            layers.last_mut().unwrap().push(mix);
            Arc::new(consensus(&document, &signer, &authorities, &mut rng))
        };
        let layer_of = |consensus: &Consensus, number: usize| -> Vec<NodeId> {
            consensus.document().unwrap().layers().nth(number).unwrap().map(|node| node.id().into()).collect()
        };
        let (first, stays, second) = (layer_of(&before, 0), layer_of(&moved, 0), layer_of(&before, 1));
        let left = *first.iter().find(|id| !stays.contains(id)).unwrap();
        let gateway = before.document().unwrap().gateways().next().unwrap().id().into();

        let (epoch, clock) = (before.epoch(), network.clock);
        let known =
            Consensuses { epoch, previous: Some(Arc::clone(&before)), current: Some(moved), ..Consensuses::default() };
        let nodes = KnownNodes::default();
        let begin = clock.eighths_into(epoch, 0);
        let dialled = |own, eighths| {
            let unix = begin + clock.eighths(eighths);
            let targets = update(own, &known, clock, unix, &nodes);
            move |id: NodeId| targets.contains_key(&id.0)
        };
        // the gateway keeps its link to the mix that has left the first layer
        assert!(dialled(gateway, 0)(left));
        assert!(!dialled(gateway, 1)(left));
        assert!(first.iter().filter(|id| **id != left).all(|id| dialled(gateway, 1)(*id)));
        // and the mix itself keeps its old neighbours
        assert!(second.iter().all(|id| dialled(left, 0)(*id)));
        assert_eq!(nodes.status(gateway, begin), NodeStatus::Listed);
        assert!(!second.iter().any(|id| dialled(left, 1)(*id)));
        assert_eq!(nodes.status(stays.first().copied().unwrap(), begin), NodeStatus::Listed);
    }

    #[tokio::test]
    async fn a_neighbour_without_a_tcp_address_is_known_by_its_transports() {
        let network = TestNetwork::start(&[1, 1], RATES, |limits| limits).await;
        let voted = Arc::clone(network.known.current.as_ref().unwrap());
        let mut rng = network.randomness.rng();
        let (signer, authorities) = only_authority(&mut rng);
        let mut document = DocumentBuilder::from(&voted.document().unwrap());
        let gateway = voted.document().unwrap().gateways().next().unwrap().id().into();
        let urls = |url: &str| vec![url.to_owned()];
        let description = NodeDescription {
            name: "elsewhere".to_owned(),
            addresses: [
                ("ws".to_owned(), urls("ws://192.0.2.74:30002")),
                ("quic".to_owned(), urls("quic://192.0.2.74:30001")),
            ]
            .into(),
            kaetzchen: None,
            kind: NodeKind::Mix,
        };
        let identity = Identity::generate(&Ed25519, &mut rng).unwrap();
        let link_key = LinkKey::generate(LinkKem::default(), &mut rng).unwrap();
        let keys = [(document.epoch, vec![9; 32])].into();
        let descriptor = description.descriptor(document.epoch, &identity, &link_key, keys);
        document.topology.as_mut().unwrap()[0] = vec![descriptor];
        let other = Arc::new(consensus(&document, &signer, &authorities, &mut rng));

        let known = Consensuses { epoch: other.epoch(), current: Some(other), ..Consensuses::default() };
        let clock = network.clock;
        let targets = update(gateway, &known, clock, clock.now(), &KnownNodes::default());
        let target = targets.values().next().unwrap();
        assert!(target.addresses.is_empty());
        // in the order of the document
        assert_eq!(target.other_transports, ["ws", "quic"]);
    }
}
