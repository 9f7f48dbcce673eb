//! A node's outgoing links, to the nodes of the next layer.

mod backoff;
mod dial;
mod link_table;
mod send_queue;

pub(crate) use link_table::LinkTable;

use crate::{counters::Counters, neighbours, neighbours::KnownNodes, rates::PublishedRates};
use core::time::Duration;
use dial::Dialer;
use mixwell_net::{
    clock::Clock,
    connect::{Connector, LinkTarget},
    directory::{Consensuses, Directory},
    keys::LinkKey,
    randomness::Randomness,
    runtime::{pass_on, stopped},
    stopwatch::Stopwatch,
};
use mixwell_sphinx::NodeId;
use mixwell_wire::{Link, Timeouts};
use send_queue::SendQueue;
use std::{collections::BTreeMap, sync::Arc};
use tokio::{
    sync::watch,
    task::{AbortHandle, JoinSet},
};

/// Dials the nodes of the next layer, and passes the consensus's rates and neighbours to other
/// parts of the node.
pub(crate) struct OutgoingLinks {
    pub(crate) id: NodeId,
    pub(crate) link_key: LinkKey,
    /// This end of links.
    pub(crate) link: Link,
    pub(crate) table: Arc<LinkTable>,
    pub(crate) known_nodes: Arc<KnownNodes>,
    pub(crate) rates: Arc<PublishedRates>,
    pub(crate) counters: Arc<Counters>,
    pub(crate) directory: Directory,
    pub(crate) clock: Clock,
    pub(crate) stopwatch: Stopwatch,
    pub(crate) randomness: Randomness,
    /// Capacity of one peer's send queue, in packets.
    pub(crate) write_queue: usize,
    /// Maximum time in a send queue.
    pub(crate) write_wait: Duration,
    pub(crate) timeouts: Timeouts,
}

/// A link to one node.
struct OutgoingLink {
    target: LinkTarget,
    queue: Arc<SendQueue>,
    task: AbortHandle,
}

impl OutgoingLinks {
    /// Maintains the links to the next layer according to the consensus, until `hang_up`.
    pub(crate) async fn run(self: Arc<Self>, hang_up: watch::Receiver<bool>) {
        let mut directory = self.directory.clone();
        let mut stop = hang_up.clone();
        let mut dialers = JoinSet::new();
        let mut links: BTreeMap<[u8; 32], OutgoingLink> = BTreeMap::new();
        loop {
            let known = directory.borrow_and_update().clone();
            let (targets, grace_ends) = (self.follow(&known), neighbours::grace_ends(self.clock, &known));
            links.retain(|id, link| {
                let stays = targets.get(id) == Some(&link.target);
                if !stays {
                    link.task.abort();
                    link.queue.close(&self.counters);
                }
                stays
            });
            for (id, target) in targets {
                links.entry(id).or_insert_with(|| {
                    let queue = Arc::new(SendQueue::new(self.write_queue, self.write_wait));
                    let dialer = self.dialer(hang_up.clone());
                    let (dialled, sent) = (target.clone(), Arc::clone(&queue));
                    let task = dialers.spawn(async move { dialer.run(&dialled, &sent).await });
                    OutgoingLink { target, queue, task }
                });
            }
            self.table.set(links.iter().map(|(id, link)| (NodeId(*id), Arc::clone(&link.queue))).collect());
            tokio::select! {
                changed = directory.changed() => if changed.is_err() {
                    // there will be no further consensus: keep the links
                    stopped(&mut stop).await;
                    break;
                },
                () = self.clock.sleep_until(grace_ends), if self.clock.now() < grace_ends => {}
                // aborted above, or panicked
                Some(ended) = dialers.join_next() => { pass_on(ended); }
                () = stopped(&mut stop) => break,
            }
        }
        while dialers.join_next().await.is_some() {}
    }

    /// Updates rates and known nodes from a changed directory, and returns the nodes to maintain
    /// links to.
    fn follow(&self, known: &Consensuses) -> BTreeMap<[u8; 32], LinkTarget> {
        if let Some(Ok(document)) = known.current.as_ref().map(|consensus| consensus.document()) {
            self.rates.set(document.rates());
        }
        neighbours::update(self.id, known, self.clock, self.clock.now(), &self.known_nodes)
    }

    fn dialer(&self, stop: watch::Receiver<bool>) -> Dialer {
        Dialer {
            connector: Connector {
                key: self.link_key.clone(),
                timeouts: self.timeouts,
                randomness: self.randomness.branch(),
                clock_watch: None,
            },
            id: self.id,
            link: self.link,
            period: self.clock.period().duration(),
            counters: Arc::clone(&self.counters),
            stopwatch: self.stopwatch,
            stop,
        }
    }
}
