//! What the other authorities say: each statement counts in the time of its step, under its speaker's own name.

use super::{State, own, steps::Step, time_at};
use crate::network::{
    authority::message::{Peer, Reply, Request},
    clock::eighths,
};
use core::time::Duration;
use mixwell_pki_types::{Epoch, EpochTime, KeyHash};
use mixwell_wire::{CertStatus, Command, RevealStatus, SigStatus, Statement, VoteStatus};

impl State {
    /// Takes what another authority answered to a request of ours: a vote that we lack.
    pub(crate) fn answered(&mut self, now: Duration, request: &Request, answer: &Command<'_>) {
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
        let Some(by) = speaker(peer, statement) else { return VoteStatus::NotAuthorized };
        match self.window(time, statement.epoch, Step::Vote) {
            Window::Early => VoteStatus::TooEarly,
            Window::Late => VoteStatus::TooLate,
            Window::Open => self.round.take_vote(own(&self.identity, &self.rules), by, statement.payload),
        }
    }

    pub(super) fn reveal(&mut self, time: &EpochTime, peer: Peer, statement: &Statement<'_>) -> RevealStatus {
        let Some(by) = speaker(peer, statement) else { return RevealStatus::NotAuthorized };
        match self.window(time, statement.epoch, Step::Reveal) {
            Window::Early => RevealStatus::TooEarly,
            Window::Late => RevealStatus::TooLate,
            Window::Open => self.round.take_reveal(own(&self.identity, &self.rules), by, statement.payload),
        }
    }

    pub(super) fn cert(&mut self, time: &EpochTime, peer: Peer, statement: &Statement<'_>) -> CertStatus {
        let Some(by) = speaker(peer, statement) else { return CertStatus::NotAuthorized };
        match self.window(time, statement.epoch, Step::Certify) {
            Window::Early => CertStatus::TooEarly,
            Window::Late => CertStatus::TooLate,
            Window::Open => self.round.take_cert(own(&self.identity, &self.rules), by, statement.payload),
        }
    }

    pub(super) fn sig(&mut self, time: &EpochTime, peer: Peer, statement: &Statement<'_>) -> SigStatus {
        let Some(by) = speaker(peer, statement) else { return SigStatus::NotAuthorized };
        match self.window(time, statement.epoch, Step::Sign) {
            Window::Early => SigStatus::TooEarly,
            Window::Late => SigStatus::TooLate,
            // until we have signed ourselves there is nothing to add it to
            Window::Open if self.done < Some(Step::Sign) => SigStatus::TooEarly,
            Window::Open => self.round.take_sig(own(&self.identity, &self.rules), by, statement.payload),
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
