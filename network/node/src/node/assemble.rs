//! Assembling a node: each part gets what it needs.

use crate::{
    buffer_pool::Pool,
    counters::Counters,
    faults::Faults,
    gateway::{ConsensusCache, Gateway, Mailboxes},
    health::Health,
    incoming::{Incoming, IncomingLinks, NodePolicy, SendingNodes},
    key_ring::KeyRing,
    limits::ResourceLimits,
    loop_decoys::LoopDecoys,
    mix::{Mix, Setup},
    mix_keys::{MixKeys, OwnIdentity},
    neighbours::KnownNodes,
    node::Node,
    outgoing::{LinkTable, OutgoingLinks},
    rates::PublishedRates,
    release::Release,
    service::Services,
    unwrap_queue::UnwrapQueue,
};
use core::{fmt, sync::atomic::AtomicU64};
use mixwell_net::{
    accept::ConnectionStats, clock::Clock, directory::Directory, keys::LinkKey, node_kind::NodeKind,
    randomness::Randomness, stopwatch::Stopwatch,
};
use mixwell_sphinx::NodeId;
use mixwell_wire::{Link, PacketSizes};
use std::sync::Arc;
use tokio::sync::Notify;

/// The settings of a node whose consensuses and mix keys come from the caller.
/// [`NodeBuilder`](crate::NodeBuilder) is the usual way to start a node.
pub struct NodeConfig {
    /// The node's name in log lines.
    pub name: String,
    /// Mix, gateway or service node.
    pub kind: NodeKind,
    /// The hash of the node's identity key.
    pub id: NodeId,
    /// The key of the node's links.
    pub link_key: LinkKey,
    /// The node's mix keys, which have the scheme and geometry of packets. The caller has to
    /// advance them.
    pub mix_keys: Arc<MixKeys>,
    /// The services of a service node.
    pub services: Services,
    /// Whether the node sends loop decoys.
    pub sends_decoys: bool,
    /// The clock of epochs.
    pub clock: Clock,
    /// The consensuses.
    pub directory: Directory,
    /// Limits on memory, connections and waiting times.
    pub limits: ResourceLimits,
    /// The node's random generators.
    pub randomness: Randomness,
    /// Faults to inject, if any.
    pub faults: Option<Arc<dyn Faults>>,
}

/// Shared by several parts.
struct Shared {
    own: OwnIdentity,
    link_key: LinkKey,
    mix: Arc<Mix>,
    mailboxes: Arc<Mailboxes>,
    queue: Arc<UnwrapQueue>,
    /// Wakes the task that releases packets.
    wake: Arc<Notify>,
    links: Arc<LinkTable>,
    known_nodes: Arc<KnownNodes>,
    sending: Arc<SendingNodes>,
    rates: Arc<PublishedRates>,
    connections: Arc<ConnectionStats>,
    directory: Directory,
    clock: Clock,
    stopwatch: Stopwatch,
    limits: ResourceLimits,
    randomness: Randomness,
}

impl Node {
    /// A node, and the task that changes its mix keys from epoch to epoch.
    pub fn new(config: NodeConfig) -> (Arc<Self>, impl Future<Output = ()> + Send + 'static) {
        let NodeConfig { name, kind, id, link_key, mix_keys, services, sends_decoys, .. } = config;
        let NodeConfig { clock, directory, limits, randomness, faults, .. } = config;
        let own = OwnIdentity { id, mix_keys: Arc::clone(&mix_keys) as _ };
        let ring = Arc::new(KeyRing::new(mix_keys, limits.replays));
        let setup = Setup { kind, services, limits: limits.delays, capacity: limits.queue };
        let pool = Pool::new(limits.buffers, ring.sphinx().geometry().packet_len());
        let mix = Mix::new(Arc::clone(&ring) as _, setup, pool, Arc::new(Counters::default()), randomness.rng());
        let filters = randomness.rng();
        let keep = clock.period().duration() * 2;
        let mailboxes = Mailboxes::new(limits.buffers.div_ceil(2), limits.mailbox, 2 * limits.clients, keep);
        let (mix, mailboxes, wake) = (Arc::new(mix), Arc::new(mailboxes), Arc::new(Notify::new()));
        let stopwatch = Stopwatch::start();
        let queue =
            UnwrapQueue::new(Arc::clone(&mix), Arc::clone(&mailboxes), stopwatch, Arc::clone(&wake), limits.buffers);
        let shared = Shared {
            own,
            link_key,
            mix,
            mailboxes,
            queue: Arc::new(queue),
            wake,
            links: Arc::default(),
            known_nodes: Arc::default(),
            sending: Arc::default(),
            rates: Arc::default(),
            connections: Arc::default(),
            directory,
            clock,
            stopwatch,
            limits,
            randomness,
        };
        let health = Health {
            name: name.clone(),
            own: shared.own.clone(),
            directory: shared.directory.clone(),
            sending: Arc::clone(&shared.sending),
            clock,
            silent_layers: AtomicU64::new(0),
        };
        let node = Self {
            name,
            incoming: Arc::new(shared.incoming()),
            release: shared.release(faults),
            outgoing: Arc::new(shared.outgoing()),
            decoys: sends_decoys.then(|| Arc::new(shared.decoys())),
            health: Arc::new(health),
            mix: shared.mix,
            queue: shared.queue,
            mailboxes: shared.mailboxes,
            limits: shared.limits,
        };
        (Arc::new(node), ring.follow(clock, filters))
    }
}

impl Shared {
    fn incoming(&self) -> Incoming {
        let kind = self.mix.kind();
        let gateway = (kind == NodeKind::Gateway).then(|| Arc::new(self.gateway()));
        let node_link = self.node_link();
        Incoming {
            id: self.own.id,
            link_key: self.link_key.clone(),
            policy: NodePolicy {
                kind,
                known_nodes: Arc::clone(&self.known_nodes),
                directory: self.directory.clone(),
                node_link,
                client_link: gateway.as_ref().map_or(node_link, |gateway| gateway.link),
                client_proof_timeout: self.limits.timeouts.read,
            },
            links: IncomingLinks {
                queue: Arc::clone(&self.queue),
                known_nodes: Arc::clone(&self.known_nodes),
                sending: Arc::clone(&self.sending),
                clock: self.clock,
                timeouts: self.limits.timeouts,
            },
            gateway,
            connections: Arc::clone(&self.connections),
            randomness: self.randomness.branch(),
        }
    }

    fn gateway(&self) -> Gateway {
        Gateway {
            geometry: *self.mix.geometry(),
            link: Link::gateway(PacketSizes::from(self.mix.geometry())),
            mailboxes: Arc::clone(&self.mailboxes),
            consensuses: ConsensusCache::new(self.directory.clone()),
            queue: Arc::clone(&self.queue),
            rates: Arc::clone(&self.rates),
            connections: Arc::clone(&self.connections),
            clock: self.clock,
            stopwatch: self.stopwatch,
            timeouts: self.limits.timeouts,
            keep_alive: self.limits.keep_alive,
            acknowledgement: self.limits.acknowledgement,
        }
    }

    fn release(&self, faults: Option<Arc<dyn Faults>>) -> Release {
        Release {
            mix: Arc::clone(&self.mix),
            links: Arc::clone(&self.links),
            stopwatch: self.stopwatch,
            wake: Arc::clone(&self.wake),
            faults,
        }
    }

    fn outgoing(&self) -> OutgoingLinks {
        OutgoingLinks {
            id: self.own.id,
            link_key: self.link_key.clone(),
            link: self.node_link(),
            table: Arc::clone(&self.links),
            known_nodes: Arc::clone(&self.known_nodes),
            rates: Arc::clone(&self.rates),
            counters: Arc::clone(self.mix.counters()),
            directory: self.directory.clone(),
            clock: self.clock,
            stopwatch: self.stopwatch,
            randomness: self.randomness.branch(),
            write_queue: self.limits.write_queue,
            write_wait: self.limits.write_wait,
            timeouts: self.limits.timeouts,
        }
    }

    fn decoys(&self) -> LoopDecoys {
        LoopDecoys {
            own: self.own.clone(),
            mix: Arc::clone(&self.mix),
            queue: Arc::clone(&self.queue),
            links: Arc::clone(&self.links),
            rates: Arc::clone(&self.rates),
            directory: self.directory.clone(),
            clock: self.clock,
            stopwatch: self.stopwatch,
            grace: self.limits.decoy_grace,
            randomness: self.randomness.branch(),
        }
    }

    /// Commands and lengths of links with nodes.
    fn node_link(&self) -> Link {
        Link::node(PacketSizes::from(self.mix.geometry()))
    }
}

impl fmt::Debug for NodeConfig {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("NodeConfig").field("name", &self.name).field("kind", &self.kind).finish_non_exhaustive()
    }
}
