//! Votes, reveals and certificates of other authorities, from their authors or relayed.

use super::{Round, check::check};
use crate::{
    agreement::Accepted,
    canonical::Digest,
    journal::Record,
    message::{StatementKind, Verdict},
    relay::{Endorsements, Relayed, Subject},
    schedule::Schedule,
    signer::Signer,
};
use core::time::Duration;
use mixwell_pki_types::{Certificate, KeyHash};
use std::sync::Arc;

/// The fate of a relayed statement.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum RelayOutcome {
    /// The statement is accepted, now or before, or does not count.
    Settled,
    /// The statement would be accepted, but the relay does not contain it.
    Wanted(Digest),
}

impl Round {
    /// Processes a vote, reveal or certificate sent by its author.
    pub(crate) fn receive(
        &mut self,
        signer: Signer<'_>,
        schedule: &Schedule,
        kind: StatementKind,
        author: KeyHash,
        payload: &[u8],
    ) -> Verdict {
        let Ok(certificate) = Certificate::parse(payload) else { return Verdict::NotSigned };
        let Some(agreement) = self.agreement(kind) else { return Verdict::NotSigned };
        if agreement.is_settled(author, Digest::of(author, &certificate)) {
            return Verdict::AlreadyReceived;
        }
        if self.latest >= self.deadline(schedule, kind, 1) {
            return Verdict::TooLate;
        }
        if kind == StatementKind::Cert
            && self.agreement(StatementKind::Vote).is_none_or(|votes| votes.of(author).is_empty())
        {
            return Verdict::TooEarly;
        }
        let Some(statement) = check(signer, self.epoch, kind, author, &certificate) else { return Verdict::NotSigned };
        let is_first = self.agreement(kind).is_some_and(|agreement| agreement.of(author).is_empty());
        self.accept(kind, author, statement, Endorsements::new());
        if is_first { Verdict::Ok } else { Verdict::AlreadyReceived }
    }

    /// Processes a statement relayed by another authority.
    pub(crate) fn receive_relayed(
        &mut self,
        signer: Signer<'_>,
        schedule: &Schedule,
        relayed: &Relayed<'_>,
    ) -> RelayOutcome {
        let Subject { kind, author, digest } = relayed.subject;
        let is_settled = self.agreement(kind).is_none_or(|agreement| agreement.is_settled(author, digest));
        if is_settled || signer.key_of(author).is_none() || self.latest >= schedule.closes(kind) {
            return RelayOutcome::Settled;
        }
        let endorsements = relayed.endorsements(signer, self.epoch);
        let signers = u32::try_from(endorsements.len()).unwrap_or(u32::MAX).saturating_add(1);
        if self.latest >= self.deadline(schedule, kind, signers) {
            return RelayOutcome::Settled;
        }
        let Some(statement) = relayed.statement else { return RelayOutcome::Wanted(digest) };
        let read = Certificate::parse(statement).ok().filter(|read| Digest::of(author, read) == digest);
        if let Some(statement) = read.and_then(|read| check(signer, self.epoch, kind, author, &read)) {
            self.accept(kind, author, statement, endorsements);
        }
        RelayOutcome::Settled
    }

    fn accept(&mut self, kind: StatementKind, author: KeyHash, certificate: Vec<u8>, endorsements: Endorsements) {
        let certificate: Arc<[u8]> = certificate.into();
        let accepted = Accepted::new(kind, author, Arc::clone(&certificate), endorsements.clone());
        if self.put(kind, author, accepted) {
            self.records.push(Record::Accepted { kind, author, certificate, endorsements });
        }
    }

    fn deadline(&self, schedule: &Schedule, kind: StatementKind, signers: u32) -> Duration {
        if self.is_resumed { schedule.closes(kind) } else { schedule.deadline(kind, signers) }
    }
}
