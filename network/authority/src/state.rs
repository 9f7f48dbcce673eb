//! An authority's state machine: time and commands in, answers, messages and changes out.

mod descriptors;
mod proposal;
mod statements;
mod steps;

use crate::{
    journal::{Change, Changes, Record, Saved},
    message::{Peer, Reply, StatementKind},
    policy::Policy,
    round::Round,
    schedule::{PUBLISH_EIGHTH, Schedule},
    signer::Signer,
};
use chacha20::ChaCha20Rng;
use core::{fmt, time::Duration};
use descriptors::Descriptors;
use mixwell_net::{
    clock::{Clock, eighths},
    keys::Identity,
};
use mixwell_pki_types::{Descriptor, Epoch, EpochTime, KeyHash, LIFETIME, Replica};
use mixwell_wire::{Command, ConsensusStatus};
use std::{
    collections::{BTreeMap, BTreeSet, VecDeque},
    sync::Arc,
};

/// An authority without sockets, clock and disk, usable on its own: in a simulator, in a test, or
/// in a program with other transports.
///
/// Times are durations since 1970. Call [`tick`](Self::tick) at [`next_tick`](Self::next_tick), and
/// [`handle`](Self::handle) for each command of an authenticated peer. Send each
/// [`Outgoing`](crate::message::Outgoing) until its peer has answered, and pass the answer to
/// [`answered`](Self::answered). After each of these calls, write
/// [`take_changes`](Self::take_changes) to a [`Store`](crate::Store) before any reply or message
/// leaves; [`Keeper`](crate::Keeper) does that.
///
/// Memory is bounded by the nodes and authorities of the policy, work in a call by the length of
/// the command.
pub struct State {
    identity: Arc<Identity>,
    policy: Policy,
    schedule: Schedule,
    rng: ChaCha20Rng,
    /// Accepted descriptors of the current and the next epoch.
    descriptors: BTreeMap<Epoch, Descriptors>,
    /// Certificates of consensuses.
    consensuses: BTreeMap<Epoch, Arc<[u8]>>,
    round: Round,
    /// Rounds that were left by a jump of the clock, and rounds from journals that a jump may
    /// enter.
    other_rounds: BTreeMap<Epoch, Round>,
    /// Rounds in which we have made a statement, oldest first. If the clock returns to one of them
    /// after its statements are forgotten, we make none in it: an authority that makes two
    /// different ones is excluded.
    spoken: VecDeque<Epoch>,
    /// Authorities that relay statements.
    relaying: BTreeSet<KeyHash>,
    /// Whether the other authorities were asked in this round whether they relay.
    has_probed: bool,
    changes: Vec<Change>,
}

impl State {
    /// A state at this time, with the content of its store. If the store is empty and votes are due
    /// already, the state makes no statements in the current round, because it may have made others
    /// before.
    #[must_use]
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
        let is_late = time.elapsed >= state.schedule.opens(StatementKind::Vote);
        if is_late && !state.other_rounds.contains_key(&next) {
            let mut round = Round::new(next);
            round.is_mute = true;
            state.other_rounds.insert(next, round);
            tracing::info!(epoch = %next, "no vote in this round: started after the descriptors were due");
        }
        state.enter(next, is_late);
        state
    }

    /// Restores a round from its journal.
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

    /// The next time at which an action is due.
    #[must_use]
    pub fn next_tick(&self, now: Duration) -> Duration {
        let time = time_at(&self.policy, now);
        let start = self.policy.period.start(time.epoch);
        let end = self.policy.period.start(time.epoch.plus(1));
        let dues = self.schedule.moments().iter().map(|(due, _)| start.saturating_add(*due));
        dues.chain([end]).find(|due| *due > now).unwrap_or(end)
    }

    /// Handles a peer's command.
    #[must_use]
    pub fn handle(&mut self, now: Duration, peer: Peer, command: &Command<'_>) -> Reply {
        let time = time_at(&self.policy, now);
        self.advance_to(&time);
        match command {
            Command::GetConsensus { epoch, .. } => self.consensus(Epoch(*epoch), time.epoch),
            Command::PostDescriptor { epoch, payload } => {
                let epoch = Epoch(*epoch);
                let status = match self.policy.accept(peer, epoch, time.epoch, payload) {
                    Ok(descriptor) => self.insert_descriptor(now, epoch, &descriptor),
                    Err(status) => status,
                };
                Reply::Descriptor(status)
            }
            Command::PostReplicaDescriptor { epoch, payload } => {
                let epoch = Epoch(*epoch);
                let status = match self.policy.accept_replica(peer, epoch, time.epoch, payload) {
                    Ok(replica) => self.insert_replica(epoch, &replica),
                    Err(status) => status,
                };
                Reply::ReplicaDescriptor(status)
            }
            Command::GetVote { epoch, public_key } => self.get_vote(peer, Epoch(*epoch), public_key),
            Command::Disconnect => Reply::Close,
            command => match StatementKind::of(command) {
                Some((kind, statement)) => self.receive_statement(&time, peer, kind, statement),
                None => Reply::Nothing,
            },
        }
    }

    /// The epochs whose consensus is due but missing. Other authorities may have it.
    #[must_use]
    pub fn missing(&self, now: Duration) -> Vec<Epoch> {
        let time = time_at(&self.policy, now);
        let next_is_due = time.elapsed >= eighths(self.policy.period, PUBLISH_EIGHTH);
        let wanted = [Some(time.epoch), next_is_due.then(|| time.epoch.plus(1))];
        wanted.into_iter().flatten().filter(|epoch| !self.consensuses.contains_key(epoch)).collect()
    }

    /// Inserts the certificate of a consensus that other authorities have published, verified by
    /// the caller.
    pub fn insert_consensus(&mut self, epoch: Epoch, certificate: &[u8]) {
        if !self.consensuses.contains_key(&epoch) {
            let certificate: Arc<[u8]> = certificate.into();
            self.changes.push(Change::Consensus(epoch, Arc::clone(&certificate)));
            self.consensuses.insert(epoch, certificate);
        }
    }

    /// The changes since the last call. They must be on disk before any reply or message is sent.
    pub fn take_changes(&mut self) -> Changes {
        let epoch = self.round.epoch();
        let mut changes = core::mem::take(&mut self.changes);
        changes.extend(self.round.take_records().into_iter().map(|record| Change::Record(epoch, record)));
        Changes(changes)
    }

    /// Stops making statements in this round. To be called when the disk failed, so that they
    /// cannot be remembered.
    pub const fn mute(&mut self) {
        self.round.is_mute = true;
    }

    /// Enters the round that belongs to a time. Returns the latest time in the epoch that was seen.
    fn advance_to(&mut self, time: &EpochTime) -> Duration {
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
            // the clock has jumped here before
            if self.other_rounds.len() > MAX_OTHER_ROUNDS {
                self.other_rounds.pop_first();
            }
        }
        self.round.observe(time.elapsed)
    }

    /// Enters the round about an epoch, for the first time or again.
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
                "no vote in this round: this authority voted in it before, and the vote is not on disk; check the clock and the disk"
            );
        }
    }

    /// Drops old rounds, descriptors and consensuses when one epoch follows another. A jump of the
    /// clock drops nothing.
    fn forget(&mut self, epoch: Epoch) {
        let next = epoch.plus(1);
        self.descriptors.retain(|of, _| (epoch..=next.plus(1)).contains(of));
        self.other_rounds.retain(|of, _| (epoch..=next.plus(1)).contains(of));
        self.consensuses.retain(|of, _| of.plus(LIFETIME) > epoch && *of <= next);
        self.changes.push(Change::EpochBegan(epoch));
    }

    fn consensus(&self, epoch: Epoch, now: Epoch) -> Reply {
        match self.consensuses.get(&epoch).filter(|_| epoch.plus(LIFETIME) > now) {
            Some(certificate) => Reply::Consensus(ConsensusStatus::Ok, Some(Arc::clone(certificate))),
            None if epoch <= now => Reply::Consensus(ConsensusStatus::Gone, None),
            None => Reply::Consensus(ConsensusStatus::NotFound, None),
        }
    }

    /// The network's policy.
    pub(super) const fn policy(&self) -> &Policy {
        &self.policy
    }
}

/// Maximum number of rounds that are remembered besides the current one.
const MAX_OTHER_ROUNDS: usize = 4;

impl fmt::Debug for State {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { identity, round, .. } = self;
        f.debug_struct("State").field("identity", identity).field("round", &round.epoch()).finish_non_exhaustive()
    }
}

const fn signer<'a>(identity: &'a Identity, policy: &'a Policy) -> Signer<'a> {
    Signer { identity, policy }
}

fn time_at(policy: &Policy, now: Duration) -> EpochTime {
    Clock::new(policy.period).time_at(now)
}
