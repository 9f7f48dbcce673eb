//! A running mix, gateway or service node.

use super::{
    lock,
    member::Member,
    node_directory::{follow, upload},
    node_links::{dial_neighbours, listen},
    session::Side,
    sleep_until,
};
use crate::reference::{
    gateway::Mailboxes,
    links::Connections,
    neighbours::Neighbours,
    packets::{Counts, Fate, Packets},
    service_node,
    times::Times,
};
use core::time::Duration;
use mixwell_net::{
    authorities::Authorities, clock::Clock, directory::Consensuses, node_kind::NodeKind, randomness::Randomness,
};
use mixwell_pki_types::{Epoch, KeyHash, build::DescriptorBuilder};
use mixwell_pq_kem::X25519;
use mixwell_sphinx::Sphinx;
use std::{
    collections::{BTreeMap, BTreeSet},
    sync::{Arc, Mutex},
};
use tokio::{
    sync::{Notify, mpsc, watch},
    task::{AbortHandle, JoinSet},
};

/// A node that does not run yet.
pub struct NodeBuilder {
    /// Its keys and its socket.
    pub member: Member,
    /// Mix, gateway or service node.
    pub kind: NodeKind,
    /// The authorities.
    pub authorities: Arc<Authorities>,
    /// The clock of epochs.
    pub clock: Clock,
    /// The packets.
    pub sphinx: Sphinx<X25519>,
    /// Time-outs and intervals.
    pub times: Times,
    /// The source of randomness.
    pub randomness: Randomness,
}

/// Counters of a node's links and uploads.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
#[expect(clippy::exhaustive_structs, reason = "read by tests")]
pub struct NodeStats {
    /// Handshakes with nodes that it dialled.
    pub dialled: u64,
    /// Links that it ended after their lifetime.
    pub expired: u64,
    /// Links that ended otherwise, after their handshake.
    pub lost: u64,
    /// Links that a peer ended by saying something after its first `no_op`.
    pub spoken_on: u64,
    /// Handshakes of nodes that dialled it, and of clients.
    pub accepted: u64,
    /// Peers that it refused after message 3.
    pub refused: u64,
    /// Connections that it closed as a peer said what it may not say.
    pub closed: u64,
    /// Uploads that authorities accepted.
    pub uploads: u64,
    /// Uploads that authorities called a conflict.
    pub conflicts: u64,
}

/// A running node. It ends when this is dropped.
pub struct RunningNode {
    shared: Arc<Shared>,
    _tasks: JoinSet<()>,
}

/// The parts that a node's tasks share.
pub(super) struct Shared {
    pub(super) member: Member,
    pub(super) kind: NodeKind,
    pub(super) authorities: Arc<Authorities>,
    pub(super) clock: Clock,
    pub(super) sphinx: Sphinx<X25519>,
    pub(super) times: Times,
    pub(super) randomness: Randomness,
    pub(super) core: Mutex<Core>,
    /// Wakes the links when there is a new consensus.
    pub(super) changed: watch::Sender<()>,
    /// Wakes the releasing task when a packet arrived, and the gateway's connections on a reply.
    arrived: Notify,
    pub(super) replied: watch::Sender<()>,
    /// Turns true when the process would have crashed.
    pub(super) crashed: watch::Sender<bool>,
}

/// The state of a node.
pub(super) struct Core {
    pub(super) packets: Packets,
    pub(super) known: Consensuses,
    pub(super) neighbours: Neighbours,
    pub(super) mailboxes: Mailboxes,
    pub(super) connections: Connections,
    /// The tasks of accepted connections.
    pub(super) open: BTreeMap<u64, AbortHandle>,
    /// The neighbours whose links are up.
    pub(super) up: BTreeSet<KeyHash>,
    /// The packets for each neighbour, with the times since which they wait.
    pub(super) queues: BTreeMap<KeyHash, mpsc::UnboundedSender<(Duration, Vec<u8>)>>,
    pub(super) stats: NodeStats,
}

impl NodeBuilder {
    /// Starts the node in the current tokio runtime.
    pub fn start(self) -> RunningNode {
        let Self { member, kind, authorities, clock, sphinx, times, randomness } = self;
        let mut packets = Packets::new(kind, sphinx, times);
        packets.advance(clock.epoch(), &mut randomness.rng());
        let core = Core {
            packets,
            known: Consensuses { epoch: clock.epoch(), ..Consensuses::default() },
            neighbours: Neighbours::default(),
            mailboxes: Mailboxes::default(),
            connections: Connections::default(),
            open: BTreeMap::new(),
            up: BTreeSet::new(),
            queues: BTreeMap::new(),
            stats: NodeStats::default(),
        };
        let shared = Arc::new(Shared {
            member,
            kind,
            authorities,
            clock,
            sphinx,
            times,
            randomness,
            core: Mutex::new(core),
            changed: watch::channel(()).0,
            arrived: Notify::new(),
            replied: watch::channel(()).0,
            crashed: watch::channel(false).0,
        });
        let mut tasks = JoinSet::new();
        tasks.spawn(run(Arc::clone(&shared)));
        RunningNode { shared, _tasks: tasks }
    }
}

impl RunningNode {
    /// The name.
    pub fn name(&self) -> &str {
        &self.shared.member.name
    }

    /// Counters of links and uploads.
    pub fn stats(&self) -> NodeStats {
        lock(&self.shared.core).stats
    }

    /// Counters of packets.
    pub fn counts(&self) -> Counts {
        lock(&self.shared.core).packets.counts()
    }

    /// Whether a peer has made it crash.
    pub fn has_crashed(&self) -> bool {
        *self.shared.crashed.borrow()
    }

    /// Whether it has a consensus of this epoch and a link to every neighbour.
    pub fn is_up(&self) -> bool {
        let core = lock(&self.shared.core);
        core.neighbours.is_usable && core.neighbours.targets().keys().all(|id| core.up.contains(id))
    }
}

/// Runs all tasks until the process crashes.
async fn run(shared: Arc<Shared>) {
    let mut crashed = shared.crashed.subscribe();
    let mut tasks = JoinSet::new();
    tasks.spawn(listen(Arc::clone(&shared)));
    tasks.spawn(dial_neighbours(Arc::clone(&shared)));
    tasks.spawn(release(Arc::clone(&shared)));
    tasks.spawn(follow(Arc::clone(&shared)));
    for authority in &*shared.authorities {
        tasks.spawn(upload(Arc::clone(&shared), authority.clone()));
    }
    let _ = crashed.wait_for(|crashed| *crashed).await;
    tasks.shutdown().await;
}

impl Shared {
    /// Unwraps a packet that came from a peer.
    pub(super) fn unwrap(&self, packet: Vec<u8>) {
        let fate = {
            let mut core = lock(&self.core);
            let now = self.clock.now();
            let fate = core.packets.receive(now, self.clock.time_at(now).epoch, packet);
            if let Fate::Reply { recipient, surb_id, payload } = fate {
                core.mailboxes.store(recipient.0, surb_id, payload);
                self.replied.send_replace(());
                return;
            }
            fate
        };
        if fate == Fate::Crash {
            self.crash();
        }
        self.arrived.notify_one();
    }

    pub(super) fn crash(&self) {
        self.crashed.send_replace(true);
    }

    pub(super) fn side(&self) -> Side<'_> {
        Side {
            key: &self.member.link_key,
            ad: &self.member.id.0,
            timeout: self.times.handshake,
            randomness: &self.randomness,
        }
    }

    /// Moves to the epoch of the clock, and updates the neighbours.
    pub(super) fn update(&self, core: &mut Core) {
        let epoch = self.clock.epoch();
        core.known = core.known.at(epoch);
        core.packets.advance(epoch, &mut self.randomness.rng());
        core.neighbours = Neighbours::new(self.member.id, &core.known, self.clock);
        self.changed.send_replace(());
    }

    pub(super) fn descriptor(&self, epoch: Epoch) -> Vec<u8> {
        DescriptorBuilder {
            name: self.member.name.clone(),
            epoch,
            identity_key: self.member.identity.public().to_vec(),
            link_key: super::member::public(&self.member.link_key).to_vec(),
            mix_keys: Some(lock(&self.core).packets.public_keys(epoch)),
            addresses: Some([("tcp4".to_owned(), vec![format!("tcp://{}", self.member.address)])].into()),
            kaetzchen: (self.kind == NodeKind::Service).then(service_node::capabilities),
            is_gateway: self.kind == NodeKind::Gateway,
            is_service: self.kind == NodeKind::Service,
            ..DescriptorBuilder::default()
        }
        .encode()
    }
}

/// Sends packets when they are due.
async fn release(shared: Arc<Shared>) {
    loop {
        let next = {
            let mut core = lock(&shared.core);
            let now = shared.clock.now();
            for (next_hop, packet) in core.packets.due(now) {
                // a hop that is no neighbour gets nothing
                let queue = core.queues.get(&KeyHash(next_hop.0));
                let sent = queue.is_some_and(|queue| queue.send((now, packet)).is_ok());
                if !sent {
                    core.packets.count_drop();
                }
            }
            core.packets.next_due()
        };
        tokio::select! {
            () = shared.arrived.notified() => {}
            () = sleep_until(shared.clock, next.unwrap_or(Duration::MAX)), if next.is_some() => {}
        }
    }
}
