//! Authorities and nodes without sockets and clocks.

use crate::network::{
    authority::{
        message::{Outgoing, Request, is_too_early},
        {Peer, Reply, Rules, State},
    },
    clock::{Clock, eighths},
    config::{NodeKind, PermittedNode},
    directory::{Consensus, NodeDescription, sign},
    keys::{Identity, LinkKem, LinkKey},
    mix_keys::MixKeys,
    peers::{Authorities, Authority},
    randomness::Randomness,
};
use core::time::Duration;
use mixwell_pki_types::{Ed25519, Epoch, KeyHash, Period, Rates};
use mixwell_pq_kem::X25519;
use mixwell_sphinx::Geometry;
use mixwell_wire::Command;
use std::{collections::BTreeMap, sync::Arc};

pub(super) const PERIOD: Duration = Duration::from_secs(80);
/// The first epoch of most tests.
pub(super) const FIRST: Epoch = Epoch(1000);

pub(super) struct Node {
    pub(super) identity: Identity,
    link: LinkKey,
    keys: MixKeys<X25519>,
    description: NodeDescription,
}

impl Node {
    pub(super) fn id(&self) -> KeyHash {
        self.identity.id()
    }

    /// The signed upload for an epoch; `load` is an address's port, by which descriptors can be made to differ.
    pub(super) fn upload(&self, epoch: Epoch, port: u16) -> Vec<u8> {
        let mut rng = Randomness::from_seed(9).rng();
        let mut description = self.description.clone();
        description.addresses = BTreeMap::from([("tcp".to_owned(), vec![format!("tcp://127.0.0.1:{port}")])]);
        let descriptor = description.descriptor(epoch, &self.identity, &self.link, &self.keys);
        sign(&descriptor, &self.identity, &mut rng).unwrap()
    }
}

/// What happens to a request on its way.
pub(super) enum Way {
    Pass,
    Drop,
    Change(Request),
}

pub(super) struct Net {
    pub(super) identities: Vec<Arc<Identity>>,
    pub(super) nodes: Vec<Node>,
    pub(super) rules: Rules,
    /// `None` while an authority is down.
    pub(super) states: Vec<Option<State>>,
    pub(super) now: Duration,
    pub(super) randomness: Randomness,
    /// Codes that were answered to statements.
    pub(super) answers: Vec<(usize, usize, Reply)>,
}

impl Net {
    /// `count` authorities that start with epoch [`FIRST`], six mixes, a gateway, a service node.
    pub(super) fn new(count: u8) -> Self {
        let randomness = Randomness::from_seed(count.into());
        let mut rng = randomness.rng();
        let identity = |rng: &mut chacha20::ChaCha20Rng| Identity::generate(&Ed25519, rng).unwrap();
        let identities: Vec<_> = (0..count).map(|_| Arc::new(identity(&mut rng))).collect();
        let link = LinkKey::generate(LinkKem::default(), &mut rng).unwrap();
        let authority = |(number, own): (usize, &Arc<Identity>)| {
            let (name, addresses) = (format!("auth{number}"), vec!["tcp://127.0.0.1:1".parse().unwrap()]);
            Authority::new(name, own.public().to_vec(), link.public().to_vec(), addresses)
        };
        let list = identities.iter().enumerate().map(authority).collect();
        let names = ["gateway", "service", "mix0", "mix1", "mix2", "mix3", "mix4", "mix5"];
        let nodes: Vec<Node> = names
            .map(|name| {
                let keys = MixKeys::in_memory();
                keys.advance(FIRST, &mut rng).unwrap();
                let description = NodeDescription {
                    name: name.to_owned(),
                    addresses: BTreeMap::new(),
                    kaetzchen: None,
                    is_gateway: name == "gateway",
                    is_service: name == "service",
                };
                Node { identity: identity(&mut rng), link: link.clone(), keys, description }
            })
            .into();
        let kind = |name: &str| match name {
            "gateway" => NodeKind::Gateway,
            "service" => NodeKind::Service,
            _ => NodeKind::Mix(None),
        };
        let permitted = |node: &Node| {
            let identifier = node.description.name.clone();
            PermittedNode { kind: kind(&identifier), id: node.id(), identifier }
        };
        let rules = Rules {
            authorities: Arc::new(Authorities::new(&Ed25519, LinkKem::default(), list)),
            nodes: nodes.iter().map(permitted).collect(),
            layers: 3,
            min_per_layer: 1,
            rates: Rates { mu: 0.005, lambda_p: 0.001, ..Rates::default() },
            geometry: Geometry::of::<X25519>(5, 2000, true).unwrap(),
            period: Period::new(PERIOD).unwrap(),
        };
        let now = rules.period.start(FIRST);
        let mut net = Self { states: Vec::new(), identities, nodes, rules, now, randomness, answers: Vec::new() };
        for index in 0..usize::from(count) {
            net.states.push(None);
            net.start(index);
        }
        net
    }

    /// Starts an authority, or starts it again.
    pub(super) fn start(&mut self, index: usize) {
        let identity = Arc::clone(&self.identities[index]);
        self.states[index] = Some(State::new(identity, self.rules.clone(), self.now, self.randomness.rng()));
    }

    /// The link key of all authorities and nodes.
    pub(super) fn link(&self) -> &LinkKey {
        &self.nodes[0].link
    }

    pub(super) fn id(&self, index: usize) -> KeyHash {
        self.identities[index].id()
    }

    pub(super) fn epoch(&self) -> Epoch {
        Clock::new(self.rules.period).time_at(self.now).epoch
    }

    /// The time when so many eighths of the present epoch have passed.
    pub(super) fn at_eighths(&self, count: u32) -> Duration {
        self.rules.period.start(self.epoch()) + eighths(self.rules.period, count)
    }

    /// Every node uploads for an epoch to every authority that is up.
    pub(super) fn upload(&mut self, epoch: Epoch) {
        for node in 0..self.nodes.len() {
            self.upload_one(node, epoch);
        }
    }

    pub(super) fn upload_one(&mut self, node: usize, epoch: Epoch) {
        self.nodes[node].keys.advance(self.epoch(), &mut self.randomness.rng()).unwrap();
        let upload = self.nodes[node].upload(epoch, 30000);
        let id = self.nodes[node].id();
        for state in self.states.iter_mut().flatten() {
            let command = Command::PostDescriptor { epoch: epoch.0, payload: &upload };
            let reply = state.handle(self.now, Peer::Node(id), &command);
            assert_eq!(reply, Reply::Descriptor(mixwell_wire::DescriptorStatus::Ok));
        }
    }

    /// Lets time pass until `end`.
    pub(super) fn run_until(&mut self, end: Duration, mut way: impl FnMut(usize, usize, &Request) -> Way) {
        while self.now < end {
            self.step(&mut way);
            let next = self.states.iter().flatten().map(|state| state.next_tick(self.now)).min().unwrap_or(end);
            self.now = next.min(end);
        }
        self.step(&mut way);
    }

    /// Everyone does what is due, and all that is sent arrives.
    fn step(&mut self, way: &mut impl FnMut(usize, usize, &Request) -> Way) {
        let mut sent: Vec<(usize, Outgoing)> = Vec::new();
        let now = self.now;
        for (from, state) in self.states.iter_mut().enumerate() {
            sent.extend(state.iter_mut().flat_map(|state| state.tick(now)).map(|outgoing| (from, outgoing)));
        }
        for (from, outgoing) in sent {
            let to = self.identities.iter().position(|other| other.id() == outgoing.to).unwrap();
            let request = match way(from, to, &outgoing.request) {
                Way::Pass => outgoing.request,
                Way::Drop => continue,
                Way::Change(other) => other,
            };
            let Some(state) = &mut self.states[to] else { continue };
            let reply = state.handle(self.now, Peer::Authority(self.identities[from].id()), &request.command());
            let answer = reply.command().unwrap();
            assert!(!is_too_early(&answer), "everybody's clock is the same: {request:?}");
            self.states[from].as_mut().unwrap().answered(self.now, &request, &answer);
            self.answers.push((from, to, reply));
        }
    }

    /// Passes a whole epoch, with uploads for the next at its begin.
    pub(super) fn pass_epoch(&mut self, way: impl FnMut(usize, usize, &Request) -> Way) {
        self.upload(self.epoch().plus(1));
        let end = self.rules.period.start(self.epoch().plus(1));
        self.run_until(end, way);
    }

    /// The consensus that an authority hands out.
    pub(super) fn consensus(&mut self, index: usize, epoch: Epoch) -> Option<Consensus> {
        let command = Command::GetConsensus { epoch: epoch.0, padded: false };
        let reply = self.states[index].as_mut()?.handle(self.now, Peer::Client, &command);
        let Reply::Consensus(_, certificate) = reply else { panic!("{reply:?}") };
        let hash = self.rules.geometry.hash();
        let now = self.epoch();
        let verified = Consensus::verify(certificate?.to_vec(), &self.rules.authorities, (epoch, now), Some(&hash));
        Some(verified.unwrap())
    }
}
