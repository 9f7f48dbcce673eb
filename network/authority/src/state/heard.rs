//! What the other authorities say: each statement counts in the time of its step, under its speaker's own name.

use crate::{
    message::{Peer, Reply, Request},
    round::{Own, Round},
    state::{State, own, steps::Step, time_at},
};
use core::time::Duration;
use mixwell_net::clock::eighths;
use mixwell_pki_types::{Epoch, EpochTime, KeyHash};
use mixwell_wire::{CertStatus, Command, RevealStatus, SigStatus, Statement, VoteStatus};

impl State {
    /// Takes what another authority answered to a request of ours: a vote that we lack.
    pub fn answered(&mut self, now: Duration, request: &Request, answer: &Command<'_>) {
        self.turn_to(time_at(&self.rules, now).epoch);
        if let (Request::GetVote { public_key: asked, .. }, Command::Vote(statement)) = (request, answer)
            && statement.epoch == self.round.epoch().0
            && statement.public_key == &**asked
            && self.done < Some(Step::Sign)
        {
            let own = own(&self.identity, &self.rules);
            let status = self.round.take_vote(own, KeyHash::of(asked), statement.payload);
            tracing::debug!(authority = %KeyHash::of(asked), ?status, "a vote from another authority");
        }
    }

    pub(super) fn vote(&mut self, time: &EpochTime, peer: Peer, statement: &Statement<'_>) -> VoteStatus {
        let refusals = [VoteStatus::NotAuthorized, VoteStatus::TooEarly, VoteStatus::TooLate];
        self.hear(time, peer, statement, Step::Vote, refusals, Round::take_vote)
    }

    pub(super) fn reveal(&mut self, time: &EpochTime, peer: Peer, statement: &Statement<'_>) -> RevealStatus {
        let refusals = [RevealStatus::NotAuthorized, RevealStatus::TooEarly, RevealStatus::TooLate];
        self.hear(time, peer, statement, Step::Reveal, refusals, Round::take_reveal)
    }

    pub(super) fn cert(&mut self, time: &EpochTime, peer: Peer, statement: &Statement<'_>) -> CertStatus {
        let refusals = [CertStatus::NotAuthorized, CertStatus::TooEarly, CertStatus::TooLate];
        self.hear(time, peer, statement, Step::Certify, refusals, Round::take_cert)
    }

    pub(super) fn sig(&mut self, time: &EpochTime, peer: Peer, statement: &Statement<'_>) -> SigStatus {
        let refusals = [SigStatus::NotAuthorized, SigStatus::TooEarly, SigStatus::TooLate];
        // until we have signed ourselves there is nothing to add it to
        let signed = self.done >= Some(Step::Sign);
        self.hear(time, peer, statement, Step::Sign, refusals, |round, own, by, signature| {
            if signed { round.take_sig(own, by, signature) } else { SigStatus::TooEarly }
        })
    }

    /// Takes a statement if it comes from its speaker, in the time of its step; else it is refused as not authorized, too
    /// early or too late.
    fn hear<S>(
        &mut self,
        time: &EpochTime,
        peer: Peer,
        statement: &Statement<'_>,
        step: Step,
        [not_authorized, too_early, too_late]: [S; 3],
        take: impl FnOnce(&mut Round, Own<'_>, KeyHash, &[u8]) -> S,
    ) -> S {
        let Some(by) = speaker(peer, statement) else { return not_authorized };
        match self.window(time, statement.epoch, step) {
            Window::Early => too_early,
            Window::Late => too_late,
            Window::Open => take(&mut self.round, own(&self.identity, &self.rules), by, statement.payload),
        }
    }

    pub(super) fn get_vote(&self, peer: Peer, epoch: Epoch, public_key: &[u8]) -> Reply {
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
