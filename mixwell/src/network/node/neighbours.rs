//! Which nodes a node talks with, by the consensus.

use crate::network::{address::Address, clock::Clock, directory::Consensuses, link::Peer};
use core::{net::IpAddr, time::Duration};
use mixwell_pki_types::{Document, KeyHash, Layer, Node, Nodes};
use mixwell_sphinx::NodeId;
use std::{
    collections::{BTreeMap, HashMap, HashSet},
    sync::{PoisonError, RwLock},
};
use tokio::sync::watch;

/// A node that may call.
#[derive(Debug)]
struct Caller {
    link_key: Vec<u8>,
    /// From this Unix time on its packets are taken.
    from: Duration,
}

/// Who may call, and may send.
#[derive(Debug, Default)]
pub(crate) struct Callers {
    by_id: RwLock<HashMap<NodeId, Caller>>,
    /// Where they are.
    addresses: RwLock<HashSet<IpAddr>>,
    turned: watch::Sender<()>,
}

/// What becomes of a packet of a node.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Standing {
    /// It is taken.
    Listed,
    /// The node is of the next epoch, and it is not time yet.
    Early,
    /// The node is listed no more.
    Gone,
}

impl Callers {
    /// Wakes up after each change.
    pub(crate) fn turned(&self) -> watch::Receiver<()> {
        self.turned.subscribe()
    }

    fn set(&self, callers: HashMap<NodeId, Caller>, addresses: HashSet<IpAddr>) {
        *self.addresses.write().unwrap_or_else(PoisonError::into_inner) = addresses;
        *self.by_id.write().unwrap_or_else(PoisonError::into_inner) = callers;
        self.turned.send_replace(());
    }

    /// Whether a node of this id and link key may connect.
    pub(crate) fn may_connect(&self, id: NodeId, link_key: &[u8]) -> bool {
        let callers = self.by_id.read().unwrap_or_else(PoisonError::into_inner);
        callers.get(&id).is_some_and(|caller| caller.link_key == link_key)
    }

    /// Whether a node that may call has this address.
    pub(crate) fn is_near(&self, address: IpAddr) -> bool {
        self.addresses.read().unwrap_or_else(PoisonError::into_inner).contains(&address)
    }

    /// Whether a node that is connected may send at this Unix time.
    pub(crate) fn standing(&self, id: NodeId, unix: Duration) -> Standing {
        match self.by_id.read().unwrap_or_else(PoisonError::into_inner).get(&id) {
            Some(caller) if caller.from <= unix => Standing::Listed,
            Some(_) => Standing::Early,
            None => Standing::Gone,
        }
    }
}

/// Takes the neighbours from what is known of the network: tells callers apart, and gives those to be called.
///
/// A node that is listed only in the next epoch's consensus is connected with early, and heard in the last eighth of this
/// one. One that only the epoch before lists stays for the first eighth, as packets on their way go by its routes; without a
/// consensus of this epoch, all of it must do.
pub(crate) fn update(
    own: NodeId,
    known: &Consensuses,
    clock: Clock,
    unix: Duration,
    callers: &Callers,
) -> BTreeMap<[u8; 32], Peer> {
    let now = known.current.as_ref().or(known.previous.as_ref());
    let before = known.previous.as_ref().filter(|_| unix < grace_ends(clock, known));
    let soon = clock.eighths_into(known.epoch, 7);
    let (mut to_call, mut may_call, mut near) = (BTreeMap::new(), HashMap::new(), HashSet::new());
    for (consensus, from) in [(before, Duration::ZERO), (known.next.as_ref(), soon), (now, Duration::ZERO)] {
        // it was read before
        let Some(document) = consensus.and_then(|consensus| consensus.document().ok()) else { continue };
        let Some((before, after)) = around(&document, own) else { continue };
        // what the present says holds
        for node in before {
            near.extend(peer(&node).addresses.iter().filter_map(Address::ip));
            may_call.insert(node_id(&node), Caller { link_key: node.link_key().to_vec(), from });
        }
        for node in after {
            to_call.insert(node.id().0, peer(&node));
        }
    }
    callers.set(may_call, near);
    to_call
}

/// The Unix time from which on the epoch before counts no more.
pub(crate) fn grace_ends(clock: Clock, known: &Consensuses) -> Duration {
    clock.eighths_into(known.epoch, 1)
}

/// The nodes before and behind a node.
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
            let after = layer(own.saturating_add(1)).map_or_else(ends, Iterator::collect);
            Some((before, after))
        }
        // a gateway or service node
        _ => Some((layer(all.saturating_sub(1))?.collect(), layer(0)?.collect())),
    }
}

fn peer(node: &Node<'_>) -> Peer {
    let addresses = node.addresses().flat_map(|(_, addresses)| addresses);
    Peer {
        id: node_id(node),
        name: node.name().to_owned(),
        link_key: node.link_key().to_vec(),
        // those of transports that this tool does not have are for others
        addresses: addresses.filter_map(|address| address.parse::<Address>().ok()).collect(),
    }
}

/// The id that packets name a node by.
pub(crate) fn node_id(node: &Node<'_>) -> NodeId {
    NodeId(node.id().0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::network::{
        directory::Consensus,
        keys::{Identity, LinkKem},
        peers::{Authorities, Authority},
        testing::{RATES, TestNetwork, consensus},
    };
    use mixwell_pki_types::{Ed25519, build::DocumentBuilder};
    use std::sync::Arc;

    #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
    async fn neighbours_of_the_epoch_before_stay_for_an_eighth() {
        let network = TestNetwork::start(&[2, 2], RATES, |sizes| sizes).await;
        let before = Arc::clone(network.known.current.as_ref().unwrap());
        // one mix moves from the first layer to the second
        let mut rng = network.randomness.rng();
        let signer = Identity::generate(&Ed25519, &mut rng).unwrap();
        let (identity, id) = (signer.public().to_vec(), signer.id());
        let authority =
            Authority { identifier: "other".to_owned(), identity, id, link_key: Vec::new(), addresses: Vec::new() };
        let authorities = Authorities::new(&Ed25519, LinkKem::default(), vec![authority]);
        let moved: Arc<Consensus> = {
            let mut document = DocumentBuilder::from(&before.document().unwrap());
            let layers = document.topology.as_mut().unwrap();
            let mix = layers.first_mut().unwrap().pop().unwrap();
            layers.last_mut().unwrap().push(mix);
            Arc::new(consensus(&document, &signer, &authorities, &mut rng))
        };
        let layer_of = |consensus: &Consensus, number: usize| -> Vec<NodeId> {
            consensus.document().unwrap().layers().nth(number).unwrap().map(|node| node_id(&node)).collect()
        };
        let (first, stays, second) = (layer_of(&before, 0), layer_of(&moved, 0), layer_of(&before, 1));
        let left = *first.iter().find(|id| !stays.contains(id)).unwrap();
        let gateway = node_id(&before.document().unwrap().gateways().next().unwrap());

        let (epoch, clock) = (before.epoch(), network.clock);
        let known =
            Consensuses { epoch, previous: Some(Arc::clone(&before)), current: Some(moved), ..Consensuses::default() };
        let callers = Callers::default();
        let begin = clock.eighths_into(epoch, 0);
        let called = |own, eighths| {
            let unix = begin + clock.eighths(eighths);
            let to_call = update(own, &known, clock, unix, &callers);
            move |id: NodeId| to_call.contains_key(&id.0)
        };
        // the gateway calls the mix that has left the first layer, and hears who was in the second
        assert!(called(gateway, 0)(left));
        assert!(!called(gateway, 1)(left));
        assert!(first.iter().filter(|id| **id != left).all(|id| called(gateway, 1)(*id)));
        // and the mix itself goes on with its old neighbours
        assert!(second.iter().all(|id| called(left, 0)(*id)));
        assert_eq!(callers.standing(gateway, begin), Standing::Listed);
        assert!(!second.iter().any(|id| called(left, 1)(*id)));
        assert_eq!(callers.standing(stays.first().copied().unwrap(), begin), Standing::Listed);
    }
}
