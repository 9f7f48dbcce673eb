//! The steps of a round: the authority's scheduled actions in the course of an epoch.

use crate::{
    differences::differences,
    journal::Change,
    message::{Outgoing, Request, StatementKind},
    schedule::Moment,
    state::{State, proposal::context, signer, time_at},
    tally::document_of,
};
use core::time::Duration;
use mixwell_pki_types::{Epoch, KeyHash};
use std::sync::Arc;

impl State {
    /// Performs the actions that are due, and returns the messages to be sent. Call it at
    /// [`next_tick`](Self::next_tick) or more often.
    #[must_use]
    pub fn tick(&mut self, now: Duration) -> Vec<Outgoing> {
        let mut out = Vec::new();
        let time = time_at(&self.policy, now);
        let elapsed = self.advance_to(&time);
        let start = self.policy.period.start(time.epoch);
        if !self.has_probed {
            self.has_probed = true;
            self.probe(start.saturating_add(self.schedule.deadline(StatementKind::Vote, 1)), &mut out);
        }
        while let Some((due, moment, end)) = self.schedule.moment(self.round.done).filter(|(due, ..)| *due <= elapsed) {
            self.round.done += 1;
            // after its end, a step is useless to the other authorities
            if elapsed < end {
                tracing::trace!(epoch = %self.round.epoch(), ?due, ?moment, "due");
                self.step(moment, start.saturating_add(end), &mut out);
            }
        }
        out
    }

    fn step(&mut self, moment: Moment, deadline: Duration, out: &mut Vec<Outgoing>) {
        match moment {
            Moment::Publish => self.publish(),
            _ if self.round.is_mute => {}
            Moment::Send(kind) => {
                self.report_equivocators(kind);
                let Some(payload) = self.statement(kind) else { return };
                self.remember_spoken();
                let (epoch, public_key): (_, Arc<[u8]>) = (self.round.epoch().0, self.identity.public().into());
                for to in self.others() {
                    let (public_key, payload) = (Arc::clone(&public_key), Arc::clone(&payload));
                    out.push(Outgoing {
                        to,
                        request: Request::Statement { kind, epoch, public_key, payload },
                        deadline,
                    });
                }
            }
            Moment::Relay(kind) => {
                let signer = signer(&self.identity, &self.policy);
                let Some(payload) = self.round.relay(signer, kind, &mut self.rng) else { return };
                let payload: Arc<[u8]> = payload.into();
                for to in self.others().into_iter().filter(|to| self.relaying.contains(to)) {
                    let (epoch, public_key) = (self.round.epoch().0, self.identity.public().into());
                    let payload = Arc::clone(&payload);
                    let request = Request::Relay { epoch, public_key, payload, is_complete: false };
                    out.push(Outgoing { to, request, deadline });
                }
            }
        }
    }

    /// Our statement of a kind, made now or before a restart.
    fn statement(&mut self, kind: StatementKind) -> Option<Arc<[u8]>> {
        if let Some(made) = self.round.own(kind) {
            return Some(made);
        }
        match kind {
            StatementKind::Vote => self.make_vote(),
            StatementKind::Reveal => self.round.reveal(signer(&self.identity, &self.policy)),
            StatementKind::Cert | StatementKind::Sig => {
                // without a vote of our own, we were not running in time
                self.round.own(StatementKind::Vote)?;
                let Self { identity, policy, consensuses, round, rng, .. } = self;
                let (signer, context) = (signer(identity, policy), context(policy, consensuses, round.epoch()));
                if kind == StatementKind::Cert {
                    round.certify(signer, &context, rng)
                } else {
                    round.sign(signer, &context, rng)
                }
            }
        }
    }

    /// Our vote, if our descriptors form a network.
    fn make_vote(&mut self) -> Option<Arc<[u8]>> {
        let epoch = self.round.epoch();
        let document = match self.proposal() {
            Ok(document) => document,
            Err(error) => {
                tracing::warn!(%epoch, %error, "no vote: the uploaded descriptors do not form a network");
                return None;
            }
        };
        let vote = self.round.vote(signer(&self.identity, &self.policy), document, &mut self.rng);
        vote.inspect_err(|error| tracing::error!(%epoch, %error, "cannot sign the vote")).ok()
    }

    /// Asks those authorities that are not known to relay whether they do.
    fn probe(&self, deadline: Duration, out: &mut Vec<Outgoing>) {
        let (epoch, public_key): (_, Arc<[u8]>) = (self.round.epoch().0, self.identity.public().into());
        for to in self.others().into_iter().filter(|to| !self.relaying.contains(to)) {
            let request = Request::Probe { epoch, public_key: Arc::clone(&public_key) };
            out.push(Outgoing { to, request, deadline });
        }
    }

    fn others(&self) -> Vec<KeyHash> {
        let all = self.policy.authorities.iter().map(|other| other.peer.id);
        all.filter(|id| *id != self.identity.id()).collect()
    }

    fn remember_spoken(&mut self) {
        let epoch = self.round.epoch();
        if self.spoken.contains(&epoch) {
            return;
        }
        self.spoken.push_back(epoch);
        if self.spoken.len() > MAX_SPOKEN {
            self.spoken.pop_front();
        }
        self.changes.push(Change::Spoken(self.spoken.iter().copied().collect()));
    }

    /// Publishes the consensus, if enough authorities signed it.
    fn publish(&mut self) {
        let epoch = self.round.epoch();
        let threshold = self.policy.authorities.threshold();
        self.publish_agreed();
        if !self.consensuses.contains_key(&epoch) {
            if let Some(signers) = self.round.signers() {
                tracing::warn!(%epoch, signers, threshold, "no consensus: too few authorities signed our document");
            } else {
                tracing::warn!(%epoch, "no consensus of our own: we have not signed a document");
            }
        }
        self.report_differences();
    }

    fn publish_agreed(&mut self) {
        let epoch = self.round.epoch();
        let Some((certificate, signers)) = self.round.agreed(self.policy.authorities.threshold()) else { return };
        if !self.consensuses.contains_key(&epoch) {
            tracing::info!(%epoch, signers, "published consensus");
            self.insert_consensus(epoch, &certificate);
        }
    }

    /// Publishes the consensus if a late signature completes it.
    pub(super) fn publish_if_late(&mut self) {
        let is_due = self.schedule.moment(self.round.done).is_none();
        if is_due {
            self.publish_agreed();
        }
    }

    /// Warns of authorities that have signed two different statements of a kind, once its deadline
    /// has passed.
    fn report_equivocators(&self, next: StatementKind) {
        let last = match next {
            StatementKind::Vote => return,
            StatementKind::Reveal => StatementKind::Vote,
            StatementKind::Cert => StatementKind::Reveal,
            StatementKind::Sig => StatementKind::Cert,
        };
        let epoch: Epoch = self.round.epoch();
        for (author, kind) in self.round.equivocators(signer(&self.identity, &self.policy), last) {
            if kind == last {
                let authority = self.policy.name_of(author);
                tracing::warn!(
                    %epoch,
                    authority,
                    %kind,
                    "left out of the round: it signed two different statements; its operator should look for a second \
                     process with its key, or a stolen key"
                );
            }
        }
    }

    /// Warns of authorities whose certificate differs from ours in nodes or parameters.
    fn report_differences(&self) {
        let epoch = self.round.epoch();
        let Some(ours) = self.round.own(StatementKind::Cert) else { return };
        let Some(ours) = document_of(&ours) else { return };
        for (author, theirs) in self.round.certificates(signer(&self.identity, &self.policy)) {
            let found = differences(&ours, &theirs);
            if !found.is_empty() {
                let (authority, shown) = (self.policy.name_of(author), found.len().min(MAX_DIFFERENCES));
                let listed: Vec<_> = found.iter().take(shown).map(ToString::to_string).collect();
                let listed = listed.join("; ");
                tracing::warn!(%epoch, authority, differences = found.len(), "{listed}: compare the two configurations");
            }
        }
    }
}

/// Maximum number of remembered rounds in which we have made a statement: some hours at least.
const MAX_SPOKEN: usize = 64;

/// Maximum number of differences listed in one log line.
const MAX_DIFFERENCES: usize = 20;
