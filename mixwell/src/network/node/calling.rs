//! The links that a node keeps up: to the nodes behind it.

use super::{Node, neighbours};
use crate::network::{
    directory::Consensuses,
    link::{Dialer, Outgoing, Peer, stopped},
    runtime::pass_on,
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

impl Node {
    /// Keeps links up to the nodes that the consensus puts behind this one, until it is time to hang up.
    pub(super) async fn call_neighbours(&self, hung_up: watch::Receiver<bool>) {
        let mut directory = self.directory.clone();
        let mut stop = hung_up.clone();
        let mut calls = JoinSet::new();
        let mut links: BTreeMap<[u8; 32], (Peer, Arc<Outgoing>, AbortHandle)> = BTreeMap::new();
        loop {
            let known = directory.borrow_and_update().clone();
            let (peers, grace_ends) = (self.turn_to(&known), neighbours::grace_ends(self.clock, &known));
            links.retain(|id, (peer, out, task)| {
                let stays = peers.get(id) == Some(peer);
                if !stays {
                    task.abort();
                    out.close(self.mix.counters());
                }
                stays
            });
            for (id, peer) in peers {
                links.entry(id).or_insert_with(|| {
                    let out = Arc::new(Outgoing::new(self.sizes.write_queue, self.sizes.write_wait));
                    let (dialer, called, link) = (self.dialer(hung_up.clone()), peer.clone(), Arc::clone(&out));
                    let task = calls.spawn(async move { dialer.run(&called, &link).await });
                    (peer, out, task)
                });
            }
            self.routes.set(links.iter().map(|(id, (_, out, _))| (NodeId(*id), Arc::clone(out))).collect());
            tokio::select! {
                changed = directory.changed() => if changed.is_err() {
                    // nobody tells us of the network any more: what there is stays
                    stopped(&mut stop).await;
                    break;
                },
                // those that were aborted, mostly
                () = self.clock.sleep_until(grace_ends), if self.clock.now() < grace_ends => {}
                Some(ended) = calls.join_next() => { pass_on(ended); }
                () = stopped(&mut stop) => break,
            }
        }
        while calls.join_next().await.is_some() {}
    }

    /// Takes what it needs of a changed directory, and gives the nodes that are to be called.
    fn turn_to(&self, known: &Consensuses) -> BTreeMap<[u8; 32], Peer> {
        let rates = known.current.as_ref().and_then(|consensus| Some(consensus.document().ok()?.rates()));
        if rates.is_some() {
            *self.rates.write().unwrap_or_else(PoisonError::into_inner) = rates;
        }
        neighbours::update(self.id, known, self.clock, self.clock.now(), &self.callers)
    }

    fn dialer(&self, stop: watch::Receiver<bool>) -> Dialer {
        let packet_sizes = PacketSizes::from(self.mix.geometry());
        Dialer {
            key: self.link_key.clone(),
            id: self.id,
            link: Link::node(packet_sizes),
            timeouts: self.sizes.timeouts,
            period: self.clock.period().duration(),
            counters: Arc::clone(self.mix.counters()),
            stopwatch: self.stopwatch,
            randomness: self.randomness.branch(),
            stop,
        }
    }
}
