//! Authorities, ours and the reference's, with a clock that their test sets.

use crate::reference::{
    authority::{Authority, AuthorityPeer, Settings},
    command::OwnedCommand,
};
use core::time::Duration;
use mixwell_authority::{
    Layers, Policy, Saved, Settings as OurSettings, State,
    message::{Outgoing, Peer, Reply},
};
use mixwell_net::{
    authorities::{self, Authorities},
    clock::Clock,
    consensus::Consensus,
    keys::{Identity, LinkKem},
    node_kind::{NodeKind, PermittedNode},
    randomness::Randomness,
};
use mixwell_pki_types::{
    Ed25519, Epoch, KeyHash, Period, Rates,
    build::{DescriptorBuilder, EpochKeys},
};
use mixwell_pq_kem::X25519;
use mixwell_sphinx::Geometry;
use mixwell_wire::{CertStatus, Command, ConsensusStatus, DescriptorStatus, RevealStatus, SigStatus, VoteStatus};
use std::{collections::VecDeque, sync::Arc};

/// The second consensus is for an epoch that 504 divides.
pub(super) const FIRST: Epoch = Epoch(1006);

enum Member {
    Ours(Box<State>),
    Theirs(Box<Authority>),
}

pub(super) struct Net {
    pub(super) identities: Vec<Arc<Identity>>,
    members: Vec<Member>,
    pub(super) nodes: Vec<(Identity, NodeKind)>,
    pub(super) settings: Settings,
    clock: Clock,
    pub(super) now: Duration,
}

impl Net {
    /// Authorities of which the first ones are ours; layers of two and of three mixes.
    pub(super) fn new(ours: usize, theirs: usize) -> Self {
        let randomness = Randomness::from_seed(8);
        let mut rng = randomness.rng();
        let mut identity = || Identity::generate(&Ed25519, &mut rng).unwrap();
        let identities: Vec<_> = (0..ours + theirs).map(|_| Arc::new(identity())).collect();
        let kinds = [NodeKind::Gateway, NodeKind::Service].into_iter().chain([NodeKind::Mix; 5]);
        let nodes: Vec<_> = kinds.map(|kind| (identity(), kind)).collect();
        let authority = |identity: &Arc<Identity>| {
            let name = identity.id().to_string();
            authorities::Authority::new(name, identity.public().to_vec(), vec![7; 32], Vec::new())
        };
        let list = identities.iter().map(authority).collect();
        let ids: Vec<KeyHash> = nodes.iter().map(|(identity, _)| identity.id()).collect();
        let permitted = |(identity, kind): &(Identity, NodeKind)| PermittedNode {
            identifier: name(identity),
            id: identity.id(),
            kind: *kind,
        };
        let settings = Settings {
            authorities: Arc::new(Authorities::new(&Ed25519, LinkKem::default(), list)),
            nodes: nodes.iter().map(permitted).collect(),
            layers: vec![ids[2..4].to_vec(), ids[4..].to_vec()],
            rates: Rates { mu: 0.005, lambda_p: 0.001, lambda_l: 0.0005, ..Rates::default() },
            geometry: Geometry::of::<X25519>(4, 500, true).unwrap(),
            period: Period::new(Duration::from_secs(80)).unwrap(),
        };
        let policy = Policy::from(OurSettings {
            authorities: Arc::clone(&settings.authorities),
            nodes: settings.nodes.clone(),
            replicas: Vec::new(),
            layers: Layers::Fixed(settings.layers.clone()),
            min_per_layer: 1,
            rates: settings.rates,
            geometry: settings.geometry,
            period: settings.period,
        });
        let clock = Clock::new(settings.period);
        let now = clock.eighths_into(FIRST, 0);
        let member = |(number, identity): (usize, &Arc<Identity>)| {
            let (identity, rng) = (Arc::clone(identity), randomness.rng());
            if number < ours {
                Member::Ours(Box::new(State::new(identity, policy.clone(), now, rng, Saved::default())))
            } else {
                Member::Theirs(Box::new(Authority::new(identity, settings.clone(), now, rng)))
            }
        };
        let members = identities.iter().enumerate().map(member).collect();
        Self { identities, members, nodes, settings, clock, now }
    }

    fn position(&self, id: KeyHash) -> usize {
        self.identities.iter().position(|identity| identity.id() == id).unwrap()
    }

    /// The answer to an authority's command; `None` if the connection is closed unanswered.
    pub(super) fn say(&mut self, to: usize, from: Peer, command: &Command<'_>) -> Option<Answer> {
        match &mut self.members[to] {
            Member::Ours(state) => {
                let reply = state.handle(self.now, from, command);
                reply.command().map(|_| Answer::Ours(Box::new(reply.clone())))
            }
            Member::Theirs(authority) => {
                let peer = match from {
                    Peer::Client => AuthorityPeer::Client,
                    Peer::Node(id) => AuthorityPeer::Node(id),
                    Peer::Authority(id) => AuthorityPeer::Authority(id),
                };
                authority.handle(self.now, peer, command).map(Answer::Theirs)
            }
        }
    }

    /// Runs until a time, with every message delivered at once.
    fn run_until(&mut self, end: Duration) {
        loop {
            for from in 0..self.members.len() {
                self.tick(from);
            }
            let next = self.members.iter().map(|member| match member {
                Member::Ours(state) => state.next_tick(self.now),
                Member::Theirs(authority) => authority.next_tick(self.now),
            });
            let next = next.min().unwrap();
            if next > end {
                self.now = end;
                return;
            }
            self.now = next;
        }
    }

    fn tick(&mut self, from: usize) {
        let peer = Peer::Authority(self.identities[from].id());
        match &mut self.members[from] {
            Member::Ours(state) => {
                let mut out: VecDeque<Outgoing> = state.tick(self.now).into();
                while let Some(outgoing) = out.pop_front() {
                    let to = self.position(outgoing.to);
                    let answer = self.say(to, peer, &outgoing.request.command());
                    let Member::Ours(state) = &mut self.members[from] else { return };
                    match answer {
                        Some(answer) => out.extend(state.answered(self.now, &outgoing, &answer.command())),
                        None if outgoing.request.is_extension() => state.does_not_relay(outgoing.to),
                        None => panic!("a statement of ours was not answered"),
                    }
                }
            }
            Member::Theirs(authority) => {
                for statement in authority.tick(self.now) {
                    for to in (0..self.members.len()).filter(|to| *to != from) {
                        let answer = self.say(to, peer, &statement.command()).unwrap();
                        assert!(is_ok(&answer.command()), "{:?}", answer.command());
                    }
                }
            }
        }
    }

    /// Uploads every node's descriptor for an epoch, from `first` on, to every authority.
    pub(super) fn upload(&mut self, epoch: Epoch) -> Vec<Vec<Option<DescriptorStatus>>> {
        let mut statuses = Vec::new();
        for node in 0..self.nodes.len() {
            let (identity, kind) = &self.nodes[node];
            let upload = identity.sign_upload(&descriptor(identity, *kind, epoch), &mut Randomness::from_seed(1).rng());
            let (peer, upload) = (Peer::Node(identity.id()), upload.unwrap());
            let command = Command::PostDescriptor { epoch: epoch.0, payload: &upload };
            statuses.push(
                (0..self.members.len())
                    .map(|to| match self.say(to, peer, &command)?.command() {
                        Command::PostDescriptorStatus(status) => Some(status),
                        _ => None,
                    })
                    .collect(),
            );
        }
        statuses
    }

    /// One epoch of votes on the next one; each authority's consensus.
    pub(super) fn round(&mut self) -> Vec<Option<Vec<u8>>> {
        let epoch = self.clock.time_at(self.now).epoch;
        self.upload(epoch.plus(1));
        self.run_until(self.clock.eighths_into(epoch, 5) + Duration::from_secs(1));
        let command = Command::GetConsensus { epoch: epoch.0 + 1, padded: false };
        let consensuses = (0..self.members.len()).map(|to| match self.say(to, Peer::Client, &command)?.command() {
            Command::Consensus { code: ConsensusStatus::Ok, payload } => Some(payload.to_vec()),
            _ => None,
        });
        let consensuses = consensuses.collect();
        self.now = self.clock.eighths_into(epoch.plus(1), 0);
        consensuses
    }

    pub(super) fn verify(&self, certificate: &[u8], epoch: Epoch) -> Consensus {
        let now = Epoch(epoch.0 - 1);
        Consensus::verify(certificate.to_vec(), &self.settings.authorities, (epoch, now), None).unwrap()
    }

    pub(super) fn theirs(&mut self) -> impl Iterator<Item = &mut Authority> {
        self.members.iter_mut().filter_map(|member| match member {
            Member::Theirs(authority) => Some(&mut **authority),
            Member::Ours(_) => None,
        })
    }
}

/// An answer that owns its bytes.
pub(super) enum Answer {
    Ours(Box<Reply>),
    Theirs(OwnedCommand),
}

impl Answer {
    pub(super) fn command(&self) -> Command<'_> {
        match self {
            Self::Ours(reply) => reply.command().unwrap(),
            Self::Theirs(command) => command.command(),
        }
    }
}

fn is_ok(answer: &Command<'_>) -> bool {
    matches!(
        answer,
        Command::VoteStatus(VoteStatus::Ok)
            | Command::RevealStatus(RevealStatus::Ok)
            | Command::CertStatus(CertStatus::Ok)
            | Command::SigStatus(SigStatus::Ok)
    )
}

fn name(identity: &Identity) -> String {
    identity.id().to_string().chars().take(12).collect()
}

fn descriptor(identity: &Identity, kind: NodeKind, epoch: Epoch) -> Vec<u8> {
    let keys: EpochKeys = (0..3).map(|later| (epoch.plus(later.into()), vec![later; 32])).collect();
    DescriptorBuilder {
        name: name(identity),
        epoch,
        identity_key: identity.public().to_vec(),
        link_key: vec![5; LinkKem::default().public_len()],
        mix_keys: Some(keys),
        addresses: Some([("tcp4".to_owned(), vec!["tcp://192.0.2.1:30001".to_owned()])].into()),
        is_gateway: kind == NodeKind::Gateway,
        is_service: kind == NodeKind::Service,
        ..DescriptorBuilder::default()
    }
    .encode()
}
