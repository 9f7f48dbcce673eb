//! An authority's state: given the time and what arrives, it says what is to be sent and remembered.

mod proposal;
mod statements;
mod steps;

use crate::{
    journal::{Change, Record, Saved},
    message::{Kind, Peer, Reply},
    policy::Policy,
    round::Round,
    schedule::{PUBLISH_EIGHTH, Schedule},
    signer::Signer,
};
use chacha20::ChaCha20Rng;
use core::time::Duration;
use mixwell_net::{
    clock::{Clock, eighths},
    keys::Identity,
};
use mixwell_pki_types::{Descriptor, Epoch, EpochTime, KeyHash, LIFETIME, Replica};
use mixwell_wire::{Command, ConsensusStatus, DescriptorStatus};
use std::{
    collections::{BTreeMap, BTreeSet, VecDeque},
    sync::Arc,
};

/// An authority, but for its sockets, its clock and its disk. What it holds is bounded by the nodes and
/// authorities of its configuration.
pub struct State {
    identity: Arc<Identity>,
    policy: Policy,
    schedule: Schedule,
    rng: ChaCha20Rng,
    /// Accepted descriptors by epoch: of the epoch and the next.
    descriptors: BTreeMap<Epoch, Descriptors>,
    /// Certificates of consensuses.
    consensuses: BTreeMap<Epoch, Arc<[u8]>>,
    round: Round,
    /// Rounds that the clock has stepped out of, and journals of rounds that it may step into.
    other_rounds: BTreeMap<Epoch, Round>,
    /// Rounds in which we have made a statement, in the order in which we did. If one of them comes
    /// again and is forgotten, we are mute in it: an authority that makes two statements is left out.
    spoken: VecDeque<Epoch>,
    /// Peers that relay.
    relaying: BTreeSet<KeyHash>,
    /// Whether the others were asked in this round whether they relay.
    has_probed: bool,
    changes: Vec<Change>,
}

/// The descriptors of an epoch, as they were uploaded.
#[derive(Default)]
struct Descriptors {
    nodes: BTreeMap<KeyHash, Arc<[u8]>>,
    replicas: BTreeMap<KeyHash, Arc<[u8]>>,
}

impl State {
    /// A state that knows what was `saved` on disk before `now`.
    pub fn new(identity: Arc<Identity>, policy: Policy, now: Duration, rng: ChaCha20Rng, saved: Saved) -> Self {
        let schedule = Schedule::new(policy.period, policy.authorities.len());
        let mut state = Self {
            identity,
            schedule,
            rng,
            descriptors: BTreeMap::new(),
            consensuses: saved.consensuses,
            round: Round::new(Epoch(0)),
            other_rounds: BTreeMap::new(),
            spoken: saved.spoken.into(),
            relaying: BTreeSet::new(),
            has_probed: false,
            changes: Vec::new(),
            policy,
        };
        for (epoch, records) in saved.rounds {
            state.restore(epoch, records);
        }
        let time = time_at(&state.policy, now);
        let next = time.epoch.plus(1);
        // nothing on disk: we may have voted before, from another disk
        let is_late = time.elapsed >= state.schedule.opens(Kind::Vote);
        if is_late && !state.other_rounds.contains_key(&next) {
            let mut round = Round::new(next);
            round.is_mute = true;
            state.other_rounds.insert(next, round);
            tracing::info!(epoch = %next, "no vote in this round: started after the descriptors were due");
        }
        state.enter(next, is_late);
        state
    }

    /// Restores what a round's journal has.
    fn restore(&mut self, epoch: Epoch, records: Vec<Record>) {
        let descriptors = self.descriptors.entry(epoch).or_default();
        for record in &records {
            match record {
                Record::Descriptor(bytes) => {
                    if let Ok(read) = Descriptor::parse(bytes) {
                        descriptors.nodes.insert(read.id(), Arc::clone(bytes));
                    }
                }
                Record::Replica(bytes) => {
                    if let Ok(read) = Replica::parse(bytes) {
                        descriptors.replicas.insert(read.id(), Arc::clone(bytes));
                    }
                }
                _ => {}
            }
        }
        let mut round = Round::restore(epoch, self.identity.id(), records);
        round.add_early_signatures(signer(&self.identity, &self.policy));
        self.other_rounds.insert(epoch, round);
    }

    /// When something falls due next.
    pub fn next_tick(&self, now: Duration) -> Duration {
        let time = time_at(&self.policy, now);
        let start = self.policy.period.start(time.epoch);
        let end = self.policy.period.start(time.epoch.plus(1));
        let dues = self.schedule.moments().iter().map(|(due, _)| start.saturating_add(*due));
        dues.chain([end]).find(|due| *due > now).unwrap_or(end)
    }

    /// Answers a command.
    pub fn handle(&mut self, now: Duration, peer: Peer, command: &Command<'_>) -> Reply {
        let time = time_at(&self.policy, now);
        self.turn_to(&time);
        match command {
            Command::GetConsensus { epoch, .. } => self.consensus(Epoch(*epoch), time.epoch),
            Command::PostDescriptor { epoch, payload } => {
                let epoch = Epoch(*epoch);
                let status = match self.policy.accept(peer, epoch, time.epoch, payload) {
                    Ok(descriptor) => self.take_descriptor(now, epoch, &descriptor),
                    Err(status) => status,
                };
                Reply::Descriptor(status)
            }
            Command::PostReplicaDescriptor { epoch, payload } => {
                let epoch = Epoch(*epoch);
                let status = match self.policy.accept_replica(peer, epoch, time.epoch, payload) {
                    Ok(replica) => self.take_replica(epoch, &replica),
                    Err(status) => status,
                };
                Reply::ReplicaDescriptor(status)
            }
            Command::GetVote { epoch, public_key } => self.get_vote(peer, Epoch(*epoch), public_key),
            Command::Disconnect => Reply::Close,
            command => match Kind::of(command) {
                Some((kind, statement)) => self.take_statement(&time, peer, kind, statement),
                None => Reply::Nothing,
            },
        }
    }

    /// The epochs whose consensus there should be, but is not here: others may have it.
    pub fn missing(&self, now: Duration) -> Vec<Epoch> {
        let time = time_at(&self.policy, now);
        let next_is_due = time.elapsed >= eighths(self.policy.period, PUBLISH_EIGHTH);
        let wanted = [Some(time.epoch), next_is_due.then(|| time.epoch.plus(1))];
        wanted.into_iter().flatten().filter(|epoch| !self.consensuses.contains_key(epoch)).collect()
    }

    /// Takes the certificate of a consensus, verified by the caller, that others have published.
    pub fn insert_consensus(&mut self, epoch: Epoch, certificate: &[u8]) {
        if !self.consensuses.contains_key(&epoch) {
            let certificate: Arc<[u8]> = certificate.into();
            self.changes.push(Change::Consensus(epoch, Arc::clone(&certificate)));
            self.consensuses.insert(epoch, certificate);
        }
    }

    /// What is to be on disk before anything is sent that came with it.
    pub fn take_changes(&mut self) -> Vec<Change> {
        let epoch = self.round.epoch();
        let mut changes = core::mem::take(&mut self.changes);
        changes.extend(self.round.take_records().into_iter().map(|record| Change::Record(epoch, record)));
        changes
    }

    /// The disk failed: what we were about to say cannot be remembered, so nothing more is said in this round.
    pub const fn mute(&mut self) {
        self.round.is_mute = true;
    }

    /// Sees to the round that belongs to a time. Gives the latest time in the epoch that was seen.
    fn turn_to(&mut self, time: &EpochTime) -> Duration {
        let next = time.epoch.plus(1);
        if self.round.epoch() != next {
            let follows = self.round.epoch() == time.epoch;
            let mut left = core::mem::replace(&mut self.round, Round::new(next));
            let records = left.take_records().into_iter();
            self.changes.extend(records.map(|record| Change::Record(left.epoch(), record)));
            let has_spoken = self.other_rounds.get(&next).is_some_and(Round::has_spoken);
            self.other_rounds.insert(left.epoch(), left);
            // a round that begins at the turn of the epoch has missed nothing
            self.enter(next, has_spoken || !follows);
            if follows {
                self.forget(time.epoch);
            }
            // a clock that jumps to and fro
            if self.other_rounds.len() > MAX_OTHER_ROUNDS {
                self.other_rounds.pop_first();
            }
        }
        self.round.observe(time.elapsed)
    }

    /// Enters the round about an epoch, which may have been left before.
    fn enter(&mut self, epoch: Epoch, is_resumed: bool) {
        self.has_probed = false;
        self.round = self.other_rounds.remove(&epoch).unwrap_or_else(|| {
            let mut round = Round::new(epoch);
            round.is_mute = self.spoken.contains(&epoch);
            round
        });
        self.round.resume(is_resumed);
        if self.round.is_mute && self.spoken.contains(&epoch) {
            tracing::warn!(
                %epoch,
                "no vote in this round: we voted in it before and do not know what; check the clock and the disk"
            );
        }
    }

    /// Forgets what an epoch that follows another has no use for. A clock that jumps makes nothing forgotten.
    fn forget(&mut self, epoch: Epoch) {
        let next = epoch.plus(1);
        self.descriptors.retain(|of, _| (epoch..=next.plus(1)).contains(of));
        self.other_rounds.retain(|of, _| (epoch..=next.plus(1)).contains(of));
        self.consensuses.retain(|of, _| of.plus(LIFETIME) > epoch && *of <= next);
        self.changes.push(Change::Turned(epoch));
    }

    fn consensus(&self, epoch: Epoch, now: Epoch) -> Reply {
        match self.consensuses.get(&epoch).filter(|_| epoch.plus(LIFETIME) > now) {
            Some(certificate) => Reply::Consensus(ConsensusStatus::Ok, Some(Arc::clone(certificate))),
            None if epoch <= now => Reply::Consensus(ConsensusStatus::Gone, None),
            None => Reply::Consensus(ConsensusStatus::NotFound, None),
        }
    }

    /// What the configuration decides.
    pub(super) const fn policy(&self) -> &Policy {
        &self.policy
    }

    /// Takes a descriptor for an epoch that the policy has accepted: signatures are checked before anyone
    /// waits for the state.
    pub(super) fn take_descriptor(
        &mut self,
        now: Duration,
        epoch: Epoch,
        descriptor: &Descriptor<'_>,
    ) -> DescriptorStatus {
        self.turn_to(&time_at(&self.policy, now));
        let next = self.round.epoch();
        // the epoch may have turned meanwhile
        if epoch != next && epoch.plus(1) != next {
            return DescriptorStatus::Invalid;
        }
        let accepted = &mut self.descriptors.entry(epoch).or_default().nodes;
        let status = take_upload(accepted, descriptor.id(), descriptor.encoded());
        if let Ok(Some(bytes)) = &status {
            tracing::info!(%epoch, node = descriptor.name(), "accepted descriptor");
            self.changes.push(Change::Record(epoch, Record::Descriptor(Arc::clone(bytes))));
        }
        status.map_or_else(|Conflict| DescriptorStatus::Conflict, |_| DescriptorStatus::Ok)
    }

    fn take_replica(&mut self, epoch: Epoch, replica: &Replica<'_>) -> DescriptorStatus {
        let accepted = &mut self.descriptors.entry(epoch).or_default().replicas;
        let status = take_upload(accepted, replica.id(), replica.encoded());
        if let Ok(Some(bytes)) = &status {
            tracing::info!(%epoch, replica = replica.name(), "accepted descriptor");
            self.changes.push(Change::Record(epoch, Record::Replica(Arc::clone(bytes))));
        }
        status.map_or_else(|Conflict| DescriptorStatus::Conflict, |_| DescriptorStatus::Ok)
    }
}

/// The most rounds that are remembered beside the current one.
const MAX_OTHER_ROUNDS: usize = 4;

struct Conflict;

/// Puts an upload among the accepted ones; gives its bytes if it is new.
fn take_upload(
    accepted: &mut BTreeMap<KeyHash, Arc<[u8]>>,
    id: KeyHash,
    upload: &[u8],
) -> Result<Option<Arc<[u8]>>, Conflict> {
    match accepted.get(&id) {
        Some(before) if **before == *upload => Ok(None),
        Some(_) => Err(Conflict),
        None => {
            let bytes: Arc<[u8]> = upload.into();
            accepted.insert(id, Arc::clone(&bytes));
            Ok(Some(bytes))
        }
    }
}

const fn signer<'a>(identity: &'a Identity, policy: &'a Policy) -> Signer<'a> {
    Signer { identity, policy }
}

fn time_at(policy: &Policy, now: Duration) -> EpochTime {
    Clock::new(policy.period).time_at(now)
}
