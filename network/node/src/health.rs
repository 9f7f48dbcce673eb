//! Warnings to the operator of a running node: neighbours that never connect, a consensus that
//! lists other keys.

use crate::{incoming::SendingNodes, mix_keys::OwnIdentity, neighbours};
use core::{
    fmt,
    sync::atomic::{AtomicU64, Ordering::Relaxed},
};
use mixwell_net::{clock::Clock, consensus::Consensus, directory::Directory};
use mixwell_pki_types::{Document, Epoch, KeyHash, Layer};
use mixwell_sphinx::NodeId;
use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};
use tokio::time::Instant;

/// Name of a layer whose nodes connect to this one, for log lines.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct LayerName(u8);

/// The warnings logged about an epoch.
#[derive(Debug, Default)]
struct Told {
    epoch: Option<Epoch>,
    /// When the epoch's consensus was first seen.
    since: Option<Instant>,
    silent: BTreeSet<LayerName>,
    has_other_key: bool,
}

/// Watches a node's neighbours and its entry in the consensus.
pub(crate) struct Health {
    /// The node's name in log lines.
    pub(crate) name: String,
    pub(crate) own: OwnIdentity,
    pub(crate) directory: Directory,
    pub(crate) sending: Arc<SendingNodes>,
    pub(crate) clock: Clock,
    /// Number of layers that should connect to this node and of which no node does.
    pub(crate) silent_layers: AtomicU64,
}

impl Health {
    /// Checks once in each eighth of an epoch, and logs each problem once an epoch. Never returns.
    pub(crate) async fn run(self: Arc<Self>) {
        let clock = self.clock;
        let mut told = Told::default();
        loop {
            let time = clock.time();
            if told.epoch != Some(time.epoch) {
                told = Told { epoch: Some(time.epoch), ..Told::default() };
            }
            let known = self.directory.borrow().clone();
            if let Some(consensus) = known.of(time.epoch).map(Arc::clone) {
                self.look(&consensus, &mut told);
            } else {
                self.silent_layers.store(0, Relaxed);
            }
            self.sending.forget(clock.eighths(1));
            let sixteenth = clock.now() + clock.sixteenth();
            clock.sleep_within(time.epoch, sixteenth).await;
        }
    }

    fn look(&self, consensus: &Consensus, told: &mut Told) {
        // parsed when it was verified
        let Ok(document) = consensus.document() else { return };
        let Some(own) = document.nodes().by_hash(KeyHash(*self.own.id.as_bytes())) else { return };
        let epoch = consensus.epoch();
        let key = own.mix_key(epoch).unwrap_or_default();
        if !told.has_other_key && !self.own.mix_keys.is_ours(epoch, key) {
            told.has_other_key = true;
            tracing::warn!(
                node = self.name, %epoch,
                "the consensus lists another mix key of this node: packets of this epoch can't be opened, as when another \
                 process had the node's identity or its keys were lost; the next descriptors list the keys it has"
            );
        }
        let since = *told.since.get_or_insert_with(Instant::now);
        let eighth = self.clock.eighths(1);
        if since.elapsed() < eighth {
            return;
        }
        let silent = self.silent_layers(&document);
        self.silent_layers.store(silent.len() as u64, Relaxed);
        for (layer, size) in &silent {
            if told.silent.insert(*layer) {
                tracing::warn!(
                    node = self.name, %epoch,
                    "none of the {size} {layer} has a link to this node, which should have one each: see that the listed \
                     Addresses can be reached from outside, and lead to BindAddresses"
                );
            }
        }
        told.silent.retain(|layer| {
            let is_silent = silent.contains_key(layer);
            if !is_silent {
                tracing::info!(node = self.name, "the {layer} have links to this node");
            }
            is_silent
        });
    }

    /// The layers that should connect to this node, and of which no node has had a link for an
    /// eighth of an epoch; with their numbers of nodes.
    fn silent_layers(&self, document: &Document<'_>) -> BTreeMap<LayerName, usize> {
        let mut layers: BTreeMap<LayerName, Vec<NodeId>> = BTreeMap::new();
        for before in neighbours::before(document, self.own.id) {
            let layer = document.layer_of(before.id()).map_or(0, Layer::number);
            layers.entry(LayerName(layer)).or_default().push(before.id().into());
        }
        let eighth = self.clock.eighths(1);
        layers.retain(|_, nodes| !nodes.iter().any(|id| self.sending.was_here(*id, eighth)));
        layers.into_iter().map(|(layer, nodes)| (layer, nodes.len())).collect()
    }

    /// Whether there is a consensus of this epoch that lists the node.
    pub(crate) fn is_listed(&self) -> bool {
        let known = self.directory.borrow().clone();
        known
            .of(self.clock.epoch())
            .and_then(|consensus| consensus.document().ok())
            .is_some_and(|document| document.nodes().by_hash(KeyHash(*self.own.id.as_bytes())).is_some())
    }
}

impl fmt::Display for LayerName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            layer if layer == Layer::Gateway.number() => f.write_str("gateways"),
            layer if layer == Layer::Service.number() => f.write_str("service nodes"),
            layer => write!(f, "mixes of layer {}", layer + 1),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::node::test_mix::TestMix;
    use tokio::time;

    #[tokio::test(start_paused = true)]
    async fn layers_that_never_connect_are_told_after_an_eighth() {
        let TestMix { node, consensus, gateway, service } = TestMix::new(true, |limits| limits);
        let mut told = Told::default();
        let mut silent_after = async |wait| {
            time::advance(wait).await;
            node.health.look(&consensus, &mut told);
            assert_eq!(node.health.silent_layers.load(Relaxed), told.silent.len() as u64);
            told.silent.iter().map(LayerName::to_string).collect::<Vec<_>>()
        };
        let eighth = node.health.clock.eighths(1);
        assert!(silent_after(eighth).await.is_empty(), "the consensus was seen just now");
        assert!(silent_after(eighth.saturating_sub(time::Duration::from_secs(1))).await.is_empty());
        assert_eq!(silent_after(time::Duration::from_secs(1)).await, ["service nodes", "gateways"]);
        node.health.sending.enter(gateway);
        assert_eq!(silent_after(eighth).await, ["service nodes"]);
        node.health.sending.enter(service);
        assert!(silent_after(eighth).await.is_empty());
        // the reference ends each link after two minutes and dials again
        node.health.sending.leave(service);
        assert!(silent_after(eighth).await.is_empty());
        assert_eq!(silent_after(time::Duration::from_secs(1)).await, ["service nodes"]);
    }

    #[tokio::test]
    async fn another_key_in_the_consensus_is_told_once() {
        let TestMix { node, consensus, .. } = TestMix::new(true, |limits| limits);
        let mut told = Told::default();
        node.health.look(&consensus, &mut told);
        assert!(!told.has_other_key);
        let TestMix { node, consensus, .. } = TestMix::new(false, |limits| limits);
        node.health.look(&consensus, &mut told);
        assert!(told.has_other_key);
    }
}
