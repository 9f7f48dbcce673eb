//! Next-hop table: the link to each node.

use crate::{
    buffer_pool::Packet,
    counters::{Counters, DropReason},
    outgoing::send_queue::SendQueue,
};
use mixwell_mixdelay::Instant;
use mixwell_sphinx::NodeId;
use std::{
    collections::HashMap,
    sync::{Arc, PoisonError, RwLock},
};

/// The send queue of each possible next hop.
#[derive(Debug, Default)]
pub(crate) struct LinkTable(RwLock<HashMap<NodeId, Arc<SendQueue>>>);

impl LinkTable {
    /// Replaces all links.
    pub(crate) fn set(&self, links: HashMap<NodeId, Arc<SendQueue>>) {
        *self.0.write().unwrap_or_else(PoisonError::into_inner) = links;
    }

    /// Queues a packet for the link to a node, or counts it as dropped.
    pub(crate) fn send(&self, now: Instant, next_hop: NodeId, packet: Packet, counters: &Counters) {
        let links = self.0.read().unwrap_or_else(PoisonError::into_inner);
        match links.get(&next_hop) {
            Some(link) => link.push(now, packet, counters),
            None => counters.count_drop(DropReason::NextHop),
        }
    }

    /// Queues a loop decoy of this node for the link to a node, if the link has room for decoys.
    /// Returns whether it did.
    pub(crate) fn send_decoy(&self, now: Instant, next_hop: NodeId, packet: Packet) -> bool {
        let links = self.0.read().unwrap_or_else(PoisonError::into_inner);
        links.get(&next_hop).is_some_and(|link| link.push_decoy(now, packet))
    }

    /// Packets in all send queues.
    pub(crate) fn waiting(&self) -> usize {
        self.0.read().unwrap_or_else(PoisonError::into_inner).values().map(|link| link.len()).sum()
    }

    /// Number of links that are up, and of all links.
    pub(crate) fn up(&self) -> (usize, usize) {
        let links = self.0.read().unwrap_or_else(PoisonError::into_inner);
        (links.values().filter(|link| link.is_up()).count(), links.len())
    }
}
