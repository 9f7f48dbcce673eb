//! A node: its parts, and its state while it runs.

mod assemble;
mod run;
#[cfg(test)]
pub(crate) mod test_mix;

pub use assemble::NodeConfig;

use crate::{
    counters::Counters,
    gateway::Mailboxes,
    health::Health,
    incoming::Incoming,
    limits::ResourceLimits,
    loop_decoys::LoopDecoys,
    mix::{Mix, Reply},
    neighbours::NodeStatus,
    outgoing::OutgoingLinks,
    release::Release,
    rendezvous::Store,
    unwrap_queue::UnwrapQueue,
};
use core::fmt;
use mixwell_net::accept::ConnectionStats;
use mixwell_pki_types::{Epoch, Rates};
use mixwell_sphinx::{NodeId, RecipientId, SurbId};
use std::sync::Arc;

/// A node: its parts, and its state while it runs.
pub struct Node {
    pub(crate) name: String,
    pub(crate) mix: Arc<Mix>,
    pub(crate) queue: Arc<UnwrapQueue>,
    pub(crate) incoming: Arc<Incoming>,
    pub(crate) release: Release,
    pub(crate) outgoing: Arc<OutgoingLinks>,
    pub(crate) mailboxes: Arc<Mailboxes>,
    /// `None` if the node sends no loop decoys.
    pub(crate) decoys: Option<Arc<LoopDecoys>>,
    pub(crate) health: Arc<Health>,
    limits: ResourceLimits,
}

impl Node {
    /// The node's name in log lines.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The hash of the node's identity key.
    #[must_use]
    pub fn id(&self) -> NodeId {
        self.incoming.id
    }

    /// Counters of packets.
    #[must_use]
    pub fn counters(&self) -> &Counters {
        self.mix.counters()
    }

    /// Statistics of incoming connections.
    #[must_use]
    pub fn connections(&self) -> &ConnectionStats {
        &self.incoming.connections
    }

    /// Limits on memory, connections and waiting times.
    #[must_use]
    pub const fn limits(&self) -> &ResourceLimits {
        &self.limits
    }

    /// Number of links to other nodes that are up, and number that the consensus requires.
    #[must_use]
    pub fn links(&self) -> (usize, usize) {
        self.outgoing.table.up()
    }

    /// Number of packets waiting for their release.
    #[must_use]
    pub fn queued(&self) -> usize {
        self.mix.len()
    }

    /// Number of packets waiting to be written to other nodes.
    #[must_use]
    pub fn sending(&self) -> usize {
        self.outgoing.table.waiting()
    }

    /// Number of replies stored for clients.
    #[must_use]
    pub fn stored_replies(&self) -> usize {
        self.mailboxes.stored()
    }

    /// Number of packet buffers in use.
    #[must_use]
    pub fn buffers_in_use(&self) -> usize {
        self.mix.pool().lent()
    }

    /// Stores a reply in a client's mailbox as if it had come through the network. Without such a
    /// client, or without room, it is dropped and counted.
    pub fn store_reply(&self, recipient: RecipientId, surb_id: SurbId, payload: &[u8]) {
        let Some(mut packet) = self.mix.pool().take() else { return };
        let at = packet.len().saturating_sub(payload.len());
        if let Some(room) = packet.get_mut(at..).filter(|room| room.len() == payload.len()) {
            room.copy_from_slice(payload);
            self.queue.deliver(Reply { recipient, surb_id, packet });
        }
    }

    /// The store of the node's rendezvous service, if it has one.
    #[must_use]
    pub fn boxes(&self) -> Option<&Store> {
        self.mix.store().map(|store| &**store)
    }

    /// Whether this node accepts packets of that node: a consensus in force lists it in a layer
    /// that sends here.
    #[must_use]
    pub fn admits(&self, id: NodeId) -> bool {
        self.outgoing.known_nodes.status(id, self.health.clock.now()) == NodeStatus::Listed
    }

    /// Number of links of other nodes to this one.
    #[must_use]
    pub fn incoming_links(&self) -> usize {
        self.health.sending.links()
    }

    /// The rates of the current consensus.
    #[must_use]
    pub fn rates(&self) -> Option<Rates> {
        self.outgoing.rates.get()
    }

    /// The epoch according to the clock.
    #[must_use]
    pub fn epoch(&self) -> Epoch {
        self.health.clock.epoch()
    }

    /// Whether there is a consensus of this epoch that lists the node.
    #[must_use]
    pub fn has_consensus(&self) -> bool {
        self.health.is_listed()
    }
}

impl fmt::Debug for Node {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Node").field("name", &self.name).field("counters", self.counters()).finish_non_exhaustive()
    }
}
