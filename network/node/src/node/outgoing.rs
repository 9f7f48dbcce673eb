//! The links that a node keeps up, to the nodes of the layer after it.

use crate::{
    link::{Dialer, SendQueue},
    node::{Node, neighbours},
};
use mixwell_net::{
    connect::{Connector, LinkTarget},
    directory::Consensuses,
    runtime::{pass_on, stopped},
};
use mixwell_sphinx::NodeId;
use mixwell_wire::{Link, PacketSizes};
use std::{
    collections::BTreeMap,
    sync::{Arc, PoisonError},
};
use tokio::{
    sync::watch,
    task::{AbortHandle, JoinSet},
};

/// A link to one node.
struct OutgoingLink {
    target: LinkTarget,
    queue: Arc<SendQueue>,
    task: AbortHandle,
}

impl Node {
    /// Keeps links up to the nodes of the layer after this one, by the consensus, until it is time to hang up.
    pub(super) async fn keep_links(&self, hang_up: watch::Receiver<bool>) {
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
                    link.queue.close(self.mix.counters());
                }
                stays
            });
            for (id, target) in targets {
                links.entry(id).or_insert_with(|| {
                    let queue = Arc::new(SendQueue::new(self.sizes.write_queue, self.sizes.write_wait));
                    let dialer = self.dialer(hang_up.clone());
                    let (dialled, sent) = (target.clone(), Arc::clone(&queue));
                    let task = dialers.spawn(async move { dialer.run(&dialled, &sent).await });
                    OutgoingLink { target, queue, task }
                });
            }
            self.routes.set(links.iter().map(|(id, link)| (NodeId(*id), Arc::clone(&link.queue))).collect());
            tokio::select! {
                changed = directory.changed() => if changed.is_err() {
                    // no consensus comes any more: the links stay
                    stopped(&mut stop).await;
                    break;
                },
                () = self.clock.sleep_until(grace_ends), if self.clock.now() < grace_ends => {}
                // an aborted one, or one that panicked
                Some(ended) = dialers.join_next() => { pass_on(ended); }
                () = stopped(&mut stop) => break,
            }
        }
        while dialers.join_next().await.is_some() {}
    }

    /// Updates rates and known nodes by a changed directory, and gives the nodes to keep links to.
    fn follow(&self, known: &Consensuses) -> BTreeMap<[u8; 32], LinkTarget> {
        let rates = known.current.as_ref().and_then(|consensus| Some(consensus.document().ok()?.rates()));
        if rates.is_some() {
            *self.rates.write().unwrap_or_else(PoisonError::into_inner) = rates;
        }
        neighbours::update(self.id, known, self.clock, self.clock.now(), &self.known_nodes)
    }

    fn dialer(&self, stop: watch::Receiver<bool>) -> Dialer {
        let (timeouts, randomness) = (self.sizes.timeouts, self.randomness.branch());
        Dialer {
            connector: Connector { key: self.link_key.clone(), timeouts, randomness, clock_watch: None },
            id: self.id,
            link: Link::node(PacketSizes::from(self.mix.geometry())),
            period: self.clock.period().duration(),
            counters: Arc::clone(self.mix.counters()),
            stopwatch: self.stopwatch,
            stop,
        }
    }
}
