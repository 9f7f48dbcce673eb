//! Statements, relays and answers of other authorities.

use crate::{
    agreement::MAX_DIFFERENT,
    message::{Outgoing, Peer, Reply, Request, StatementKind, Verdict},
    relay::{encode_wanted, is_relay, parse_relay, parse_wanted},
    round::RelayOutcome,
    state::{State, signer, time_at},
};
use core::time::Duration;
use mixwell_pki_types::{Epoch, EpochTime, KeyHash};
use mixwell_wire::{Command, Statement};

impl State {
    /// Handles another authority's answer to a message of ours; returns the messages that follow
    /// from it. An answer without content for the state may be passed as [`Command::NoOp`].
    #[must_use]
    pub fn answered(&mut self, now: Duration, sent: &Outgoing, answer: &Command<'_>) -> Vec<Outgoing> {
        self.advance_to(&time_at(&self.policy, now));
        if sent.request.is_extension() {
            self.relaying.insert(sent.to);
        }
        match (&sent.request, answer) {
            (Request::Relay { epoch, is_complete: false, .. }, Command::Vote(statement))
                if *epoch == self.round.epoch().0 =>
            {
                self.complete(sent, statement.payload)
            }
            _ => Vec::new(),
        }
    }

    /// Notes that a peer closed the connection instead of answering
    /// [extensions](crate::message::Request::is_extension): it does not relay.
    pub fn does_not_relay(&mut self, peer: KeyHash) {
        if self.relaying.remove(&peer) {
            tracing::info!(authority = self.policy.name_of(peer), "authority no longer relays statements");
        }
    }

    /// The statements of a relay that the peer lacks, one per message.
    fn complete(&self, sent: &Outgoing, wanted: &[u8]) -> Vec<Outgoing> {
        let Some(wanted) = parse_wanted(wanted, self.max_relayed()) else { return Vec::new() };
        let signer = signer(&self.identity, &self.policy);
        let relays = wanted.into_iter().filter_map(|digest| self.round.complete_relay(signer, digest));
        let outgoing = |payload: Vec<u8>| Outgoing {
            request: Request::Relay {
                epoch: self.round.epoch().0,
                public_key: self.identity.public().into(),
                payload: payload.into(),
                is_complete: true,
            },
            ..sent.clone()
        };
        relays.map(outgoing).collect()
    }

    /// Maximum number of statements in a relay.
    fn max_relayed(&self) -> usize {
        self.policy.authorities.len() * MAX_DIFFERENT
    }

    pub(super) fn receive_statement(
        &mut self,
        time: &EpochTime,
        peer: Peer,
        kind: StatementKind,
        statement: &Statement<'_>,
    ) -> Reply {
        let refused = |verdict| Reply::Verdict(kind, verdict);
        let author = match peer {
            Peer::Authority(id) if KeyHash::of(statement.public_key) == id => id,
            _ => return refused(Verdict::NotAuthorized),
        };
        let (epoch, wanted) = (Epoch(statement.epoch), self.round.epoch());
        if epoch != wanted {
            return refused(match kind {
                StatementKind::Reveal => Verdict::NotSigned,
                _ if epoch < wanted => Verdict::TooEarly,
                _ => Verdict::TooLate,
            });
        }
        self.round.observe(time.elapsed);
        let signer = signer(&self.identity, &self.policy);
        match kind {
            StatementKind::Vote if is_relay(statement.payload) => self.receive_relay(author, statement.payload),
            StatementKind::Sig => {
                let verdict = self.round.receive_signature(signer, author, statement.payload);
                self.publish_if_late();
                Reply::Verdict(kind, verdict)
            }
            _ => Reply::Verdict(kind, self.round.receive(signer, &self.schedule, kind, author, statement.payload)),
        }
    }

    fn receive_relay(&mut self, by: KeyHash, payload: &[u8]) -> Reply {
        let epoch = self.round.epoch();
        let Some(relayed) = parse_relay(payload, epoch, self.max_relayed()) else {
            return Reply::Verdict(StatementKind::Vote, Verdict::NotSigned);
        };
        self.relaying.insert(by);
        let signer = signer(&self.identity, &self.policy);
        let mut wanted = Vec::new();
        for statement in &relayed {
            if let RelayOutcome::Wanted(digest) = self.round.receive_relayed(signer, &self.schedule, statement) {
                wanted.push(digest);
            }
        }
        if wanted.is_empty() {
            return Reply::Verdict(StatementKind::Vote, Verdict::Ok);
        }
        let (public_key, payload) = (self.identity.public().into(), encode_wanted(&wanted).into());
        Reply::Vote { epoch: epoch.0, public_key, payload }
    }

    pub(super) fn get_vote(&mut self, peer: Peer, epoch: Epoch, public_key: &[u8]) -> Reply {
        let Peer::Authority(by) = peer else { return Reply::Verdict(StatementKind::Vote, Verdict::NotAuthorized) };
        // an authority of the reference never asks
        self.relaying.insert(by);
        let vote = Some(epoch).filter(|epoch| *epoch == self.round.epoch());
        match vote.and_then(|_| self.round.vote_of(KeyHash::of(public_key))) {
            Some(payload) => Reply::Vote { epoch: epoch.0, public_key: public_key.into(), payload },
            None => Reply::Verdict(StatementKind::Vote, Verdict::NotFound),
        }
    }
}
