//! A node: a mix, gateway or service node, over sockets.

#[cfg(test)]
mod alone;
mod arrivals;
#[cfg(test)]
mod mischief;
mod neighbours;
mod release;
mod serve;
#[cfg(test)]
mod tests;

use super::{
    clock::Clock,
    counters::{Counters, Flow, Loss},
    directory::{Consensuses, Directory},
    gateway::Mailboxes,
    keys::LinkKey,
    link::{Acceptor, Calls, Dialer, Outgoing, Peer, Routes, Stopwatch, Who, stopped},
    mix::{Kind, Mix, Setup},
    mix_keys::{MixKeys, MixScheme},
    packet::Pool,
    packets::KeyRing,
    randomness::Randomness,
    rendezvous,
    runtime::pass_on,
    service::Services,
};
use arrivals::Arrivals;
#[cfg(test)]
pub(crate) use mischief::Wrong;

use core::{
    sync::atomic::{AtomicUsize, Ordering::Relaxed},
    time::Duration,
};
use mixwell_mixdelay::Limits;
use mixwell_pki_types::{Epoch, Rates};
use mixwell_sphinx::{NodeId, RecipientId, Sphinx};
use mixwell_wire::{Link, PacketSizes, Timeouts};
use neighbours::Callers;
use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, PoisonError, RwLock},
};
use tokio::{
    net::TcpListener,
    sync::{Notify, OnceCell, watch},
    task::{AbortHandle, JoinSet},
    time,
};
use tracing::info;

/// How much a node holds, and for how long.
#[derive(Debug, Clone)]
pub(crate) struct Sizes {
    /// Packet buffers: what all packets in the node share.
    pub(crate) buffers: usize,
    /// Packets that wait for their release.
    pub(crate) queue: usize,
    /// Packets that wait to be written to one peer.
    pub(crate) write_queue: usize,
    /// The most packets under one mix key, all of an epoch; 8 bytes each and some more, once they have come.
    pub(crate) replays: usize,
    /// Handshakes at a time.
    pub(crate) handshakes: usize,
    /// Clients at a time.
    pub(crate) clients: usize,
    /// Clients of one address.
    pub(crate) clients_per_address: usize,
    /// Replies that wait for one client.
    pub(crate) mailbox: usize,
    /// What a rendezvous service holds.
    pub(crate) boxes: rendezvous::Limits,
    /// How long packets may be held and late.
    pub(crate) limits: Limits,
    /// How long a packet may wait to be written.
    pub(crate) write_wait: Duration,
    /// How long to wait for peers.
    pub(crate) timeouts: Timeouts,
}

/// What a node is made of.
pub(crate) struct Parts<S: MixScheme> {
    pub(crate) name: String,
    pub(crate) kind: Kind,
    /// The hash of its identity key.
    pub(crate) id: NodeId,
    pub(crate) link_key: LinkKey,
    pub(crate) sphinx: Sphinx<S>,
    pub(crate) mix_keys: Arc<MixKeys<S>>,
    pub(crate) services: Services,
    pub(crate) clock: Clock,
    pub(crate) directory: Directory,
    pub(crate) sizes: Sizes,
    pub(crate) randomness: Randomness,
}

/// A consensus as clients get it, once somebody has asked for it.
type Zipped = Arc<OnceCell<Arc<[u8]>>>;

/// A node, and what is known of it while it runs.
pub(crate) struct Node {
    pub(crate) name: String,
    id: NodeId,
    link_key: LinkKey,
    pub(crate) mix: Mix,
    pub(crate) routes: Routes,
    pub(crate) calls: Arc<Calls>,
    pub(crate) mailboxes: Mailboxes,
    callers: Callers,
    arrivals: Arrivals,
    /// How many links of nodes are open that bring packets.
    bringing: AtomicUsize,
    wake: Notify,
    clock: Clock,
    stopwatch: Stopwatch,
    directory: Directory,
    rates: RwLock<Option<Rates>>,
    zipped: Mutex<BTreeMap<Epoch, Zipped>>,
    link: Link,
    sizes: Sizes,
    randomness: Randomness,
    #[cfg(test)]
    pub(crate) mischief: mischief::Mischief,
}

impl Sizes {
    /// The same for a process that can have no more than so many files and sockets: for clients is what the handshakes, the
    /// node's own links, its files and its calls to authorities leave.
    pub(crate) fn within(self, files: usize) -> Self {
        let left = files.saturating_sub(self.handshakes).saturating_sub(OWN_FILES);
        Self { clients: self.clients.min(left), ..self }
    }

    /// What a network of so long epochs wants by the specification, in memory of some tens of megabytes.
    pub(crate) fn for_period(period: Duration) -> Self {
        Self {
            buffers: 16_384,
            queue: 8192,
            write_queue: 1024,
            replays: packets_of(period, 10_000),
            handshakes: 256,
            clients: 1024,
            clients_per_address: 128,
            mailbox: 256,
            boxes: rendezvous::Limits::for_period(period),
            limits: super::mix::limits(period),
            write_wait: Duration::from_millis(50),
            timeouts: Timeouts::default(),
        }
    }
}

/// The packets of an epoch at so many a second.
pub(crate) fn packets_of(period: Duration, per_second: u32) -> usize {
    let packets = period.as_millis().saturating_mul(per_second.into()).div_ceil(1000);
    usize::try_from(packets).unwrap_or(usize::MAX)
}

impl Node {
    /// A node, and the task that hands its mix keys on from epoch to epoch.
    pub(crate) fn new<S: MixScheme>(parts: Parts<S>) -> (Arc<Self>, impl Future<Output = ()> + Send + 'static) {
        let Parts { name, kind, id, link_key, sphinx, mix_keys, services, clock, directory, sizes, randomness } = parts;
        let ring = Arc::new(KeyRing::new(sphinx));
        let setup = Setup { kind, services, limits: sizes.limits, capacity: sizes.queue };
        let pool = Pool::new(sizes.buffers, sphinx.geometry().packet_len());
        let mix = Mix::new(Arc::clone(&ring) as _, setup, pool, Arc::new(Counters::default()), randomness.rng());
        let packet_sizes = PacketSizes::from(sphinx.geometry());
        let link = if kind == Kind::Gateway { Link::gateway(packet_sizes) } else { Link::node(packet_sizes) };
        let keep = clock.period().duration().saturating_mul(2);
        let (replays, mut filters) = (sizes.replays, randomness.rng());
        let node = Self {
            name,
            id,
            link_key,
            mix,
            routes: Routes::default(),
            calls: Arc::default(),
            mailboxes: Mailboxes::new(sizes.buffers.div_ceil(2), sizes.mailbox, sizes.clients.saturating_mul(2), keep),
            callers: Callers::default(),
            arrivals: Arrivals::new(sizes.buffers),
            bringing: AtomicUsize::new(0),
            wake: Notify::new(),
            clock,
            stopwatch: Stopwatch::start(),
            directory,
            rates: RwLock::default(),
            zipped: Mutex::default(),
            link,
            sizes,
            randomness,
            #[cfg(test)]
            mischief: mischief::Mischief::default(),
        };
        let turn = async move {
            loop {
                let epoch = clock.epoch();
                ring.turn_to(epoch, &mix_keys, replays, &mut filters);
                clock.sleep_until(clock.eighths_into(epoch.plus(1), 0)).await;
            }
        };
        (Arc::new(node), turn)
    }

    /// Works until told to stop, and then hands on what it holds, for a short while.
    pub(crate) async fn run(self: Arc<Self>, listeners: Vec<TcpListener>, mut stop: watch::Receiver<bool>) {
        let mut tasks = JoinSet::new();
        let (hang_up, end) = watch::channel(false);
        let acceptor = Arc::new(self.acceptor(stop.clone(), end.clone()));
        let (node, until) = (Arc::clone(&self), (stop.clone(), end.clone()));
        let mut accepting = tokio::spawn(
            acceptor.run(listeners, move |who, accepted| serve::serve(Arc::clone(&node), who, accepted, until.clone())),
        );
        let node = Arc::clone(&self);
        let mut dialing = tokio::spawn(async move { node.call_neighbours(end).await });
        let node = Arc::clone(&self);
        tasks.spawn(async move { release::release(&node).await });
        let (node, randomness) = (Arc::clone(&self), self.randomness.branch());
        let decoys = tasks.spawn(async move { release::decoys(&node, randomness).await });
        let node = Arc::clone(&self);
        tasks.spawn(async move { node.sweep().await });

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
            while self.bringing.load(Relaxed) > 0 || self.held() > 0 {
                time::sleep(Duration::from_millis(10)).await;
            }
        };
        let _ = time::timeout(FAREWELL, drained).await;
        hang_up.send_replace(true);
        let _ = time::timeout(FAREWELL, async { (dialing.await, accepting.await) }).await;
        tasks.shutdown().await;
        // replies for clients that are away go with the node
        self.lose(Loss::Stopped, self.on_the_way().saturating_add(self.mailboxes.stored()));
        let counters = self.mix.counters();
        info!(
            node = self.name,
            received = counters.flow(Flow::Received).saturating_add(counters.flow(Flow::DecoySent)),
            sent = counters.flow(Flow::Sent),
            ended = counters.flow(Flow::Delivered).saturating_add(counters.flow(Flow::DecoyReturned)),
            dropped = counters.all_dropped(),
            left = counters.dropped(Loss::Stopped),
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

    /// The rates of the current consensus.
    pub(crate) fn rates(&self) -> Option<Rates> {
        *self.rates.read().unwrap_or_else(PoisonError::into_inner)
    }

    /// The epoch.
    pub(crate) fn epoch(&self) -> Epoch {
        self.clock.epoch()
    }

    /// Whether there is a consensus of this epoch that lists the node.
    pub(crate) fn has_consensus(&self) -> bool {
        let known = self.directory.borrow().clone();
        known
            .of(self.epoch())
            .and_then(|consensus| consensus.document().ok())
            .is_some_and(|document| document.nodes().by_hash(mixwell_pki_types::KeyHash(*self.id.as_bytes())).is_some())
    }

    fn acceptor(self: &Arc<Self>, stop: watch::Receiver<bool>, hang_up: watch::Receiver<bool>) -> Acceptor {
        let (node, callers) = (Arc::clone(self), Arc::clone(self));
        Acceptor {
            key: self.link_key.clone(),
            id: self.id,
            to_nodes: Link::node(PacketSizes::from(self.mix.geometry())),
            to_clients: self.link,
            timeouts: self.sizes.timeouts,
            randomness: self.randomness.branch(),
            most_handshakes: self.sizes.handshakes,
            most_clients: self.sizes.clients,
            most_clients_per_address: self.sizes.clients_per_address,
            is_node: Box::new(move |address| callers.callers.is_near(address)),
            judge: Box::new(move |ad, link_key| node.judge(ad, link_key)),
            calls: Arc::clone(&self.calls),
            stop,
            hang_up,
        }
    }

    /// Who calls, if it may.
    fn judge(&self, ad: &[u8], link_key: &[u8]) -> Option<Who> {
        let id = <[u8; 32]>::try_from(ad).ok()?;
        if self.callers.may_connect(NodeId(id), link_key) {
            return Some(Who::Node(NodeId(id)));
        }
        let is_queue = id.iter().all(|digit| matches!(digit, b'0'..=b'9' | b'a'..=b'f'));
        (is_queue && self.mix.kind() == Kind::Gateway).then_some(Who::Client(RecipientId(id)))
    }

    /// Keeps links up to the nodes that the consensus puts behind this one, until it is time to hang up.
    async fn call_neighbours(&self, hung_up: watch::Receiver<bool>) {
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

/// Files and sockets that are not for those who call.
const OWN_FILES: usize = 256;

/// How long a node that stops waits for its packets to leave.
const FAREWELL: Duration = Duration::from_secs(2);

const SWEEP: Duration = Duration::from_secs(5);
