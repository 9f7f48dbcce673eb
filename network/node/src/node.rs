//! A node: a mix, gateway or service node, over sockets.

mod arrivals;
mod client_connection;
mod health;
mod incoming;
mod neighbours;
mod outgoing;
mod release;
mod sending_nodes;
mod serve;
mod sizes;
#[cfg(test)]
mod test_mix;

use crate::{
    buffer_pool::Pool,
    counters::{Counters, Flow, Loss},
    faults::Faults,
    gateway::Mailboxes,
    key_ring::KeyRing,
    link::LinkTable,
    mix::{Mix, Reply, Setup},
    mix_keys::{MixKeys, OwnKeys},
    rendezvous::Store,
    service::Services,
};
use arrivals::Arrivals;
use core::{sync::atomic::AtomicU64, time::Duration};
use mixwell_net::{
    accept::{AcceptUntil, ConnectionStats},
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
use neighbours::KnownNodes;
use sending_nodes::SendingNodes;
use serve::ServeUntil;
pub use sizes::{Sizes, packets_of};
use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, PoisonError, RwLock},
};
use tokio::{
    net::TcpListener,
    sync::{Notify, OnceCell, watch},
    task::JoinSet,
    time,
};
use tracing::info;

/// What a node is made of.
pub struct Parts<S: MixScheme> {
    pub name: String,
    pub kind: NodeKind,
    /// The hash of its identity key.
    pub id: NodeId,
    pub link_key: LinkKey,
    pub sphinx: Sphinx<S>,
    pub mix_keys: Arc<MixKeys<S>>,
    pub services: Services,
    /// Whether it sends loop decoys.
    pub sends_decoys: bool,
    pub clock: Clock,
    pub directory: Directory,
    pub sizes: Sizes,
    pub randomness: Randomness,
    /// What it does wrong, if anything.
    pub faults: Option<Arc<dyn Faults>>,
}

/// A consensus as clients get it, once somebody has asked for it.
type Zipped = Arc<OnceCell<Arc<[u8]>>>;

/// A node, and what is known of it while it runs.
pub struct Node {
    pub(crate) name: String,
    id: NodeId,
    link_key: LinkKey,
    pub(crate) mix: Mix,
    pub(crate) routes: LinkTable,
    pub(crate) connections: Arc<ConnectionStats>,
    pub(crate) mailboxes: Mailboxes,
    known_nodes: KnownNodes,
    arrivals: Arrivals,
    sending: SendingNodes,
    /// Layers that should connect to this node and do not.
    pub(crate) silent_layers: AtomicU64,
    own_keys: Arc<dyn OwnKeys>,
    sends_decoys: bool,
    wake: Notify,
    clock: Clock,
    stopwatch: Stopwatch,
    directory: Directory,
    rates: RwLock<Option<Rates>>,
    zipped: Mutex<BTreeMap<Epoch, Zipped>>,
    link: Link,
    sizes: Sizes,
    randomness: Randomness,
    faults: Option<Arc<dyn Faults>>,
}

impl Node {
    /// A node, and the task that changes its mix keys from epoch to epoch.
    pub fn new<S: MixScheme>(parts: Parts<S>) -> (Arc<Self>, impl Future<Output = ()> + Send + 'static) {
        let Parts { name, kind, id, link_key, sphinx, mix_keys, services, sends_decoys, clock, .. } = parts;
        let Parts { directory, sizes, randomness, faults, .. } = parts;
        let own_keys: Arc<dyn OwnKeys> = Arc::clone(&mix_keys) as _;
        let ring = Arc::new(KeyRing::new(sphinx, mix_keys, sizes.replays));
        let setup = Setup { kind, services, limits: sizes.limits, capacity: sizes.queue };
        let pool = Pool::new(sizes.buffers, sphinx.geometry().packet_len());
        let mix = Mix::new(Arc::clone(&ring) as _, setup, pool, Arc::new(Counters::default()), randomness.rng());
        let packet_sizes = PacketSizes::from(sphinx.geometry());
        let link = if kind == NodeKind::Gateway { Link::gateway(packet_sizes) } else { Link::node(packet_sizes) };
        let keep = clock.period().duration().saturating_mul(2);
        let filters = randomness.rng();
        let node = Self {
            name,
            id,
            link_key,
            mix,
            routes: LinkTable::default(),
            connections: Arc::default(),
            mailboxes: Mailboxes::new(sizes.buffers.div_ceil(2), sizes.mailbox, sizes.clients.saturating_mul(2), keep),
            known_nodes: KnownNodes::default(),
            arrivals: Arrivals::new(sizes.buffers),
            sending: SendingNodes::default(),
            silent_layers: AtomicU64::new(0),
            own_keys,
            sends_decoys,
            wake: Notify::new(),
            clock,
            stopwatch: Stopwatch::start(),
            directory,
            rates: RwLock::default(),
            zipped: Mutex::default(),
            link,
            sizes,
            randomness,
            faults,
        };
        (Arc::new(node), ring.follow(clock, filters))
    }

    /// Works until told to stop, and then hands on what it holds, for a short while.
    pub async fn run(self: Arc<Self>, listeners: Vec<TcpListener>, mut stop: watch::Receiver<bool>) {
        let mut tasks = JoinSet::new();
        let (hang_up, end) = watch::channel(false);
        let (node, until) = (Arc::clone(&self), ServeUntil { stop: stop.clone(), hang_up: end.clone() });
        let accept_until = AcceptUntil { stop: stop.clone(), hang_up: end.clone() };
        let serve = move |connection| serve::serve(Arc::clone(&node), connection, until.clone());
        let mut accepting = tokio::spawn(self.acceptor().run(listeners, accept_until, serve));
        let node = Arc::clone(&self);
        let mut dialing = tokio::spawn(async move { node.keep_links(end).await });
        let node = Arc::clone(&self);
        tasks.spawn(async move { release::release(&node).await });
        let (node, randomness) = (Arc::clone(&self), self.randomness.branch());
        let decoys = tasks.spawn(async move { release::decoys(&node, randomness).await });
        let node = Arc::clone(&self);
        tasks.spawn(async move { node.sweep().await });
        let node = Arc::clone(&self);
        tasks.spawn(async move { health::watch(&node).await });

        tokio::select! {
            biased;
            () = stopped(&mut stop) => {}
            Some(ended) = tasks.join_next() => { pass_on(ended); }
            ended = &mut dialing => { pass_on(ended); }
            ended = &mut accepting => { pass_on(ended); }
        }
        info!(node = self.name, "stopping");
        // nobody new is let in, and what is here goes on
        decoys.abort();
        let drained = async {
            while self.sending.links() > 0 || self.held() > 0 {
                time::sleep(Duration::from_millis(10)).await;
            }
        };
        let _ = time::timeout(FAREWELL, drained).await;
        hang_up.send_replace(true);
        let _ = time::timeout(FAREWELL, async { (dialing.await, accepting.await) }).await;
        tasks.shutdown().await;
        self.mix.flush();
        // replies for clients that are away go with the node
        self.lose(Loss::Stopped, self.on_the_way().saturating_add(self.mailboxes.stored()));
        let counters = self.mix.counters();
        info!(
            node = self.name,
            received = counters.flow(Flow::Received).saturating_add(counters.flow(Flow::DecoySent)),
            sent = counters.flow(Flow::Sent),
            ended = counters.flow(Flow::Delivered).saturating_add(counters.flow(Flow::DecoyReturned)),
            dropped = counters.all_dropped(),
            stopped = counters.dropped(Loss::Stopped),
            "stopped"
        );
    }

    /// Packets that have come and may leave soon.
    fn held(&self) -> usize {
        self.on_the_way().saturating_add(self.mailboxes.awaited())
    }

    /// Packets that have come and are in no mailbox.
    fn on_the_way(&self) -> usize {
        self.mix.len().saturating_add(self.routes.waiting())
    }

    /// What people call it.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The hash of its identity key.
    #[must_use]
    pub const fn id(&self) -> NodeId {
        self.id
    }

    /// What has become of packets.
    #[must_use]
    pub fn counters(&self) -> &Counters {
        self.mix.counters()
    }

    /// What has become of connections.
    #[must_use]
    pub fn connections(&self) -> &ConnectionStats {
        &self.connections
    }

    /// How much it holds, and for how long.
    #[must_use]
    pub const fn sizes(&self) -> &Sizes {
        &self.sizes
    }

    /// How many of its links to other nodes are up, and how many there should be by the consensus.
    pub fn links(&self) -> (usize, usize) {
        self.routes.up()
    }

    /// Packets that wait for their release.
    pub fn queued(&self) -> usize {
        self.mix.len()
    }

    /// Packets that wait to be written to other nodes.
    pub fn sending(&self) -> usize {
        self.routes.waiting()
    }

    /// Replies that wait for clients.
    pub fn stored_replies(&self) -> usize {
        self.mailboxes.stored()
    }

    /// Packet buffers in use.
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
            self.store(Reply { recipient, surb_id, packet });
        }
    }

    /// The boxes of its rendezvous service, if it has one.
    #[must_use]
    pub fn boxes(&self) -> Option<&Store> {
        self.mix.store().map(|store| &**store)
    }

    /// Whether packets of this node are taken, since a consensus that counts now lists it as one that sends here.
    pub fn admits(&self, id: NodeId) -> bool {
        self.known_nodes.status(id, self.clock.now()) == neighbours::NodeStatus::Listed
    }

    /// Number of links of other nodes to this one.
    pub fn incoming_links(&self) -> usize {
        self.sending.links()
    }

    /// The rates of the current consensus.
    pub fn rates(&self) -> Option<Rates> {
        *self.rates.read().unwrap_or_else(PoisonError::into_inner)
    }

    /// The epoch.
    pub fn epoch(&self) -> Epoch {
        self.clock.epoch()
    }

    /// Whether there is a consensus of this epoch that lists the node.
    pub fn has_consensus(&self) -> bool {
        let known = self.directory.borrow().clone();
        known
            .of(self.epoch())
            .and_then(|consensus| consensus.document().ok())
            .is_some_and(|document| document.nodes().by_hash(mixwell_pki_types::KeyHash(*self.id.as_bytes())).is_some())
    }

    /// Throws away replies and boxes that nobody comes for. Does not end.
    async fn sweep(&self) {
        loop {
            time::sleep(SWEEP).await;
            self.lose(Loss::MailboxExpired, self.mailboxes.expire(self.stopwatch.now()));
            if let Some(store) = self.mix.store() {
                store.sweep(self.stopwatch.now());
            }
        }
    }
}

/// How long a node that stops waits for its packets to leave.
const FAREWELL: Duration = Duration::from_secs(2);

const SWEEP: Duration = Duration::from_secs(5);
