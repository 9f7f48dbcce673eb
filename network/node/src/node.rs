//! A node: its parts, and how they run together.

#[cfg(test)]
pub(crate) mod test_mix;

use crate::{
    buffer_pool::Pool,
    counters::{Counters, Flow, Loss},
    faults::Faults,
    gateway::{ConsensusCache, Gateway, Mailboxes},
    health::Health,
    incoming::{Incoming, IncomingLinks, NodePolicy, SendingNodes, ServeUntil},
    key_ring::KeyRing,
    loop_decoys::LoopDecoys,
    mix::{Mix, Reply, Setup},
    mix_keys::{MixKeys, OwnIdentity},
    neighbours::{KnownNodes, NodeStatus},
    outgoing::{LinkTable, OutgoingLinks},
    rates::PublishedRates,
    release::Release,
    rendezvous::Store,
    service::Services,
    sizes::Sizes,
    unwrap_queue::UnwrapQueue,
};
use core::{fmt, sync::atomic::AtomicU64, time::Duration};
use mixwell_net::{
    accept::ConnectionStats,
    clock::Clock,
    codec::MixScheme,
    directory::Directory,
    keys::LinkKey,
    node_kind::NodeKind,
    randomness::Randomness,
    runtime::{pass_on, stopped},
    stopwatch::Stopwatch,
};
use mixwell_pki_types::{Epoch, Rates};
use mixwell_sphinx::{NodeId, RecipientId, Sphinx, SurbId};
use mixwell_wire::{Link, PacketSizes};
use std::sync::Arc;
use tokio::{
    net::TcpListener,
    sync::{Notify, watch},
    task::JoinSet,
    time,
};
use tracing::info;

/// What a node is made of that gets its consensuses and mix keys from elsewhere. [`NodeBuilder`](crate::NodeBuilder) is the
/// usual way to start one.
#[expect(clippy::exhaustive_structs, reason = "whoever makes a node has to know of each field")]
pub struct NodeConfig<S: MixScheme> {
    /// Its name in log lines.
    pub name: String,
    /// Mix, gateway or service node.
    pub kind: NodeKind,
    /// The hash of its identity key.
    pub id: NodeId,
    /// The key of its links.
    pub link_key: LinkKey,
    /// The packets' scheme and geometry.
    pub sphinx: Sphinx<S>,
    /// Its mix keys; somebody has to advance them.
    pub mix_keys: Arc<MixKeys<S>>,
    /// The services of a service node.
    pub services: Services,
    /// Whether it sends loop decoys.
    pub sends_decoys: bool,
    /// The clock of epochs.
    pub clock: Clock,
    /// The consensuses.
    pub directory: Directory,
    /// How much it holds, and for how long.
    pub sizes: Sizes,
    /// Its random generators.
    pub randomness: Randomness,
    /// What it does wrong, if anything.
    pub faults: Option<Arc<dyn Faults>>,
}

/// A node, and what can be seen of it while it runs.
pub struct Node {
    pub(crate) name: String,
    pub(crate) mix: Arc<Mix>,
    pub(crate) queue: Arc<UnwrapQueue>,
    pub(crate) incoming: Arc<Incoming>,
    pub(crate) release: Release,
    pub(crate) outgoing: Arc<OutgoingLinks>,
    pub(crate) mailboxes: Arc<Mailboxes>,
    /// `None` if it sends none.
    pub(crate) decoys: Option<Arc<LoopDecoys>>,
    pub(crate) health: Arc<Health>,
    sizes: Sizes,
}

impl Node {
    /// A node, and the task that changes its mix keys from epoch to epoch.
    pub fn new<S: MixScheme>(config: NodeConfig<S>) -> (Arc<Self>, impl Future<Output = ()> + Send + 'static) {
        let NodeConfig { name, kind, id, link_key, sphinx, mix_keys, services, sends_decoys, .. } = config;
        let NodeConfig { clock, directory, sizes, randomness, faults, .. } = config;
        let own = OwnIdentity { id, mix_keys: Arc::clone(&mix_keys) as _ };
        let ring = Arc::new(KeyRing::new(sphinx, mix_keys, sizes.replays));
        let setup = Setup { kind, services, limits: sizes.limits, capacity: sizes.queue };
        let pool = Pool::new(sizes.buffers, sphinx.geometry().packet_len());
        let mix = Mix::new(Arc::clone(&ring) as _, setup, pool, Arc::new(Counters::default()), randomness.rng());
        let mix = Arc::new(mix);
        let filters = randomness.rng();

        // what several parts share
        let stopwatch = Stopwatch::start();
        let keep = clock.period().duration() * 2;
        let mailboxes = Mailboxes::new(sizes.buffers.div_ceil(2), sizes.mailbox, sizes.clients.saturating_mul(2), keep);
        let mailboxes = Arc::new(mailboxes);
        let wake = Arc::new(Notify::new());
        let queue =
            UnwrapQueue::new(Arc::clone(&mix), Arc::clone(&mailboxes), stopwatch, Arc::clone(&wake), sizes.buffers);
        let queue = Arc::new(queue);
        let links = Arc::new(LinkTable::default());
        let known_nodes = Arc::<KnownNodes>::default();
        let sending = Arc::<SendingNodes>::default();
        let rates = Arc::<PublishedRates>::default();
        let connections = Arc::<ConnectionStats>::default();
        let packet_sizes = PacketSizes::from(sphinx.geometry());
        let node_link = Link::node(packet_sizes);
        let client_link = if kind == NodeKind::Gateway { Link::gateway(packet_sizes) } else { node_link };

        let gateway = (kind == NodeKind::Gateway).then(|| {
            Arc::new(Gateway {
                geometry: *sphinx.geometry(),
                link: client_link,
                mailboxes: Arc::clone(&mailboxes),
                consensuses: ConsensusCache::new(directory.clone()),
                queue: Arc::clone(&queue),
                rates: Arc::clone(&rates),
                connections: Arc::clone(&connections),
                clock,
                stopwatch,
                timeouts: sizes.timeouts,
                keep_alive: sizes.keep_alive,
                acknowledgement: sizes.acknowledgement,
            })
        });
        let incoming = Incoming {
            id,
            link_key: link_key.clone(),
            policy: NodePolicy {
                kind,
                known_nodes: Arc::clone(&known_nodes),
                directory: directory.clone(),
                node_link,
                client_link,
                client_proof_timeout: sizes.timeouts.read,
            },
            links: IncomingLinks {
                queue: Arc::clone(&queue),
                known_nodes: Arc::clone(&known_nodes),
                sending: Arc::clone(&sending),
                clock,
                timeouts: sizes.timeouts,
            },
            gateway,
            connections,
            randomness: randomness.branch(),
        };
        let decoys = sends_decoys.then(|| {
            Arc::new(LoopDecoys {
                own: own.clone(),
                mix: Arc::clone(&mix),
                queue: Arc::clone(&queue),
                links: Arc::clone(&links),
                rates: Arc::clone(&rates),
                directory: directory.clone(),
                clock,
                stopwatch,
                grace: sizes.decoy_grace,
                randomness: randomness.branch(),
            })
        });
        let node = Self {
            release: Release { mix: Arc::clone(&mix), links: Arc::clone(&links), stopwatch, wake, faults },
            outgoing: Arc::new(OutgoingLinks {
                id,
                link_key,
                link: node_link,
                table: links,
                known_nodes,
                rates,
                counters: Arc::clone(mix.counters()),
                directory: directory.clone(),
                clock,
                stopwatch,
                randomness,
                write_queue: sizes.write_queue,
                write_wait: sizes.write_wait,
                timeouts: sizes.timeouts,
            }),
            health: Arc::new(Health {
                name: name.clone(),
                own,
                directory,
                sending,
                clock,
                silent_layers: AtomicU64::new(0),
            }),
            name,
            mix,
            queue,
            incoming: Arc::new(incoming),
            mailboxes,
            decoys,
            sizes,
        };
        (Arc::new(node), ring.follow(clock, filters))
    }

    /// Works until told to stop, and then hands on what it holds, for a short while.
    pub async fn run(self: Arc<Self>, listeners: Vec<TcpListener>, mut stop: watch::Receiver<bool>) {
        let mut tasks = JoinSet::new();
        let (hang_up, end) = watch::channel(false);
        let until = ServeUntil { stop: stop.clone(), hang_up: end.clone() };
        let mut accepting = tokio::spawn(Arc::clone(&self.incoming).run(self.sizes.clone(), listeners, until));
        let mut dialing = tokio::spawn(Arc::clone(&self.outgoing).run(end));
        tasks.spawn(self.release.clone().run());
        let decoys = self.decoys.as_ref().map(|decoys| tasks.spawn(Arc::clone(decoys).run()));
        tasks.spawn(sweep(Arc::clone(&self.mix), Arc::clone(&self.mailboxes), self.release.stopwatch));
        tasks.spawn(Arc::clone(&self.health).run());

        tokio::select! {
            biased;
            () = stopped(&mut stop) => {}
            Some(ended) = tasks.join_next() => { pass_on(ended); }
            ended = &mut dialing => { pass_on(ended); }
            ended = &mut accepting => { pass_on(ended); }
        }
        info!(node = self.name, "stopping");
        // nobody new is let in, and what is here goes on
        if let Some(decoys) = decoys {
            decoys.abort();
        }
        let drained = async {
            while self.incoming_links() > 0 || self.held() > 0 {
                time::sleep(Duration::from_millis(10)).await;
            }
        };
        let _ = time::timeout(FAREWELL, drained).await;
        hang_up.send_replace(true);
        let _ = time::timeout(FAREWELL, async { (dialing.await, accepting.await) }).await;
        tasks.shutdown().await;
        self.mix.flush();
        // replies for clients that are away go with the node
        let counters = self.mix.counters();
        counters.lose_many(Loss::Stopped, self.on_the_way() + self.mailboxes.stored());
        info!(
            node = self.name,
            received = counters.flow(Flow::Received) + counters.flow(Flow::DecoySent),
            sent = counters.flow(Flow::Sent),
            ended = counters.flow(Flow::Delivered) + counters.flow(Flow::DecoyReturned),
            dropped = counters.all_dropped(),
            stopped = counters.dropped(Loss::Stopped),
            "stopped"
        );
    }

    /// Packets that have come and may leave soon.
    fn held(&self) -> usize {
        self.on_the_way() + self.mailboxes.awaited()
    }

    /// Packets that have come and are in no mailbox.
    fn on_the_way(&self) -> usize {
        self.mix.len() + self.outgoing.table.waiting()
    }

    /// Its name in log lines.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The hash of its identity key.
    #[must_use]
    pub fn id(&self) -> NodeId {
        self.incoming.id
    }

    /// What has become of packets.
    #[must_use]
    pub fn counters(&self) -> &Counters {
        self.mix.counters()
    }

    /// What has become of connections.
    #[must_use]
    pub fn connections(&self) -> &ConnectionStats {
        &self.incoming.connections
    }

    /// How much it holds, and for how long.
    #[must_use]
    pub const fn sizes(&self) -> &Sizes {
        &self.sizes
    }

    /// How many of its links to other nodes are up, and how many there should be by the consensus.
    #[must_use]
    pub fn links(&self) -> (usize, usize) {
        self.outgoing.table.up()
    }

    /// Packets that wait for their release.
    #[must_use]
    pub fn queued(&self) -> usize {
        self.mix.len()
    }

    /// Packets that wait to be written to other nodes.
    #[must_use]
    pub fn sending(&self) -> usize {
        self.outgoing.table.waiting()
    }

    /// Replies that wait for clients.
    #[must_use]
    pub fn stored_replies(&self) -> usize {
        self.mailboxes.stored()
    }

    /// Packet buffers in use.
    #[must_use]
    pub fn buffers_in_use(&self) -> usize {
        self.mix.pool().lent()
    }

    /// Puts a reply into a client's mailbox, as if it had come through the network; into none, if there is no such client or no
    /// room, which is counted.
    pub fn store_reply(&self, recipient: RecipientId, surb_id: SurbId, payload: &[u8]) {
        let Some(mut packet) = self.mix.pool().take() else { return };
        let at = packet.len().saturating_sub(payload.len());
        if let Some(room) = packet.get_mut(at..).filter(|room| room.len() == payload.len()) {
            room.copy_from_slice(payload);
            self.queue.deliver(Reply { recipient, surb_id, packet });
        }
    }

    /// The boxes of its rendezvous service, if it has one.
    #[must_use]
    pub fn boxes(&self) -> Option<&Store> {
        self.mix.store().map(|store| &**store)
    }

    /// Whether packets of this node are taken, since a consensus that counts now lists it as one that sends here.
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

    /// The epoch.
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

impl<S: MixScheme> fmt::Debug for NodeConfig<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("NodeConfig").field("name", &self.name).field("kind", &self.kind).finish_non_exhaustive()
    }
}

impl fmt::Debug for Node {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Node").field("name", &self.name).field("counters", self.counters()).finish_non_exhaustive()
    }
}

/// Drops replies and boxes that nobody fetches. Does not end.
async fn sweep(mix: Arc<Mix>, mailboxes: Arc<Mailboxes>, stopwatch: Stopwatch) {
    loop {
        time::sleep(SWEEP_INTERVAL).await;
        mix.counters().lose_many(Loss::MailboxExpired, mailboxes.expire(stopwatch.now()));
        if let Some(store) = mix.store() {
            store.sweep(stopwatch.now());
        }
    }
}

/// How long a node that stops waits for its packets to leave.
const FAREWELL: Duration = Duration::from_secs(2);

/// How often expired replies and boxes are dropped.
const SWEEP_INTERVAL: Duration = Duration::from_secs(5);
