//! A whole network in this process, on real sockets, whose consensus is written by the test instead of voted for.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::arithmetic_side_effects, reason = "a test may panic")]

mod dial;
#[path = "../../tests/mixwell/impostor.rs"]
mod impostor;
mod plan;

pub(crate) use dial::TestLink;
pub(crate) use impostor::Impostor;
pub(crate) use plan::{Plan, Planned, consensus};

use super::{
    client,
    client::{Reply, Request, Tally, Unanswered},
    node::{Node, Sizes},
};
use core::time::Duration;
use mixwell_config::ClientConfiguration;
use mixwell_net::{
    authorities::Authorities,
    clock::{Clock, ClockWatch},
    codec,
    connect::LinkTarget,
    directory::Consensuses,
    keys::LinkKem,
    node_kind::NodeKind,
    randomness::Randomness,
};
use mixwell_pki_types::Rates;
use mixwell_pq_kem::X25519;
use mixwell_sphinx::{Geometry, Sphinx};
use mixwell_wire::Timeouts;
use std::sync::Arc;
use tokio::{
    sync::{mpsc, oneshot, watch},
    task::JoinHandle,
};

/// Short delays, and messages at a high rate.
pub(crate) const RATES: Rates =
    Rates { mu: 0.1, lambda_p: 0.02, lambda_l: 0.005, lambda_m: 0.002, lambda_g: 0.002, lambda_r: 0.0 };

/// A network of a gateway, layers of mixes and a service node.
pub(crate) struct TestNetwork {
    pub(crate) sphinx: Sphinx<X25519>,
    pub(crate) clock: Clock,
    pub(crate) nodes: Vec<Arc<Node>>,
    pub(crate) authorities: Arc<Authorities>,
    pub(crate) known: Consensuses,
    pub(crate) randomness: Randomness,
    stop: watch::Sender<bool>,
    gateway_stop: watch::Sender<bool>,
    tasks: Vec<JoinHandle<()>>,
    _directory: watch::Sender<Arc<Consensuses>>,
}

/// A client of it.
pub(crate) struct TestClient {
    requests: mpsc::Sender<Request>,
    pub(crate) tally: Arc<Tally>,
}

impl TestNetwork {
    /// Starts one: the gateway is the first node, the service node the last.
    pub(crate) async fn start(layers: &[usize], rates: Rates, sizes: impl Fn(Sizes) -> Sizes) -> Self {
        let geometry = Geometry::of::<X25519>(layers.len() + 2, 500, true).unwrap();
        let Plan { sphinx, clock, authorities, known, randomness, nodes: planned } =
            Plan::new(geometry, (1, layers), rates);
        let (sender, directory) = watch::channel(Arc::new(known.clone()));
        let (stop, stopped) = watch::channel(false);
        let (gateway_stop, gateway_stopped) = watch::channel(false);
        let (mut nodes, mut tasks) = (Vec::new(), Vec::new());
        for node in planned {
            let kind = node.kind;
            let sizes = sizes(small());
            let (parts, listener) = node.parts(sphinx, clock, directory.clone(), sizes, randomness.branch());
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
    pub(crate) async fn is_up(&self) {
        for node in &self.nodes {
            while {
                let (up, of) = node.routes.up();
                up < of || of == 0
            } {
                tokio::time::sleep(Duration::from_millis(5)).await;
            }
        }
    }

    /// A client.
    pub(crate) fn client(&self) -> TestClient {
        let tally = Arc::new(Tally::default());
        let parts = client::Parts {
            packets: codec::packet_codec(*self.sphinx.geometry()).unwrap(),
            authorities: Arc::clone(&self.authorities),
            kem: LinkKem::default(),
            clock: self.clock,
            clock_watch: ClockWatch::new(self.clock),
            known: self.known.clone(),
            pinned: Vec::new(),
            gateway: None,
            capability: "echo".to_owned(),
            timeouts: Timeouts::default(),
            randomness: self.randomness.branch(),
            tally: Arc::clone(&tally),
            steady: None,
        };
        let (requests, receiver) = mpsc::channel(1000);
        tokio::spawn(client::run(parts, receiver, self.stop.subscribe()));
        TestClient { requests, tally }
    }

    /// What a client's configuration would say; it pins the gateway.
    pub(crate) fn configuration(&self) -> ClientConfiguration {
        let consensus = self.known.current.clone().unwrap();
        let document = consensus.document().unwrap();
        let gateway = document.gateways().next().unwrap();
        let gateway = LinkTarget::of(&gateway);
        ClientConfiguration {
            kem: LinkKem::default(),
            geometry: *self.sphinx.geometry(),
            authorities: Arc::clone(&self.authorities),
            gateways: vec![gateway],
            period: self.clock.period(),
        }
    }

    /// Stops the gateway alone.
    pub(crate) async fn stop_gateway(&mut self) {
        self.gateway_stop.send_replace(true);
        let (idle, ended) = (tokio::spawn(async {}), &mut self.tasks[1]);
        core::mem::replace(ended, idle).await.unwrap();
    }

    /// Starts it again.
    pub(crate) async fn start_gateway(&mut self) {
        let listener = self.configuration().gateways[0].addresses[0].listen().await.unwrap();
        self.gateway_stop.send_replace(false);
        let stop = self.gateway_stop.subscribe();
        self.tasks[1] = tokio::spawn(Arc::clone(&self.nodes[0]).run(vec![listener], stop));
    }

    /// Tells all nodes to stop, and waits for them.
    pub(crate) async fn stop(self) -> Vec<Arc<Node>> {
        self.stop.send_replace(true);
        self.gateway_stop.send_replace(true);
        for task in self.tasks.into_iter().skip(1).step_by(2) {
            task.await.unwrap();
        }
        self.nodes
    }
}

impl TestClient {
    /// Sends a message; the reply is awaited later.
    pub(crate) async fn send(&self, payload: &[u8]) -> oneshot::Receiver<Result<Reply, Unanswered>> {
        let (answer, reply) = oneshot::channel();
        let sent = self.requests.send(Request { payload: payload.to_vec(), answer }).await;
        assert!(sent.is_ok());
        reply
    }
}

/// Little memory for each node, as there are many.
fn small() -> Sizes {
    let keep_alive = Duration::from_millis(100);
    Sizes { buffers: 2000, queue: 1000, replays: 20_000, keep_alive, ..Sizes::for_period(Duration::from_mins(20)) }
}
