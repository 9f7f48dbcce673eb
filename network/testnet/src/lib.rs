#![doc = include_str!("../README.md")]
#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::missing_panics_doc,
    clippy::missing_errors_doc,
    clippy::must_use_candidate,
    missing_debug_implementations,
    reason = "what fails here fails a test, by a panic"
)]

mod dial;
pub mod faults;
#[cfg(feature = "impostor")]
mod impostor;
mod plan;
#[cfg(feature = "recorded")]
pub mod recorded;
pub mod reference;
pub mod single_mix;
mod slow;
pub mod speed;
pub mod traffic;
pub mod voted;

pub use dial::TestLink;
#[cfg(feature = "impostor")]
pub use impostor::Impostor;
pub use plan::{Plan, Planned, consensus};

use core::time::Duration;
use faults::FaultyMix;
use mixwell_client::{Client, Options};
use mixwell_net::{
    authorities::Authorities,
    clock::Clock,
    connect::LinkTarget,
    directory::Consensuses,
    keys::{LinkKem, LinkKey},
    network::Network,
    node_kind::NodeKind,
    randomness::Randomness,
};
use mixwell_node::{Node, ResourceLimits};
use mixwell_pki_types::Rates;
use mixwell_pq_kem::X25519;
use mixwell_sphinx::{Geometry, Sphinx};
use std::sync::Arc;
use tokio::{sync::watch, task::JoinHandle};

/// Short delays, and messages at a high rate.
pub const RATES: Rates =
    Rates { mu: 0.1, lambda_p: 0.02, lambda_l: 0.005, lambda_m: 0.002, lambda_g: 0.002, lambda_r: 0.0 };

/// A network of a gateway, layers of mixes and a service node.
pub struct TestNetwork {
    /// The packets.
    pub sphinx: Sphinx<X25519>,
    /// The clock.
    pub clock: Clock,
    /// The nodes that may take part.
    pub nodes: Vec<Arc<Node>>,
    /// The faults of each node; none, to begin with.
    pub faults: Vec<Arc<FaultyMix>>,
    /// The nodes' link keys.
    pub link_keys: Vec<LinkKey>,
    /// The network's authorities.
    pub authorities: Arc<Authorities>,
    /// The known consensuses.
    pub known: Consensuses,
    /// The source of randomness.
    pub randomness: Randomness,
    stop: watch::Sender<bool>,
    gateway_stop: watch::Sender<bool>,
    tasks: Vec<JoinHandle<()>>,
    _directory: watch::Sender<Arc<Consensuses>>,
}

impl TestNetwork {
    /// Starts a network: the gateway is the first node, the service node the last.
    pub async fn start(layers: &[usize], rates: Rates, limits: impl Fn(ResourceLimits) -> ResourceLimits) -> Self {
        let geometry = Geometry::of::<X25519>(layers.len() + 2, 500, true).unwrap();
        let Plan { sphinx, clock, authorities, known, randomness, nodes: planned, .. } =
            Plan::new(geometry, (1, layers), rates);
        let (sender, directory) = watch::channel(Arc::new(known.clone()));
        let (stop, stopped) = watch::channel(false);
        let (gateway_stop, gateway_stopped) = watch::channel(false);
        let (mut nodes, mut tasks) = (Vec::new(), Vec::new());
        let (mut faults, mut link_keys) = (Vec::new(), Vec::new());
        for mut node in planned {
            let node_faults = Arc::new(FaultyMix::default());
            node.faults = Some(Arc::clone(&node_faults) as _);
            faults.push(node_faults);
            link_keys.push(node.link_key.clone());
            let kind = node.kind;
            let limits = limits(small());
            let (parts, listener) = node.parts(clock, directory.clone(), limits, randomness.branch());
            let (node, turn) = Node::new(parts);
            tasks.push(tokio::spawn(turn));
            let stopped = if kind == NodeKind::Gateway { &gateway_stopped } else { &stopped };
            tasks.push(tokio::spawn(Arc::clone(&node).run(vec![listener], stopped.clone())));
            nodes.push(node);
        }
        let network = Self {
            sphinx,
            clock,
            nodes,
            faults,
            link_keys,
            authorities,
            known,
            randomness,
            stop,
            gateway_stop,
            tasks,
            _directory: sender,
        };
        network.is_up().await;
        network
    }

    /// Waits until every link is up.
    pub async fn is_up(&self) {
        for node in &self.nodes {
            while {
                let (up, of) = node.links();
                up < of || of == 0
            } {
                tokio::time::sleep(Duration::from_millis(5)).await;
            }
        }
    }

    /// Starts a client that already knows the consensus.
    pub fn client(&self) -> Client {
        Client::start(self.configuration(), Options::default(), self.known.clone(), &self.randomness).unwrap()
    }

    /// The content of a client's configuration; it pins the gateway.
    pub fn configuration(&self) -> Network {
        let consensus = self.known.current.clone().unwrap();
        let document = consensus.document().unwrap();
        let gateway = document.gateways().next().unwrap();
        let gateway = LinkTarget::of(&gateway);
        Network {
            kem: LinkKem::default(),
            geometry: *self.sphinx.geometry(),
            authorities: Arc::clone(&self.authorities),
            gateways: vec![gateway],
            period: self.clock.period(),
        }
    }

    /// Stops only the gateway.
    pub async fn stop_gateway(&mut self) {
        self.gateway_stop.send_replace(true);
        let (idle, ended) = (tokio::spawn(async {}), &mut self.tasks[1]);
        core::mem::replace(ended, idle).await.unwrap();
    }

    /// Restarts the gateway.
    pub async fn start_gateway(&mut self) {
        let listener = self.configuration().gateways[0].addresses[0].listen().await.unwrap();
        self.gateway_stop.send_replace(false);
        let stop = self.gateway_stop.subscribe();
        self.tasks[1] = tokio::spawn(Arc::clone(&self.nodes[0]).run(vec![listener], stop));
    }

    /// Tells all nodes to stop, and waits for them.
    pub async fn stop(self) -> Vec<Arc<Node>> {
        self.stop.send_replace(true);
        self.gateway_stop.send_replace(true);
        for task in self.tasks.into_iter().skip(1).step_by(2) {
            task.await.unwrap();
        }
        self.nodes
    }
}

/// Limits with little memory for each node, as there are many.
fn small() -> ResourceLimits {
    let keep_alive = Duration::from_millis(100);
    ResourceLimits {
        buffers: 2000,
        queue: 1000,
        replays: 20_000,
        keep_alive,
        ..ResourceLimits::for_period(Duration::from_mins(20))
    }
}
