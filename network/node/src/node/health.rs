//! What an operator should know of a node that runs: neighbours that never connect, and a consensus that lists other keys.

use crate::node::{Node, neighbours};
use core::{fmt, sync::atomic::Ordering::Relaxed};
use mixwell_net::consensus::Consensus;
use mixwell_pki_types::{Document, Epoch, KeyHash, Layer};
use mixwell_sphinx::NodeId;
use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};
use tokio::time::Instant;

/// A layer whose nodes connect to this one, as a person would call it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct LayerName(u8);

/// What was told of an epoch.
#[derive(Debug, Default)]
struct Told {
    epoch: Option<Epoch>,
    /// When its consensus was first seen.
    since: Option<Instant>,
    silent: BTreeSet<LayerName>,
    has_other_key: bool,
}

/// Looks after each eighth of an epoch, and tells once in each epoch what is wrong. Does not end.
pub(super) async fn watch(node: &Node) {
    let clock = node.clock;
    let mut told = Told::default();
    loop {
        let time = clock.time();
        if told.epoch != Some(time.epoch) {
            told = Told { epoch: Some(time.epoch), ..Told::default() };
        }
        let known = node.directory.borrow().clone();
        if let Some(consensus) = known.of(time.epoch).map(Arc::clone) {
            look(node, &consensus, &mut told);
        } else {
            node.silent_layers.store(0, Relaxed);
        }
        node.sending.forget(clock.eighths(1));
        let sixteenth = clock.now().saturating_add(clock.sixteenth());
        clock.sleep_within(time.epoch, sixteenth).await;
    }
}

fn look(node: &Node, consensus: &Consensus, told: &mut Told) {
    // it was parsed before
    let Ok(document) = consensus.document() else { return };
    let Some(own) = document.nodes().by_hash(KeyHash(*node.id.as_bytes())) else { return };
    let epoch = consensus.epoch();
    let key = own.mix_key(epoch).unwrap_or_default();
    if !told.has_other_key && !node.own_keys.is_ours(epoch, key) {
        told.has_other_key = true;
        tracing::warn!(
            node = node.name, %epoch,
            "the consensus lists another mix key of this node: packets of this epoch can't be opened, as when another \
             process had the node's identity or its keys were lost; the next descriptors list the keys it has"
        );
    }
    let since = *told.since.get_or_insert_with(Instant::now);
    let eighth = node.clock.eighths(1);
    if since.elapsed() < eighth {
        return;
    }
    let silent = silent_layers(node, &document);
    node.silent_layers.store(silent.len() as u64, Relaxed);
    for (layer, size) in &silent {
        if told.silent.insert(*layer) {
            tracing::warn!(
                node = node.name, %epoch,
                "none of the {size} {layer} has a link to this node, which should have one each: see that the listed \
                 Addresses can be reached from outside, and lead to BindAddresses"
            );
        }
    }
    told.silent.retain(|layer| {
        let is_silent = silent.contains_key(layer);
        if !is_silent {
            tracing::info!(node = node.name, "the {layer} have links to this node");
        }
        is_silent
    });
}

/// The layers that should connect to this node, and of which no node has had a link for an eighth of an epoch; with their
/// numbers of nodes.
fn silent_layers(node: &Node, document: &Document<'_>) -> BTreeMap<LayerName, usize> {
    let mut layers: BTreeMap<LayerName, Vec<NodeId>> = BTreeMap::new();
    for before in neighbours::before(document, node.id) {
        let layer = document.layer_of(before.id()).map_or(0, Layer::number);
        layers.entry(LayerName(layer)).or_default().push(neighbours::node_id(&before));
    }
    let eighth = node.clock.eighths(1);
    layers.retain(|_, nodes| !nodes.iter().any(|id| node.sending.was_here(*id, eighth)));
    layers.into_iter().map(|(layer, nodes)| (layer, nodes.len())).collect()
}

impl fmt::Display for LayerName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            layer if layer == Layer::Gateway.number() => f.write_str("gateways"),
            layer if layer == Layer::Service.number() => f.write_str("service nodes"),
            layer => write!(f, "mixes of layer {}", layer.saturating_add(1)),
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
        let TestMix { node, consensus, gateway, service } = TestMix::new(true, |sizes| sizes);
        let mut told = Told::default();
        let mut silent_after = async |wait| {
            time::advance(wait).await;
            look(&node, &consensus, &mut told);
            assert_eq!(node.silent_layers.load(Relaxed), told.silent.len() as u64);
            told.silent.iter().map(LayerName::to_string).collect::<Vec<_>>()
        };
        let eighth = node.clock.eighths(1);
        assert!(silent_after(eighth).await.is_empty(), "the consensus was seen just now");
        assert!(silent_after(eighth.saturating_sub(time::Duration::from_secs(1))).await.is_empty());
        assert_eq!(silent_after(time::Duration::from_secs(1)).await, ["service nodes", "gateways"]);
        node.sending.enter(gateway);
        assert_eq!(silent_after(eighth).await, ["service nodes"]);
        node.sending.enter(service);
        assert!(silent_after(eighth).await.is_empty());
        // a link of a node of the reference ends after two minutes, and is dialled again
        node.sending.leave(service);
        assert!(silent_after(eighth).await.is_empty());
        assert_eq!(silent_after(time::Duration::from_secs(1)).await, ["service nodes"]);
    }

    #[tokio::test]
    async fn another_key_in_the_consensus_is_told_once() {
        let TestMix { node, consensus, .. } = TestMix::new(true, |sizes| sizes);
        let mut told = Told::default();
        look(&node, &consensus, &mut told);
        assert!(!told.has_other_key);
        let TestMix { node, consensus, .. } = TestMix::new(false, |sizes| sizes);
        look(&node, &consensus, &mut told);
        assert!(told.has_other_key);
    }
}
