//! The nodes that a node of the reference takes links from and dials
//! (`docs/spec/network.md#nodes-and-nodes`).

use core::{net::SocketAddr, time::Duration};
use mixwell_net::{clock::Clock, directory::Consensuses};
use mixwell_pki_types::{Document, KeyHash, Layer, Node};
use std::collections::BTreeMap;

/// The neighbours of a node, from the consensuses that it knows.
#[derive(Debug, Clone, Default)]
pub struct Neighbours {
    /// Whether there is a consensus of this epoch. Without one the node resets every connection.
    pub is_usable: bool,
    before: BTreeMap<KeyHash, Sender>,
    after: BTreeMap<KeyHash, Target>,
}

/// A node that may connect.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Sender {
    link_key: Vec<u8>,
    /// Unix time from which its packets are taken.
    from: Duration,
}

/// A node to dial.
#[derive(Debug, Clone, PartialEq, Eq)]
#[expect(clippy::exhaustive_structs, reason = "of a test's peer")]
pub struct Target {
    /// The name, for people.
    pub name: String,
    /// The link public key.
    pub link_key: Vec<u8>,
    /// The URLs under the keys that the reference dials, with those keys.
    pub addresses: Vec<(String, String)>,
}

impl Neighbours {
    /// The neighbours of a node at a time since 1970. A node that only the next epoch's consensus
    /// lists may connect early, and send in the last eighth of the epoch.
    pub fn new(own: KeyHash, known: &Consensuses, clock: Clock) -> Self {
        let mut all = Self { is_usable: known.current.is_some(), ..Self::default() };
        let soon = clock.eighths_into(known.epoch, 7);
        // the current consensus decides about nodes that both list
        for (consensus, from) in [(&known.next, soon), (&known.current, Duration::ZERO)] {
            let Some(consensus) = consensus else { continue };
            let document = consensus.document().unwrap();
            let Some((before, after)) = around(&document, own) else { continue };
            all.before
                .extend(before.iter().map(|node| (node.id(), Sender { link_key: node.link_key().to_vec(), from })));
            all.after.extend(after.iter().map(|node| (node.id(), Target::of(node))));
        }
        all
    }

    /// Whether a peer may open a link: a node of the layer before, with its listed link key.
    /// Another is refused after message 3.
    pub fn may_connect(&self, ad: &[u8], link_key: &[u8]) -> Option<KeyHash> {
        let id = KeyHash(ad.try_into().ok()?);
        self.before.get(&id).filter(|sender| sender.link_key == link_key).map(|_| id)
    }

    /// Whether packets of a connected node are taken now.
    pub fn may_send(&self, id: KeyHash, now: Duration) -> bool {
        self.before.get(&id).is_some_and(|sender| now >= sender.from)
    }

    /// The nodes to dial.
    pub const fn targets(&self) -> &BTreeMap<KeyHash, Target> {
        &self.after
    }
}

impl Target {
    /// The peer that a consensus lists. The reference dials `tcp4`, `tcp6` and `quic` alone: a node
    /// that lists itself under `tcp` gets no packet from it.
    fn of(node: &Node<'_>) -> Self {
        let dialled = node.addresses().filter(|(transport, _)| matches!(*transport, "tcp4" | "tcp6" | "quic"));
        let urls = dialled.flat_map(|(transport, urls)| urls.map(move |url| (transport.to_owned(), url.to_owned())));
        Self { name: node.name().to_owned(), link_key: node.link_key().to_vec(), addresses: urls.collect() }
    }

    /// The socket that this model dials: it speaks no QUIC.
    pub fn socket(&self) -> Option<SocketAddr> {
        let mut tcp = self.addresses.iter().filter(|(transport, _)| transport != "quic");
        tcp.find_map(|(_, url)| url.strip_prefix("tcp://")?.parse().ok())
    }
}

/// The nodes of the layers before and after a node. Gateways and service nodes come before the
/// first layer and after the last.
fn around<'a>(document: &Document<'a>, own: KeyHash) -> Option<(Vec<Node<'a>>, Vec<Node<'a>>)> {
    let ends = || document.services().chain(document.gateways()).collect::<Vec<_>>();
    let mixes = |layer: usize| document.layers().nth(layer).map(Iterator::collect::<Vec<_>>);
    let last = document.layer_count().checked_sub(1)?;
    Some(match document.layer_of(own)? {
        Layer::Mix(layer) => {
            let layer = usize::from(layer);
            let before = layer.checked_sub(1).and_then(mixes).unwrap_or_else(ends);
            (before, mixes(layer + 1).unwrap_or_else(ends))
        }
        _ => (mixes(last)?, mixes(0)?),
    })
}
