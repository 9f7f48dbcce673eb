//! Authorities and nodes without sockets, clocks or disks.

use crate::{
    Layers, Policy, Saved, State,
    journal::Change,
    message::{Outgoing, Peer, Reply, Request, StatementKind, Verdict},
    policy::PacketFormat,
    tally::payload_of,
};
use core::time::Duration;
use mixwell_net::{
    authorities::{Authorities, Authority},
    clock::{Clock, eighths},
    consensus::Consensus,
    keys::{Identity, LinkKem, LinkKey},
    node_kind::{NodeKind, PermittedNode},
    randomness::Randomness,
};
use mixwell_node::{AnySphinx, MixKeys, NodeDescription};
use mixwell_pki_types::{Ed25519, Epoch, KeyHash, Period, Rates, Reveal, SignatureScheme, shared_random_value};
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
    keys: MixKeys,
    description: NodeDescription,
}

impl Node {
    pub(super) fn id(&self) -> KeyHash {
        self.identity.id()
    }

    /// The signed upload for an epoch; `port` is an address's port, which makes descriptors differ.
    pub(super) fn upload(&self, epoch: Epoch, port: u16) -> Vec<u8> {
        let mut rng = Randomness::from_seed(9).rng();
        self.identity.sign_upload(&self.descriptor(epoch, port), &mut rng).unwrap()
    }

    /// A descriptor for an epoch that has no keys yet.
    pub(super) fn descriptor_for_any(&self, epoch: Epoch) -> Vec<u8> {
        self.keys
            .advance(Epoch(epoch.0 - 1), tokio::time::Instant::now(), &mut Randomness::from_seed(9).rng())
            .unwrap();
        self.descriptor(epoch, 30000)
    }

    /// The descriptor of [`upload`](Self::upload).
    pub(super) fn descriptor(&self, epoch: Epoch, port: u16) -> Vec<u8> {
        let mut description = self.description.clone();
        description.addresses = BTreeMap::from([("tcp4".to_owned(), vec![format!("tcp://127.0.0.1:{port}")])]);
        description.descriptor(epoch, &self.identity, &self.link, self.keys.public(epoch))
    }
}

/// The fate of a request in transit.
pub(super) enum Way {
    Pass,
    Drop,
    Change(Request),
}

pub(super) struct Net {
    pub(super) identities: Vec<Arc<Identity>>,
    pub(super) nodes: Vec<Node>,
    pub(super) policy: Policy,
    /// `None` while an authority is down.
    pub(super) states: Vec<Option<State>>,
    /// Each authority's state on disk.
    pub(super) disks: Vec<Saved>,
    /// Authorities that behave like the reference's: they neither relay nor probe whether others
    /// do.
    pub(super) references: Vec<usize>,
    pub(super) now: Duration,
    pub(super) randomness: Randomness,
    /// Messages to authorities that are down, retried until their deadline.
    waiting: Vec<(usize, Outgoing)>,
    /// Replies to statements: sender, receiver, reply.
    pub(super) answers: Vec<(usize, usize, Reply)>,
    /// The reveals that authorities sent.
    reveals: BTreeMap<KeyHash, Arc<[u8]>>,
}

impl Net {
    /// `count` authorities that start in epoch [`FIRST`], six mixes, a gateway and a service node.
    pub(super) fn new(count: u8) -> Self {
        Self::with(count, &Ed25519, &["mix0", "mix1", "mix2", "mix3", "mix4", "mix5"], 3)
    }

    /// Authorities with these mixes in `layers` layers, and another signature scheme.
    pub(super) fn with(count: u8, scheme: &'static dyn SignatureScheme, mixes: &[&str], layers: usize) -> Self {
        let randomness = Randomness::from_seed(count.into());
        let mut rng = randomness.rng();
        let identity = |rng: &mut chacha20::ChaCha20Rng| Identity::generate(scheme, rng).unwrap();
        let identities: Vec<_> = (0..count).map(|_| Arc::new(identity(&mut rng))).collect();
        let link = LinkKey::generate(LinkKem::default(), &mut rng).unwrap();
        let authority = |(number, own): (usize, &Arc<Identity>)| {
            let (name, addresses) = (format!("auth{number}"), vec!["tcp://127.0.0.1:1".parse().unwrap()]);
            Authority::new(name, own.public().to_vec(), link.public().to_vec(), addresses)
        };
        let list = identities.iter().enumerate().map(authority).collect();
        let kind = |name: &str| match name {
            "gateway" => NodeKind::Gateway,
            "service" => NodeKind::Service,
            _ => NodeKind::Mix,
        };
        let sphinx = AnySphinx::new(Geometry::of::<X25519>(5, 2000, true).unwrap()).unwrap();
        let nodes: Vec<Node> = ["gateway", "service"]
            .iter()
            .chain(mixes)
            .map(|name| {
                let keys = MixKeys::in_memory(sphinx.clone());
                keys.advance(FIRST, tokio::time::Instant::now(), &mut rng).unwrap();
                let description = NodeDescription {
                    name: (*name).to_owned(),
                    addresses: BTreeMap::new(),
                    kaetzchen: None,
                    kind: kind(name),
                };
                Node { identity: identity(&mut rng), link: link.clone(), keys, description }
            })
            .collect();
        let permitted = |node: &Node| {
            let identifier = node.description.name.clone();
            PermittedNode { kind: kind(&identifier), id: node.id(), identifier }
        };
        let policy = Policy {
            authorities: Arc::new(Authorities::new(scheme, LinkKem::default(), list)),
            nodes: nodes.iter().map(permitted).collect(),
            replicas: Vec::new(),
            layers: Layers::Dynamic(layers),
            min_per_layer: 1,
            rates: Rates { mu: 0.005, lambda_p: 0.001, ..Rates::default() },
            packets: PacketFormat::from(&Geometry::of::<X25519>(5, 2000, true).unwrap()),
            period: Period::new(PERIOD).unwrap(),
        };
        let now = policy.period.start(FIRST);
        let mut net = Self {
            states: Vec::new(),
            disks: Vec::new(),
            references: Vec::new(),
            identities,
            nodes,
            policy,
            now,
            randomness,
            waiting: Vec::new(),
            answers: Vec::new(),
            reveals: BTreeMap::new(),
        };
        for index in 0..usize::from(count) {
            net.states.push(None);
            net.disks.push(Saved::default());
            net.start(index);
        }
        net
    }

    /// Starts an authority with an empty disk.
    pub(super) fn start(&mut self, index: usize) {
        self.disks[index] = Saved::default();
        self.restart(index);
    }

    /// Restarts an authority with its state on disk.
    pub(super) fn restart(&mut self, index: usize) {
        let identity = Arc::clone(&self.identities[index]);
        let saved = copy(&self.disks[index]);
        let state = State::new(identity, self.policy.clone(), self.now, self.randomness.rng(), saved);
        self.states[index] = Some(state);
    }

    /// Writes an authority's changes to its disk.
    pub(super) fn save(&mut self, index: usize) {
        let Some(state) = &mut self.states[index] else { return };
        for change in state.take_changes().0 {
            write(&mut self.disks[index], change);
        }
    }

    /// The link key of all authorities and nodes.
    pub(super) fn link(&self) -> &LinkKey {
        &self.nodes[0].link
    }

    pub(super) fn id(&self, index: usize) -> KeyHash {
        self.identities[index].id()
    }

    pub(super) fn epoch(&self) -> Epoch {
        Clock::new(self.policy.period).time_at(self.now).epoch
    }

    /// The time when `count` eighths of the current epoch have passed.
    pub(super) fn at_eighths(&self, count: u32) -> Duration {
        self.policy.period.start(self.epoch()) + eighths(self.policy.period, count)
    }

    /// Every node uploads for an epoch to every authority that is up.
    pub(super) fn upload(&mut self, epoch: Epoch) {
        for node in 0..self.nodes.len() {
            self.upload_one(node, epoch);
        }
    }

    pub(super) fn upload_one(&mut self, node: usize, epoch: Epoch) {
        self.nodes[node].keys.advance(self.epoch(), tokio::time::Instant::now(), &mut self.randomness.rng()).unwrap();
        let upload = self.nodes[node].upload(epoch, 30000);
        for index in 0..self.states.len() {
            self.post(node, epoch, &upload, index);
        }
    }

    /// A node uploads for an epoch to one authority.
    pub(super) fn upload_to(&mut self, node: usize, epoch: Epoch, index: usize) {
        self.nodes[node].keys.advance(self.epoch(), tokio::time::Instant::now(), &mut self.randomness.rng()).unwrap();
        let upload = self.nodes[node].upload(epoch, 30000);
        self.post(node, epoch, &upload, index);
    }

    fn post(&mut self, node: usize, epoch: Epoch, upload: &[u8], index: usize) {
        let id = self.nodes[node].id();
        if let Some(state) = &mut self.states[index] {
            let command = Command::PostDescriptor { epoch: epoch.0, payload: upload };
            let reply = state.handle(self.now, Peer::Node(id), &command);
            assert_eq!(reply, Reply::Descriptor(mixwell_wire::DescriptorStatus::Ok));
            self.save(index);
        }
    }

    /// Advances time until `end`.
    pub(super) fn run_until(&mut self, end: Duration, mut way: impl FnMut(usize, usize, &Request) -> Way) {
        while self.now < end {
            self.step(&mut way);
            let next = self.states.iter().flatten().map(|state| state.next_tick(self.now)).min().unwrap_or(end);
            self.now = next.min(end);
        }
        self.step(&mut way);
    }

    /// Runs everything that is due and delivers every message, including those sent in response.
    fn step(&mut self, way: &mut impl FnMut(usize, usize, &Request) -> Way) {
        let mut sent: Vec<(usize, Outgoing)> = core::mem::take(&mut self.waiting);
        sent.retain(|(from, outgoing)| outgoing.deadline > self.now && self.states[*from].is_some());
        for from in 0..self.states.len() {
            let now = self.now;
            let ticked = self.states[from].as_mut().map(|state| state.tick(now)).unwrap_or_default();
            self.save(from);
            sent.extend(ticked.into_iter().map(|outgoing| (from, outgoing)));
        }
        while !sent.is_empty() {
            for (from, outgoing) in core::mem::take(&mut sent) {
                let following = self.deliver(from, &outgoing, way);
                sent.extend(following.into_iter().map(|outgoing| (from, outgoing)));
            }
        }
    }

    /// Delivers a message and its reply; returns the messages to be sent in response.
    fn deliver(
        &mut self,
        from: usize,
        outgoing: &Outgoing,
        way: &mut impl FnMut(usize, usize, &Request) -> Way,
    ) -> Vec<Outgoing> {
        if let Request::Statement { kind: StatementKind::Reveal, payload, .. } = &outgoing.request {
            self.reveals.insert(self.id(from), Arc::clone(payload));
        }
        let to = self.identities.iter().position(|other| other.id() == outgoing.to).unwrap();
        let is_extension = outgoing.request.is_extension();
        if is_extension && self.references.contains(&from) {
            return Vec::new();
        }
        let request = match way(from, to, &outgoing.request) {
            Way::Pass => outgoing.request.clone(),
            Way::Drop => return Vec::new(),
            Way::Change(other) => other,
        };
        if is_extension && self.references.contains(&to) {
            self.states[from].as_mut().unwrap().does_not_relay(outgoing.to);
            return Vec::new();
        }
        let (now, by) = (self.now, Peer::Authority(self.id(from)));
        let Some(state) = &mut self.states[to] else {
            self.waiting.push((from, outgoing.clone()));
            return Vec::new();
        };
        let reply = state.handle(now, by, &request.command());
        self.save(to);
        let answer = reply.command().unwrap();
        // only a certificate may be too early, if the vote did not arrive
        let is_cert = matches!(request, Request::Statement { kind: StatementKind::Cert, .. });
        assert!(is_cert || !is_too_early(&answer), "everybody's clock is the same: {request:?}");
        let following = self.states[from].as_mut().unwrap().answered(now, outgoing, &answer);
        self.save(from);
        self.answers.push((from, to, reply));
        following
    }

    /// Runs a whole epoch, with uploads for the next one at its start.
    pub(super) fn pass_epoch(&mut self, way: impl FnMut(usize, usize, &Request) -> Way) {
        self.upload(self.epoch().plus(1));
        let end = self.policy.period.start(self.epoch().plus(1));
        self.run_until(end, way);
    }

    /// The consensus that an authority serves.
    pub(super) fn consensus(&mut self, index: usize, epoch: Epoch) -> Option<Consensus> {
        let command = Command::GetConsensus { epoch: epoch.0, padded: false };
        let reply = self.states[index].as_mut()?.handle(self.now, Peer::Client, &command);
        let Reply::Consensus(_, certificate) = reply else { panic!("{reply:?}") };
        let hash = self.policy.packets.geometry_hash;
        let now = self.epoch();
        let verified = Consensus::verify(certificate?.to_vec(), &self.policy.authorities, (epoch, now), Some(&hash));
        Some(verified.unwrap())
    }

    /// The authorities whose reveals are part of a consensus's shared random value.
    pub(super) fn counted(&self, consensus: &Consensus, previous: Option<&Consensus>) -> Vec<usize> {
        let document = consensus.document().unwrap();
        let count = self.identities.len();
        let subsets = (0..1_usize << count).map(|set| (0..count).filter(move |index| set >> index & 1 == 1));
        let before = previous.map(|previous| *previous.document().unwrap().shared_random_value());
        let value = |set: Vec<usize>| {
            let reveal = |index: &usize| {
                let reveal = Reveal::parse(payload_of(self.reveals.get(&self.id(*index))?)?).unwrap();
                Some((self.id(*index), reveal))
            };
            let mut reveals: Vec<_> = set.iter().map(reveal).collect::<Option<_>>()?;
            let value = shared_random_value(document.epoch(), &mut reveals, before.as_ref());
            (value == *document.shared_random_value()).then_some(set)
        };
        subsets.map(Iterator::collect).find_map(value).expect("some set of reveals makes the value")
    }
}

/// Whether a reply asks the sender to retry the statement later.
pub(super) fn is_too_early(answer: &Command<'_>) -> bool {
    matches!(StatementKind::verdict_in(answer), Some((_, Verdict::TooEarly)))
}

/// Applies a change to a disk.
pub(super) fn write(disk: &mut Saved, change: Change) {
    match change {
        Change::Record(epoch, record) => disk.rounds.entry(epoch).or_default().push(record),
        Change::Consensus(epoch, certificate) => {
            disk.consensuses.insert(epoch, certificate);
        }
        Change::Spoken(epochs) => disk.spoken = epochs,
        Change::EpochBegan(epoch) => disk.rounds.retain(|of, _| *of >= epoch),
    }
}

pub(super) fn copy(disk: &Saved) -> Saved {
    let Saved { rounds, consensuses, spoken } = disk;
    Saved { rounds: rounds.clone(), consensuses: consensuses.clone(), spoken: spoken.clone() }
}
