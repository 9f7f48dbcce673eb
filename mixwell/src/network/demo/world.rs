//! The network of the demonstration: keys, sockets and tasks.

use super::{
    Arguments, EPOCH,
    talk::{Results, Talk, lock},
};
use crate::network::{
    address::Address,
    authority::{self, AuthorityNode, Rules, State},
    client::{self, Tally},
    clock::Clock,
    config::{Gateway, NodeKind, PermittedNode},
    counters::Flow,
    directory::{Consensuses, Directory, follow},
    error::NetworkError,
    keys::{Identity, LinkKey},
    launch::Launch,
    link::stopped,
    listener::{Listener, ListenerLimits},
    mix::Kind,
    node::{Node, Sizes},
    packets,
    peers::{Authorities, Authority},
    pki_client::PkiClient,
    randomness::Randomness,
};
use core::{
    sync::atomic::{AtomicU64, Ordering::Relaxed},
    time::Duration,
};
use mixwell_pki_types::{Ed25519, Epoch, Period, Rates};
use mixwell_sphinx::Geometry;
use mixwell_wire::Timeouts;
use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, MutexGuard},
    time::SystemTime,
};
use tokio::{
    net::TcpListener,
    sync::{mpsc, watch},
    task::JoinSet,
};

/// Hops hold packets for 50 ms on average; a client sends ten packets a second.
pub(super) const RATES: Rates =
    Rates { mu: 0.02, lambda_p: 0.008, lambda_l: 0.002, lambda_m: 0.002, lambda_g: 0.002, lambda_r: 0.0 };

pub(super) const AUTHORITIES: usize = 3;
pub(super) const MIXES_PER_LAYER: u8 = 2;

/// Everything that runs.
pub(super) struct World {
    pub(super) clock: Clock,
    pub(super) nodes: Vec<Arc<Node>>,
    pub(super) tallies: Vec<Arc<Tally>>,
    pub(super) geometry: Geometry,
    results: Arc<Mutex<Results>>,
    requests: Vec<mpsc::Sender<client::Request>>,
    randomness: Randomness,
    directory: Directory,
    stop: watch::Sender<bool>,
    tasks: JoinSet<Result<(), NetworkError>>,
}

/// What the clients and the nodes have sent.
#[derive(Debug, Clone, Copy)]
pub(super) struct Sent {
    /// Messages of clients.
    pub(super) messages: u64,
    /// Loop decoys of clients.
    pub(super) decoys: u64,
    /// Loop decoys of nodes.
    pub(super) loops: u64,
}

impl Sent {
    /// What was sent since.
    pub(super) const fn since(self, before: Self) -> Self {
        Self {
            messages: self.messages.saturating_sub(before.messages),
            decoys: self.decoys.saturating_sub(before.decoys),
            loops: self.loops.saturating_sub(before.loops),
        }
    }
}

/// The keys and the socket of a node or authority.
struct Seat {
    name: String,
    identity: Arc<Identity>,
    link_key: LinkKey,
    listener: TcpListener,
    address: Address,
}

impl World {
    /// Makes keys and sockets, and starts everyone just before an epoch begins.
    pub(super) async fn start(arguments: &Arguments, randomness: &Randomness) -> Result<Self, NetworkError> {
        let geometry = arguments.geometry.geometry(arguments.layers);
        let geometry = geometry.map_err(|error| NetworkError::UnknownScheme(error.to_string()))?;
        let mut seats = Vec::new();
        for number in 1..=AUTHORITIES {
            seats.push(Seat::new(format!("authority {number}"), arguments, randomness).await?);
        }
        let mut nodes = vec![(Seat::new("gateway".to_owned(), arguments, randomness).await?, NodeKind::Gateway)];
        for layer in 0..arguments.layers {
            for number in 1..=MIXES_PER_LAYER {
                let name = format!("mix {}.{number}", layer.saturating_add(1));
                nodes.push((Seat::new(name, arguments, randomness).await?, NodeKind::Mix(Some(layer))));
            }
        }
        nodes.push((Seat::new("service node".to_owned(), arguments, randomness).await?, NodeKind::Service));

        let clock = Clock::new(period_from_now(EPOCH));
        let authorities =
            Arc::new(Authorities::new(&Ed25519, arguments.kem, seats.iter().map(Seat::as_authority).collect()));
        let permitted = |(seat, kind): &(Seat, NodeKind)| PermittedNode {
            identifier: seat.name.clone(),
            id: seat.identity.id(),
            kind: *kind,
        };
        let rules = Rules {
            authorities: Arc::clone(&authorities),
            nodes: nodes.iter().map(permitted).collect(),
            layers: arguments.layers.into(),
            min_per_layer: MIXES_PER_LAYER.into(),
            rates: RATES,
            geometry,
            period: clock.period(),
        };
        let (stop, stopping) = watch::channel(false);
        let mut tasks = JoinSet::new();
        for seat in seats {
            let state = State::new(Arc::clone(&seat.identity), rules.clone(), clock.now(), randomness.rng());
            let node = AuthorityNode {
                id: seat.identity.id(),
                link: seat.link_key,
                authorities: Arc::clone(&authorities),
                clock,
                listeners: vec![Listener::new(seat.listener, ListenerLimits::default())],
                randomness: randomness.branch(),
            };
            let mut stopping = stopping.clone();
            tasks.spawn(async move {
                authority::serve(node, state, async move { stopped(&mut stopping).await }).await;
                Ok(())
            });
        }

        let pinned = nodes.first().map(|(seat, _)| seat.as_gateway()).into_iter().collect::<Vec<_>>();
        let observer = LinkKey::generate(arguments.kem, &mut randomness.rng())?;
        let observer = PkiClient::new(Arc::clone(&authorities), observer, None, randomness.branch());
        let (directory, following) = follow(observer, clock);
        tasks.spawn(async move {
            following.await;
            Ok(())
        });
        let mut world = Self {
            clock,
            nodes: Vec::new(),
            tallies: Vec::new(),
            geometry,
            results: Arc::default(),
            requests: Vec::new(),
            randomness: randomness.branch(),
            directory,
            stop,
            tasks,
        };
        for (seat, kind) in nodes {
            world.launch(seat, kind, &authorities, stopping.clone())?;
        }
        for _ in 0..arguments.clients {
            world.connect(arguments, &authorities, &pinned, stopping.clone())?;
        }
        Ok(world)
    }

    fn launch(
        &mut self,
        seat: Seat,
        kind: NodeKind,
        authorities: &Arc<Authorities>,
        stop: watch::Receiver<bool>,
    ) -> Result<(), NetworkError> {
        let launch = Launch {
            name: seat.name,
            kind: match kind {
                NodeKind::Mix(_) => Kind::Mix,
                NodeKind::Gateway => Kind::Gateway,
                NodeKind::Service => Kind::Service,
            },
            identity: seat.identity,
            link_key: seat.link_key,
            addresses: BTreeMap::from([("tcp".to_owned(), vec![seat.address.to_string()])]),
            listeners: vec![seat.listener],
            authorities: Arc::clone(authorities),
            clock: self.clock,
            geometry: self.geometry,
            folder: None,
            sizes: sizes(self.clock.period()),
            randomness: self.randomness.branch(),
            stop,
        };
        let launched = launch.launch()?;
        self.nodes.push(launched.node);
        self.tasks.spawn(launched.work);
        Ok(())
    }

    fn connect(
        &mut self,
        arguments: &Arguments,
        authorities: &Arc<Authorities>,
        pinned: &[Gateway],
        stop: watch::Receiver<bool>,
    ) -> Result<(), NetworkError> {
        let tally = Arc::new(Tally::default());
        let unknown = || NetworkError::UnknownScheme(self.geometry.scheme().name().to_owned());
        let parts = client::Parts {
            packets: packets::sealer(self.geometry).ok_or_else(unknown)?,
            authorities: Arc::clone(authorities),
            kem: arguments.kem,
            clock: self.clock,
            known: Consensuses { epoch: self.clock.epoch(), ..Consensuses::default() },
            pinned: pinned.to_vec(),
            gateway: None,
            capability: "echo".to_owned(),
            timeouts: PATIENT,
            randomness: self.randomness.branch(),
            tally: Arc::clone(&tally),
        };
        let (requests, receiver) = mpsc::channel(64);
        self.tasks.spawn(async move {
            // a client that ends too early shows in its messages
            let _ = client::run(parts, receiver, stop).await;
            Ok(())
        });
        self.requests.push(requests);
        self.tallies.push(tally);
        Ok(())
    }

    /// Whether there is a consensus of this epoch, and every link and client is up.
    pub(super) fn is_ready(&self) -> bool {
        let links = self.nodes.iter().all(|node| {
            let (up, all) = node.routes.up();
            all > 0 && up == all
        });
        let clients = self.tallies.iter().all(|tally| tally.connections.load(Relaxed) > 0);
        links && clients && self.signers().is_some() && self.nodes.iter().all(|node| node.has_consensus())
    }

    /// How many authorities signed the consensus of this epoch, if there is one.
    pub(super) fn signers(&self) -> Option<usize> {
        let known = self.directory.borrow().clone();
        known.of(self.clock.epoch()).map(|consensus| consensus.signers().len())
    }

    /// What has been sent so far.
    pub(super) fn sent(&self) -> Sent {
        let clients =
            |count: fn(&Tally) -> &AtomicU64| self.tallies.iter().map(|tally| count(tally).load(Relaxed)).sum();
        Sent {
            messages: clients(|tally| &tally.messages),
            decoys: clients(|tally| &tally.decoys),
            loops: self.nodes.iter().map(|node| node.mix.counters().flow(Flow::DecoySent)).sum(),
        }
    }

    /// Has the clients send messages until they are stopped.
    pub(super) fn talk(&self) -> Talk {
        let most_bytes = self.geometry.user_forward_payload_len();
        Talk::start(&self.requests, (most_bytes, RATES.lambda_p), &self.randomness, &self.results)
    }

    /// What became of the messages so far.
    pub(super) fn results(&self) -> MutexGuard<'_, Results> {
        lock(&self.results)
    }

    /// Stops everyone, gracefully.
    pub(super) async fn stop(mut self) {
        self.stop.send_replace(true);
        drop(self.requests);
        drop(self.directory);
        while self.tasks.join_next().await.is_some() {}
    }
}

impl Seat {
    async fn new(name: String, arguments: &Arguments, randomness: &Randomness) -> Result<Self, NetworkError> {
        let mut rng = randomness.rng();
        let identity = Arc::new(Identity::generate(&Ed25519, &mut rng)?);
        let link_key = LinkKey::generate(arguments.kem, &mut rng)?;
        let failed = |error| NetworkError::Listen("127.0.0.1".to_owned(), error);
        let listener = TcpListener::bind("127.0.0.1:0").await.map_err(failed)?;
        let address = Address::of(listener.local_addr().map_err(failed)?);
        Ok(Self { name, identity, link_key, listener, address })
    }

    fn as_authority(&self) -> Authority {
        Authority {
            identifier: self.name.clone(),
            identity: self.identity.public().to_vec(),
            id: self.identity.id(),
            link_key: self.link_key.public().to_vec(),
            addresses: vec![self.address.clone()],
        }
    }

    fn as_gateway(&self) -> Gateway {
        Gateway {
            name: self.name.clone(),
            id: self.identity.id(),
            link_key: self.link_key.public().to_vec(),
            addresses: vec![self.address.clone()],
        }
    }
}

/// All nodes share a machine, perhaps a slow one: little memory each, and patience with what comes late.
fn sizes(period: Period) -> Sizes {
    let usual = Sizes::for_period(period.duration());
    let mut limits = usual.limits;
    (limits.unwrap_millis, limits.slack_millis) = (5_000, 5_000);
    Sizes {
        buffers: 2048,
        queue: 1024,
        replays: 1 << 16,
        clients_per_address: usual.clients,
        limits,
        write_wait: Duration::from_secs(5),
        timeouts: PATIENT,
        ..usual
    }
}

const PATIENT: Timeouts =
    Timeouts { handshake: Duration::from_secs(10), read: Duration::from_mins(2), write: Duration::from_mins(1) };

/// A period of about this length of which an epoch has just begun, so that nobody has to wait for that.
///
/// Epochs are counted from a moment years ago, so a millisecond more or less a period moves them by hours.
fn period_from_now(about: Duration) -> Period {
    let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
    let millis = u64::try_from(about.as_millis()).unwrap_or(10_000);
    let tried = (millis..millis.saturating_add(2000)).filter_map(|millis| {
        let period = Period::new(Duration::from_millis(millis))?;
        Some((period.at(now).ok()?, period))
    });
    let best = tried.filter(|(time, _)| time.epoch > Epoch(0)).min_by_key(|(time, _)| time.elapsed);
    best.map_or_else(Period::default, |(_, period)| period)
}
