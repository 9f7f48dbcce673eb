//! An authority's state: told the time and what arrives, it says what is to be sent.

mod heard;
mod proposal;
mod steps;

use super::{
    message::{Outgoing, Peer, Reply},
    permitted::Rules,
    round::{Own, Round},
};
use crate::network::{
    clock::{Clock, eighths},
    keys::Identity,
};
use chacha20::ChaCha20Rng;
use core::time::Duration;
use mixwell_pki_types::{Descriptor, Epoch, EpochTime, KeyHash, LIFETIME};
use mixwell_wire::{Command, ConsensusStatus, DescriptorStatus};
use std::{
    collections::{BTreeMap, VecDeque},
    sync::Arc,
};
use steps::Step;

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
}

const fn own<'a>(identity: &'a Identity, rules: &'a Rules) -> Own<'a> {
    Own { identity, rules }
}

fn time_at(rules: &Rules, now: Duration) -> EpochTime {
    Clock::new(rules.period).time_at(now)
}
