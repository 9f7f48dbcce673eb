//! An authority's state: told the time and what arrives, it says what is to be sent.

use super::{
    message::{Kind, Outgoing, Peer, Reply, Request},
    permitted::Rules,
    round::{Own, Round},
    topology,
};
use crate::network::{clock::eighths, config::NodeKind, keys::Identity};
use chacha20::ChaCha20Rng;
use core::time::Duration;
use mixwell_pki_types::{Descriptor, Document, Epoch, EpochTime, KeyHash, LIFETIME, Layer, build::DocumentBuilder};
use mixwell_wire::{
    CertStatus, Command, ConsensusStatus, DescriptorStatus, RevealStatus, SigStatus, Statement, VoteStatus,
};
use std::{
    collections::{BTreeMap, VecDeque},
    sync::Arc,
};

/// An authority, but for its sockets and its clock. What it holds is bounded by the nodes and authorities of its
/// configuration.
pub(crate) struct State {
    identity: Arc<Identity>,
    rules: Rules,
    rng: ChaCha20Rng,
    /// Accepted descriptors, for this epoch and the next.
    descriptors: BTreeMap<Epoch, BTreeMap<KeyHash, Vec<u8>>>,
    /// Certificates of consensuses that have not expired.
    consensuses: BTreeMap<Epoch, Arc<[u8]>>,
    round: Round,
    /// What was done in the round: each step is done once.
    done: Option<Step>,
    /// Rounds in which we have said something. If the clock steps back and one of them comes again we are silent in it: what we said
    /// is forgotten, and who says two things is left out. In the order in which we spoke: after a step back the latest is not the last.
    spoken: VecDeque<Epoch>,
    /// The first round in which we may vote: in the one before us, we may have voted before a restart.
    votes_from: Epoch,
}

/// What an authority does at an eighth of the epoch, in this order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Step {
    Vote = 1,
    Reveal = 2,
    Certify = 3,
    Sign = 4,
    Publish = 5,
}

impl State {
    /// A state that knows nothing of what was before `now`.
    pub(crate) fn new(identity: Arc<Identity>, rules: Rules, now: Duration, rng: ChaCha20Rng) -> Self {
        let time = time_at(&rules, now);
        let next = time.epoch.plus(1);
        let started_early = time.elapsed < eighths(rules.period, Step::Vote as u32);
        Self {
            identity,
            rng,
            descriptors: BTreeMap::new(),
            consensuses: BTreeMap::new(),
            round: Round::new(next),
            done: None,
            spoken: VecDeque::new(),
            votes_from: if started_early { next } else { next.plus(1) },
            rules,
        }
    }

    /// Does what is due, and says what is to be sent. To be called at [`next_tick`](Self::next_tick), at least.
    pub(crate) fn tick(&mut self, now: Duration) -> Vec<Outgoing> {
        let mut out = Vec::new();
        let time = time_at(&self.rules, now);
        self.turn_to(time.epoch);
        for step in [Step::Vote, Step::Reveal, Step::Certify, Step::Sign, Step::Publish] {
            if self.done >= Some(step) || time.elapsed < eighths(self.rules.period, step as u32) {
                continue;
            }
            self.done = Some(step);
            // a step whose time is over is of no use to the others
            let in_time = time.elapsed < eighths(self.rules.period, (step as u32).saturating_add(1));
            if step == Step::Publish || in_time {
                self.do_step(step, time.epoch, &mut out);
            }
        }
        out
    }

    /// When the next step is due.
    pub(crate) fn next_tick(&self, now: Duration) -> Duration {
        let time = time_at(&self.rules, now);
        let start = self.rules.period.start(time.epoch);
        let steps = (1..=5).map(|step| start.saturating_add(eighths(self.rules.period, step)));
        let end = self.rules.period.start(time.epoch.plus(1));
        steps.chain([end]).find(|due| *due > now).unwrap_or(end)
    }

    /// Answers a command.
    pub(crate) fn handle(&mut self, now: Duration, peer: Peer, command: &Command<'_>) -> Reply {
        let time = time_at(&self.rules, now);
        self.turn_to(time.epoch);
        match command {
            Command::GetConsensus { epoch, .. } => self.consensus(Epoch(*epoch), time.epoch),
            Command::PostDescriptor { epoch, payload } => {
                let epoch = Epoch(*epoch);
                let status = match self.rules.accept(peer, (epoch, time.epoch), payload) {
                    Ok((id, descriptor)) => self.take_descriptor(now, epoch, (id, &descriptor)),
                    Err(status) => status,
                };
                Reply::Descriptor(status)
            }
            // no configuration names storage replicas yet
            Command::PostReplicaDescriptor { .. } => Reply::ReplicaDescriptor(DescriptorStatus::Forbidden),
            Command::Vote(statement) => Reply::Vote(self.vote(&time, peer, statement)),
            Command::GetVote { epoch, public_key } => self.get_vote(peer, Epoch(*epoch), public_key),
            Command::Reveal(statement) => Reply::Reveal(self.reveal(&time, peer, statement)),
            Command::Cert(statement) => Reply::Cert(self.cert(&time, peer, statement)),
            Command::Sig(statement) => Reply::Sig(self.sig(&time, peer, statement)),
            Command::Disconnect => Reply::Close,
            _ => Reply::Nothing,
        }
    }

    /// Takes what another authority answered to a request of ours: a vote that we lack.
    pub(crate) fn answered(&mut self, now: Duration, request: &Request, answer: &Command<'_>) {
        self.turn_to(time_at(&self.rules, now).epoch);
        if let (Request::GetVote { public_key: asked, .. }, Command::Vote(statement)) = (request, answer)
            && statement.epoch == self.round.epoch().0
            && statement.public_key == &**asked
            && self.done < Some(Step::Sign)
        {
            let own = Own { identity: &self.identity, rules: &self.rules };
            let status = self.round.take_vote(own, KeyHash::of(asked), statement.payload);
            tracing::debug!(authority = %KeyHash::of(asked), ?status, "a vote from another authority");
        }
    }

    /// The epochs whose consensus there should be, but is not here: others may have it.
    pub(crate) fn missing(&self, now: Duration) -> Vec<Epoch> {
        let time = time_at(&self.rules, now);
        let next_is_due = time.elapsed >= eighths(self.rules.period, Step::Publish as u32);
        let wanted = [Some(time.epoch), next_is_due.then(|| time.epoch.plus(1))];
        wanted.into_iter().flatten().filter(|epoch| !self.consensuses.contains_key(epoch)).collect()
    }

    /// Takes the certificate of a consensus, verified by the caller, that others have published.
    pub(crate) fn insert_consensus(&mut self, epoch: Epoch, certificate: &[u8]) {
        self.consensuses.entry(epoch).or_insert_with(|| certificate.into());
    }

    /// Forgets what an epoch has no use for.
    fn turn_to(&mut self, epoch: Epoch) {
        let next = epoch.plus(1);
        if self.round.epoch() == next {
            return;
        }
        self.round = Round::new(next);
        self.done = self.spoken.contains(&next).then_some(Step::Publish);
        if self.done.is_some() {
            tracing::warn!(epoch = %next, "the clock has stepped back: nothing is said in a round a second time");
        }
        // what was accepted for the epoch after stays if the clock steps back by one: there is no second descriptor
        self.descriptors.retain(|of, _| (epoch..=next.plus(1)).contains(of));
        self.consensuses.retain(|of, _| of.plus(LIFETIME) > epoch && *of <= next);
    }

    fn do_step(&mut self, step: Step, now: Epoch, out: &mut Vec<Outgoing>) {
        let target = self.round.epoch();
        let deadline =
            self.rules.period.start(now).saturating_add(eighths(self.rules.period, (step as u32).saturating_add(1)));
        let statement = match step {
            Step::Vote => self.make_vote(now).map(|vote| (Kind::Vote, vote)),
            Step::Reveal => {
                self.ask_for_votes(deadline, out);
                self.round.reveal(own(&self.identity, &self.rules)).map(|reveal| (Kind::Reveal, reveal))
            }
            Step::Certify => {
                let certificate = self.round.certificate(own(&self.identity, &self.rules), &mut self.rng);
                certificate.map(|certificate| (Kind::Cert, certificate))
            }
            Step::Sign => {
                let signature = self.round.sign(own(&self.identity, &self.rules), &mut self.rng);
                signature.map(|signature| (Kind::Sig, signature))
            }
            Step::Publish => {
                if let Some((certificate, signers)) = self.round.agreed(&self.rules) {
                    tracing::info!(epoch = %target, signers, "a consensus");
                    self.consensuses.entry(target).or_insert(certificate);
                } else {
                    tracing::warn!(epoch = %target, "no consensus of our own");
                }
                None
            }
        };
        let Some((kind, payload)) = statement else { return };
        if !self.spoken.contains(&target) {
            self.spoken.push_back(target);
        }
        if self.spoken.len() > MOST_SPOKEN {
            self.spoken.pop_front();
        }
        let public_key: Arc<[u8]> = self.identity.public().into();
        for to in self.others() {
            let (public_key, payload) = (Arc::clone(&public_key), Arc::clone(&payload));
            out.push(Outgoing { to, request: Request::Say { kind, epoch: target.0, public_key, payload }, deadline });
        }
    }

    fn others(&self) -> Vec<KeyHash> {
        self.rules.authorities.iter().map(|other| other.id).filter(|id| *id != self.identity.id()).collect()
    }

    /// Asks everyone for the votes that did not come.
    fn ask_for_votes(&self, deadline: Duration, out: &mut Vec<Outgoing>) {
        for absent in self.rules.authorities.iter().filter(|other| self.round.vote_of(other.id).is_none()) {
            for to in self.others().into_iter().filter(|to| *to != absent.id) {
                let public_key = absent.identity.as_slice().into();
                let request = Request::GetVote { epoch: self.round.epoch().0, public_key };
                out.push(Outgoing { to, request, deadline });
            }
        }
    }

    /// Our vote, if the descriptors that we have make a network.
    fn make_vote(&mut self, now: Epoch) -> Option<Arc<[u8]>> {
        let target = self.round.epoch();
        if target < self.votes_from {
            tracing::info!(epoch = %target, "no vote: we were not here when descriptors came");
            return None;
        }
        let Some(document) = self.proposal(now) else {
            tracing::warn!(epoch = %target, "no vote: too few descriptors came to make a network");
            return None;
        };
        let vote = self.round.vote(own(&self.identity, &self.rules), document, &mut self.rng);
        vote.inspect_err(|error| tracing::error!(%error, "can't sign")).ok()
    }

    fn proposal(&self, now: Epoch) -> Option<DocumentBuilder> {
        let target = self.round.epoch();
        let before = self.consensuses.range(..=now).next_back().and_then(|(_, certificate)| {
            // verified when it came
            super::tally::document_of(certificate)
        });
        let descriptors = self.descriptors.get(&target)?;
        let of = |wanted: fn(&NodeKind) -> bool| -> BTreeMap<KeyHash, &Vec<u8>> {
            let is = |id: &KeyHash| self.rules.node(*id).is_some_and(|node| wanted(&node.kind));
            descriptors.iter().filter(|(id, _)| is(id)).map(|(id, descriptor)| (*id, descriptor)).collect()
        };
        let mixes = of(|kind| matches!(kind, NodeKind::Mix(_)));
        let (gateways, services) = (of(|kind| *kind == NodeKind::Gateway), of(|kind| *kind == NodeKind::Service));
        let fixed = self.rules.nodes.iter().filter_map(|node| match node.kind {
            NodeKind::Mix(Some(layer)) => Some((node.id, usize::from(layer))),
            _ => None,
        });
        let ids: Vec<KeyHash> = mixes.keys().copied().collect();
        let topology = topology::assign(
            &ids,
            self.rules.layers,
            &fixed.collect(),
            &before.as_ref().map(layers_of).unwrap_or_default(),
        );
        if gateways.is_empty()
            || services.is_empty()
            || topology.iter().any(|layer| layer.len() < self.rules.min_per_layer)
        {
            return None;
        }
        let encoded =
            |layer: Vec<KeyHash>| layer.iter().filter_map(|id| mixes.get(id)).map(|node| (*node).clone()).collect();
        Some(DocumentBuilder {
            epoch: target,
            genesis_epoch: before.map_or(target, |document| document.genesis_epoch()),
            rates: self.rules.rates,
            topology: Some(topology.into_iter().map(encoded).collect()),
            gateways: Some(gateways.into_values().cloned().collect()),
            services: Some(services.into_values().cloned().collect()),
            prior_shared_random: Some(before.iter().map(|document| *document.shared_random_value()).collect()),
            sphinx_geometry_hash: self.rules.geometry.hash(),
            version: String::from("v1"),
            signature_scheme: self.rules.scheme().name().to_owned(),
            ..DocumentBuilder::default()
        })
    }

    fn consensus(&self, epoch: Epoch, now: Epoch) -> Reply {
        match self.consensuses.get(&epoch) {
            Some(certificate) => Reply::Consensus(ConsensusStatus::Ok, Some(Arc::clone(certificate))),
            None if epoch < now => Reply::Consensus(ConsensusStatus::Gone, None),
            None => Reply::Consensus(ConsensusStatus::NotFound, None),
        }
    }

    /// By which rules descriptors are accepted.
    pub(super) const fn rules(&self) -> &Rules {
        &self.rules
    }

    /// Takes a descriptor for an epoch that the rules have accepted: signatures are checked before anyone waits for the state.
    pub(super) fn take_descriptor(
        &mut self,
        now: Duration,
        epoch: Epoch,
        (id, descriptor): (KeyHash, &Descriptor<'_>),
    ) -> DescriptorStatus {
        self.turn_to(time_at(&self.rules, now).epoch);
        let next = self.round.epoch();
        // the epoch may have turned meanwhile
        if epoch != next && epoch.plus(1) != next {
            return DescriptorStatus::Invalid;
        }
        let accepted = self.descriptors.entry(epoch).or_default();
        match accepted.get(&id) {
            Some(before) if before == descriptor.encoded() => DescriptorStatus::Ok,
            Some(_) => DescriptorStatus::Conflict,
            None => {
                accepted.insert(id, descriptor.encoded().to_vec());
                tracing::info!(%epoch, node = descriptor.name(), "a descriptor");
                DescriptorStatus::Ok
            }
        }
    }

    fn vote(&mut self, time: &EpochTime, peer: Peer, statement: &Statement<'_>) -> VoteStatus {
        let Some(by) = speaker(peer, statement) else { return VoteStatus::NotAuthorized };
        match self.window(time, statement.epoch, Step::Vote) {
            Window::Early => VoteStatus::TooEarly,
            Window::Late => VoteStatus::TooLate,
            Window::Open => self.round.take_vote(own(&self.identity, &self.rules), by, statement.payload),
        }
    }

    fn reveal(&mut self, time: &EpochTime, peer: Peer, statement: &Statement<'_>) -> RevealStatus {
        let Some(by) = speaker(peer, statement) else { return RevealStatus::NotAuthorized };
        match self.window(time, statement.epoch, Step::Reveal) {
            Window::Early => RevealStatus::TooEarly,
            Window::Late => RevealStatus::TooLate,
            Window::Open => self.round.take_reveal(own(&self.identity, &self.rules), by, statement.payload),
        }
    }

    fn cert(&mut self, time: &EpochTime, peer: Peer, statement: &Statement<'_>) -> CertStatus {
        let Some(by) = speaker(peer, statement) else { return CertStatus::NotAuthorized };
        match self.window(time, statement.epoch, Step::Certify) {
            Window::Early => CertStatus::TooEarly,
            Window::Late => CertStatus::TooLate,
            Window::Open => self.round.take_cert(own(&self.identity, &self.rules), by, statement.payload),
        }
    }

    fn sig(&mut self, time: &EpochTime, peer: Peer, statement: &Statement<'_>) -> SigStatus {
        let Some(by) = speaker(peer, statement) else { return SigStatus::NotAuthorized };
        match self.window(time, statement.epoch, Step::Sign) {
            Window::Early => SigStatus::TooEarly,
            Window::Late => SigStatus::TooLate,
            // until we have signed ourselves there is nothing to add it to
            Window::Open if self.done < Some(Step::Sign) => SigStatus::TooEarly,
            Window::Open => self.round.take_sig(own(&self.identity, &self.rules), by, statement.payload),
        }
    }

    fn get_vote(&self, peer: Peer, epoch: Epoch, public_key: &[u8]) -> Reply {
        let Peer::Authority(_) = peer else { return Reply::Vote(VoteStatus::NotAuthorized) };
        let vote = Some(epoch).filter(|epoch| *epoch == self.round.epoch());
        match vote.and_then(|_| self.round.vote_of(KeyHash::of(public_key))) {
            Some(payload) => Reply::VoteOf { epoch: epoch.0, public_key: public_key.into(), payload },
            None => Reply::Vote(VoteStatus::NotFound),
        }
    }

    /// Whether it is the time for statements that belong to a step.
    fn window(&self, time: &EpochTime, epoch: u64, step: Step) -> Window {
        let (wanted, period) = (self.round.epoch().0, self.rules.period);
        if epoch > wanted || epoch == wanted && time.elapsed < eighths(period, step as u32) {
            Window::Early
        } else if epoch < wanted || time.elapsed >= eighths(period, (step as u32).saturating_add(1)) {
            Window::Late
        } else {
            Window::Open
        }
    }
}

/// As many rounds are remembered, of some hours at least.
const MOST_SPOKEN: usize = 64;

enum Window {
    Early,
    Open,
    Late,
}

/// Who makes a statement: the authority at the other end, under its own name.
fn speaker(peer: Peer, statement: &Statement<'_>) -> Option<KeyHash> {
    match peer {
        Peer::Authority(id) if KeyHash::of(statement.public_key) == id => Some(id),
        _ => None,
    }
}

const fn own<'a>(identity: &'a Identity, rules: &'a Rules) -> Own<'a> {
    Own { identity, rules }
}

fn layers_of(document: &Document<'_>) -> BTreeMap<KeyHash, usize> {
    let layer = |node: mixwell_pki_types::Node<'_>| match node.place().layer {
        Layer::Mix(layer) => Some((node.id(), usize::from(layer))),
        _ => None,
    };
    document.mixes().filter_map(layer).collect()
}

fn time_at(rules: &Rules, now: Duration) -> EpochTime {
    crate::network::clock::Clock::new(rules.period).time_at(now)
}
