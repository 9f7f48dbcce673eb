//! What the authority says, a step at each eighth of the epoch.

use super::{State, own};
use crate::network::{
    authority::message::{Kind, Outgoing, Request},
    clock::eighths,
};
use core::time::Duration;
use mixwell_pki_types::{Epoch, KeyHash};
use std::sync::Arc;

/// What an authority does at an eighth of the epoch, in this order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Step {
    Vote = 1,
    Reveal = 2,
    Certify = 3,
    Sign = 4,
    Publish = 5,
}

impl State {
    pub(super) fn do_step(&mut self, step: Step, now: Epoch, out: &mut Vec<Outgoing>) {
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
        self.rules.authorities.iter().map(|other| other.peer.id).filter(|id| *id != self.identity.id()).collect()
    }

    /// Asks everyone for the votes that did not come.
    fn ask_for_votes(&self, deadline: Duration, out: &mut Vec<Outgoing>) {
        for absent in self.rules.authorities.iter().filter(|other| self.round.vote_of(other.peer.id).is_none()) {
            for to in self.others().into_iter().filter(|to| *to != absent.peer.id) {
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
}

/// As many rounds are remembered, of some hours at least.
const MOST_SPOKEN: usize = 64;
