//! The network of the demonstration: keys, sockets and tasks.

mod scale;
mod seat;

use crate::{
    cmd::demo::{
        Arguments,
        talk::{Results, Talk, lock},
    },
    network_error::NetworkError,
};
use core::sync::atomic::{AtomicU64, Ordering::Relaxed};
use mixwell_authority::{AuthorityBuilder, Layers, Policy, Settings};
use mixwell_client::{self, Tally};
use mixwell_config::{Listing, NetworkFiles, SharedSettings};
use mixwell_net::{
    address::{ListedAddress, PublicAddresses},
    authorities::Authorities,
    clock::{Clock, ClockWatch},
    codec,
    connect::LinkTarget,
    directory::{Consensuses, Directory, follow},
    directory_client::DirectoryClient,
    keys::{LinkKem, LinkKey},
    node_kind::{NodeKind, PermittedNode},
    randomness::Randomness,
    runtime::stopped,
    services::ServiceSpec,
};
use mixwell_node::{Node, NodeBuilder, Services, counters::PacketEvent};
use mixwell_pki_types::{Ed25519, Rates};
use mixwell_sphinx::Geometry;
use scale::{PATIENT, limits, period_from_now};
use seat::Seat;
use std::sync::{Arc, Mutex, MutexGuard};
use tokio::{
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
    /// The authorities and the gateways, as clients list them.
    authorities: Vec<Listing>,
    gateways: Vec<Listing>,
    results: Arc<Mutex<Results>>,
    requests: Vec<mpsc::Sender<mixwell_client::Request>>,
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
                nodes.push((Seat::new(name, arguments, randomness).await?, NodeKind::Mix));
            }
        }
        nodes.push((Seat::new("service node".to_owned(), arguments, randomness).await?, NodeKind::Service));

        let clock = Clock::new(period_from_now(arguments));
        let authorities =
            Arc::new(Authorities::new(&Ed25519, arguments.kem, seats.iter().map(Seat::as_authority).collect()));
        let listed_authorities = seats.iter().map(Seat::listing).collect();
        let listed_gateways = nodes.first().map(|(seat, _)| seat.listing()).into_iter().collect();
        let permitted = |(seat, kind): &(Seat, NodeKind)| PermittedNode {
            identifier: seat.name.clone(),
            id: seat.identity.id(),
            kind: *kind,
        };
        let mixes: Vec<_> = nodes.iter().filter(|(_, kind)| *kind == NodeKind::Mix).collect();
        let layers = mixes.chunks(MIXES_PER_LAYER.into());
        let layers = layers.map(|layer| layer.iter().map(|(seat, _)| seat.identity.id()).collect());
        let policy = Policy::from(Settings {
            authorities: Arc::clone(&authorities),
            nodes: nodes.iter().map(permitted).collect(),
            replicas: Vec::new(),
            layers: Layers::Fixed(layers.collect()),
            min_per_layer: MIXES_PER_LAYER.into(),
            rates: RATES,
            geometry,
            period: clock.period(),
        })
        .with_lambda_g(RATES.lambda_g);
        let (stop, stopping) = watch::channel(false);
        let mut tasks = JoinSet::new();
        for seat in seats {
            let (policy, identity) = (policy.clone(), Arc::clone(&seat.identity));
            let builder = AuthorityBuilder::new(policy, identity, seat.link_key, randomness.branch());
            let authority = builder.listener(seat.listener).start()?;
            let mut stopping = stopping.clone();
            tasks.spawn(async move {
                stopped(&mut stopping).await;
                authority.stop().await;
                Ok(())
            });
        }

        let pinned = nodes.first().map(|(seat, _)| seat.as_target()).into_iter().collect::<Vec<_>>();
        let observer = LinkKey::generate(arguments.kem, &mut randomness.rng())?;
        let observer = DirectoryClient::new(Arc::clone(&authorities), observer, None, randomness.branch());
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
            authorities: listed_authorities,
            gateways: listed_gateways,
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
        mut stop: watch::Receiver<bool>,
    ) -> Result<(), NetworkError> {
        let limits = limits(self.clock.period());
        let specs = ServiceSpec::defaults(&self.geometry);
        let services = Services::new(&specs, &self.geometry, limits.boxes, self.randomness.rng());
        let builder = NodeBuilder {
            name: seat.name,
            kind,
            identity: seat.identity,
            link_key: seat.link_key,
            addresses: PublicAddresses::new(vec![ListedAddress::Tcp(seat.address.clone())]),
            listeners: vec![seat.listener],
            authorities: Arc::clone(authorities),
            clock: self.clock,
            geometry: self.geometry,
            services,
            sends_decoys: true,
            mix_key_folder: None,
            faults: None,
            limits,
            randomness: self.randomness.branch(),
        };
        let mut running = builder.start()?;
        self.nodes.push(Arc::clone(running.node()));
        self.tasks.spawn(async move {
            tokio::select! {
                ended = running.ended() => return Ok(ended?),
                () = stopped(&mut stop) => {}
            }
            Ok(running.stop().await?)
        });
        Ok(())
    }

    fn connect(
        &mut self,
        arguments: &Arguments,
        authorities: &Arc<Authorities>,
        pinned: &[LinkTarget],
        stop: watch::Receiver<bool>,
    ) -> Result<(), NetworkError> {
        let tally = Arc::new(Tally::default());
        let unknown = || NetworkError::UnknownScheme(self.geometry.scheme().name().to_owned());
        let parts = mixwell_client::Parts {
            packets: codec::packet_codec(self.geometry).ok_or_else(unknown)?,
            authorities: Arc::clone(authorities),
            kem: arguments.kem,
            clock: self.clock,
            clock_watch: ClockWatch::new(self.clock),
            known: Consensuses { epoch: self.clock.epoch(), ..Consensuses::default() },
            pinned: pinned.to_vec(),
            gateway: None,
            capability: "echo".to_owned(),
            timeouts: PATIENT,
            randomness: self.randomness.branch(),
            tally: Arc::clone(&tally),
            steady: None,
        };
        let (requests, receiver) = mpsc::channel(64);
        self.tasks.spawn(async move {
            // a client that ends too early shows in its messages
            let _ = mixwell_client::run(parts, receiver, stop).await;
            Ok(())
        });
        self.requests.push(requests);
        self.tallies.push(tally);
        Ok(())
    }

    /// Whether there is a consensus of this epoch, and every link and client is up.
    pub(super) fn is_ready(&self) -> bool {
        let links = self.nodes.iter().all(|node| {
            let (up, all) = node.links();
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

    /// The network as its clients' files describe it.
    pub(super) fn client_files(&self, kem: LinkKem) -> NetworkFiles<'_> {
        NetworkFiles {
            shared: SharedSettings { scheme: &Ed25519, kem, geometry: self.geometry, period: self.clock.period() },
            authorities: &self.authorities,
            gateways: &self.gateways,
            mixes: &[],
            services: &[],
            layers: 0,
            rates: RATES,
        }
    }

    /// What has been sent so far.
    pub(super) fn sent(&self) -> Sent {
        let clients =
            |count: fn(&Tally) -> &AtomicU64| self.tallies.iter().map(|tally| count(tally).load(Relaxed)).sum();
        Sent {
            messages: clients(|tally| &tally.messages),
            decoys: clients(|tally| &tally.decoys),
            loops: self.nodes.iter().map(|node| node.counters().of(PacketEvent::DecoySent)).sum(),
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
