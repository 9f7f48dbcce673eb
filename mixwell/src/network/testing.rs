//! A whole network in this process, on real sockets, whose consensus is written by the test instead of voted for.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::arithmetic_side_effects, reason = "a test may panic")]

use super::{
    address::Address,
    client::{self, Reply, Request, Tally, Unanswered},
    clock::Clock,
    config::{ClientConfiguration, Gateway},
    directory::{Consensus, Consensuses, NodeDescription},
    keys::{Identity, LinkKem, LinkKey},
    mix::Kind,
    mix_keys::MixKeys,
    node::{Node, Parts, Sizes},
    packets,
    peers::{Authorities, Authority},
    randomness::Randomness,
    rendezvous::{self, Shape, Store},
    service::{self, Services},
};
use core::time::Duration;
use mixwell_pki_types::{Ed25519, Epoch, Period, Rates, build::DocumentBuilder, certify};
use mixwell_pq_kem::X25519;
use mixwell_sphinx::{Geometry, NodeId, Sphinx};
use mixwell_wire::Timeouts;
use std::{collections::BTreeMap, sync::Arc};
use tokio::{
    net::TcpListener,
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
        let sphinx = Sphinx::<X25519>::new(Geometry::of::<X25519>(layers.len() + 2, 500, true).unwrap()).unwrap();
        let randomness = Randomness::from_seed(1);
        let mut rng = randomness.rng();
        // there is but one consensus, so the epoch must not end meanwhile: of several periods the one that leaves the most time
        let clocks = [20, 21, 23, 25, 27].map(|minutes| Clock::new(Period::new(Duration::from_mins(minutes)).unwrap()));
        let clock = clocks.into_iter().max_by_key(|clock| clock.time().left).unwrap();
        let epoch = clock.epoch();
        let mut kinds = vec![(Kind::Gateway, None)];
        kinds.extend(layers.iter().enumerate().flat_map(|(layer, count)| vec![(Kind::Mix, Some(layer)); *count]));
        kinds.push((Kind::Service, None));

        let mut document = DocumentBuilder {
            epoch,
            genesis_epoch: epoch,
            rates,
            topology: Some(vec![Vec::new(); layers.len()]),
            gateways: Some(Vec::new()),
            services: Some(Vec::new()),
            sphinx_geometry_hash: sphinx.geometry().hash(),
            version: "v1".to_owned(),
            signature_scheme: "Ed25519".to_owned(),
            ..DocumentBuilder::default()
        };
        let mut parts = Vec::new();
        for (number, (kind, layer)) in kinds.into_iter().enumerate() {
            let identity = Identity::generate(&Ed25519, &mut rng).unwrap();
            let link_key = LinkKey::generate(LinkKem::default(), &mut rng).unwrap();
            let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
            let address = Address::of(listener.local_addr().unwrap());
            let mix_keys = Arc::new(MixKeys::<X25519>::in_memory());
            mix_keys.advance(epoch, &mut rng).unwrap();
            let description = NodeDescription {
                name: format!("node{number}"),
                addresses: BTreeMap::from([("tcp".to_owned(), vec![address.to_string()])]),
                kaetzchen: (kind == Kind::Service).then(|| service::capabilities(sphinx.geometry())),
                is_gateway: kind == Kind::Gateway,
                is_service: kind == Kind::Service,
            };
            let descriptor = description.descriptor(epoch, &identity, &link_key, &mix_keys);
            match (kind, layer) {
                (Kind::Gateway, _) => document.gateways.as_mut().unwrap().push(descriptor),
                (Kind::Service, _) => document.services.as_mut().unwrap().push(descriptor),
                (Kind::Mix, layer) => document.topology.as_mut().unwrap()[layer.unwrap()].push(descriptor),
            }
            parts.push((description.name, kind, identity, link_key, mix_keys, listener));
        }
        let signer = Identity::generate(&Ed25519, &mut rng).unwrap();
        let authority = Authority {
            identifier: "authority".to_owned(),
            identity: signer.public().to_vec(),
            id: signer.id(),
            link_key: Vec::new(),
            addresses: Vec::new(),
        };
        let authorities = Arc::new(Authorities::new(&Ed25519, LinkKem::default(), vec![authority]));
        let consensus = consensus(&document, &signer, &authorities, &mut rng);
        let known = Consensuses { epoch, current: Some(Arc::new(consensus)), ..Consensuses::default() };
        let (sender, directory) = watch::channel(Arc::new(known.clone()));
        let (stop, stopped) = watch::channel(false);
        let (gateway_stop, gateway_stopped) = watch::channel(false);
        let (mut nodes, mut tasks) = (Vec::new(), Vec::new());
        for (name, kind, identity, link_key, mix_keys, listener) in parts {
            let services = if kind == Kind::Service { services(&sphinx, &randomness) } else { vec![] };
            let (node, turn) = Node::new(Parts {
                name,
                kind,
                id: NodeId(identity.id().0),
                link_key,
                sphinx,
                mix_keys,
                services,
                clock,
                directory: directory.clone(),
                sizes: sizes(Sizes {
                    buffers: 2000,
                    queue: 1000,
                    replays: 20_000,
                    ..Sizes::for_period(Duration::from_mins(20))
                }),
                randomness: randomness.branch(),
            });
            tasks.push(tokio::spawn(turn));
            let stopped = if kind == Kind::Gateway { &gateway_stopped } else { &stopped };
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
            packets: packets::sealer(*self.sphinx.geometry()).unwrap(),
            authorities: Arc::clone(&self.authorities),
            kem: LinkKem::default(),
            clock: self.clock,
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
        let gateway = Gateway {
            name: gateway.name().to_owned(),
            id: gateway.id(),
            link_key: gateway.link_key().to_vec(),
            addresses: gateway.addresses().flat_map(|(_, list)| list).map(|text| text.parse().unwrap()).collect(),
        };
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

fn services(sphinx: &Sphinx<X25519>, randomness: &Randomness) -> Services {
    let boxes = rendezvous::Limits { boxes: 10_000, life: Duration::from_mins(20) };
    let store = Store::new(Shape::of(sphinx.geometry()).unwrap(), boxes, randomness.rng());
    service::services(Some(Arc::new(store)))
}

/// A consensus that one authority has signed.
pub(crate) fn consensus(
    document: &DocumentBuilder,
    signer: &Identity,
    authorities: &Authorities,
    rng: &mut chacha20::ChaCha20Rng,
) -> Consensus {
    let expiration = document.epoch.plus(5);
    let payload = document.encode();
    let mut certificate = vec![0; payload.len() + 1000];
    let length = certify(&payload, expiration, &signer.signing().unwrap(), rng, &mut certificate).unwrap();
    certificate.truncate(length);
    let epochs: (Epoch, Epoch) = (document.epoch, document.epoch);
    Consensus::verify(certificate, authorities, epochs, Some(&document.sphinx_geometry_hash)).unwrap()
}
