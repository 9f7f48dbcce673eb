//! The outcome of a round's statements: excluded authorities, valid reveals, and the resulting
//! document.

use super::Round;
use crate::{
    agreement::Outcome,
    message::StatementKind,
    shared_random::Shares,
    signer::Signer,
    tally::{Context, Tallied, document_of, payload_of, tally},
};
use mixwell_pki_types::{Commit, Document, KeyHash, Reveal};
use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

impl Round {
    /// The authorities that signed two different statements of one kind, up to the kind `last`;
    /// with that kind.
    pub(crate) fn equivocators(&self, signer: Signer<'_>, last: StatementKind) -> BTreeMap<KeyHash, StatementKind> {
        let mut equivocators = BTreeMap::new();
        for author in signer.policy.authorities.iter().map(|authority| authority.peer.id) {
            let kinds = [StatementKind::Vote, StatementKind::Reveal, StatementKind::Cert]
                .into_iter()
                .filter(|kind| *kind <= last);
            let equivocates = |kind: &StatementKind| match (kind, self.agreement(*kind)) {
                (StatementKind::Reveal, _) => matches!(self.reveal_of(author), Outcome::Several),
                (_, Some(agreement)) => matches!(agreement.outcome(author, |_| true), Outcome::Several),
                (_, None) => false,
            };
            equivocators.extend(kinds.into_iter().find(equivocates).map(|kind| (author, kind)));
        }
        equivocators
    }

    /// The reveal of an author whose vote we know. The author's commit, signed in the same form,
    /// does not count as one: anyone could resend it as a reveal.
    fn reveal_of(&self, author: KeyHash) -> Outcome<'_> {
        let (Some((_, commit)), Some(reveals)) = (self.commit_of(author), self.agreement(StatementKind::Reveal)) else {
            return Outcome::Nothing;
        };
        reveals.outcome(author, |reveal| payload_of(&reveal.certificate) != Some(commit.as_bytes()))
    }

    /// The commit in an author's only vote: its certificate and its content.
    pub(super) fn commit_of(&self, author: KeyHash) -> Option<&(Arc<[u8]>, Commit)> {
        let Outcome::One(vote) = self.agreement(StatementKind::Vote)?.outcome(author, |_| true) else { return None };
        vote.commit.as_ref()
    }

    pub(super) fn commits(&self, signer: Signer<'_>) -> Vec<Commit> {
        let authors = signer.policy.authorities.iter().map(|authority| authority.peer.id);
        authors.filter_map(|author| self.commit_of(author)).map(|(_, commit)| *commit).collect()
    }

    /// The certificates of matching commits and reveals, by author. Commits without a reveal are
    /// omitted.
    pub(super) fn shares(&self, signer: Signer<'_>) -> BTreeMap<KeyHash, (Vec<u8>, Vec<u8>)> {
        let equivocators = self.equivocators(signer, StatementKind::Reveal);
        let share = |author: KeyHash| {
            let (certificate, commit) = self.commit_of(author)?;
            let Outcome::One(reveal) = self.reveal_of(author) else { return None };
            let read = Reveal::parse(payload_of(&reveal.certificate)?).ok()?;
            commit.check(&read).ok()?;
            Some((author, (certificate.to_vec(), reveal.certificate.to_vec())))
        };
        let authors = signer.policy.authorities.iter().map(|authority| authority.peer.id);
        authors.filter(|author| !equivocators.contains_key(author)).filter_map(share).collect()
    }

    /// The tally of the votes of authorities that did not equivocate in statements up to the kind
    /// `last`.
    pub(super) fn tally<'c>(
        &self,
        signer: Signer<'_>,
        context: &Context<'c>,
        last: StatementKind,
    ) -> Option<Tallied<'c>> {
        let equivocators = self.equivocators(signer, last);
        let votes = signer.policy.authorities.iter().filter(|authority| !equivocators.contains_key(&authority.peer.id));
        let document = |author: KeyHash| match self.agreement(StatementKind::Vote)?.outcome(author, |_| true) {
            Outcome::One(vote) => document_of(&vote.certificate),
            Outcome::Nothing | Outcome::Several => None,
        };
        let votes: Vec<Document<'_>> = votes.filter_map(|authority| document(authority.peer.id)).collect();
        tally(context, &votes).inspect_err(|error| tracing::warn!(epoch = %self.epoch, %error, "made no document")).ok()
    }

    /// The consensus that results from the votes and certificates.
    pub(super) fn consensus(&self, signer: Signer<'_>, context: &Context<'_>) -> Option<Vec<u8>> {
        let tallied = self.tally(signer, context, StatementKind::Cert)?;
        let equivocators: BTreeSet<KeyHash> = self.equivocators(signer, StatementKind::Cert).into_keys().collect();
        let mut shares = Shares::new(signer, self.epoch);
        for (author, document) in self.certificates(signer) {
            if let Err(fault) = shares.add(author, &document) {
                let authority = signer.policy.name_of(author);
                tracing::warn!(epoch = %self.epoch, authority, %fault, "certificate has invalid shared random");
            }
        }
        for author in signer.policy.authorities.iter().map(|authority| authority.peer.id) {
            if let Some((_, commit)) = self.commit_of(author) {
                shares.add_commit(author, commit);
            }
        }
        let (reveals, want) = (shares.reveals(&equivocators), signer.policy.authorities.threshold());
        if reveals.len() < want {
            tracing::warn!(epoch = %self.epoch, got = reveals.len(), want, "made no document: too few reveals");
            return None;
        }
        let value = Shares::value(self.epoch, reveals, context.previous.as_ref());
        let encoded = tallied.consensus(value).encode();
        let document = Document::parse(&encoded).ok()?;
        document
            .check(&[], &mut vec![KeyHash::default(); document.nodes().len()])
            .inspect_err(
                |fault| tracing::warn!(epoch = %self.epoch, %fault, "made no document: it would not be well-formed"),
            )
            .ok()?;
        Some(encoded)
    }

    /// The certificates of authorities that voted and made exactly one certificate.
    pub(crate) fn certificates(&self, signer: Signer<'_>) -> Vec<(KeyHash, Document<'_>)> {
        let equivocators = self.equivocators(signer, StatementKind::Cert);
        let authors = signer.policy.authorities.iter().map(|authority| authority.peer.id);
        let certificate = |author: KeyHash| {
            let Outcome::One(certificate) = self.agreement(StatementKind::Cert)?.outcome(author, |_| true) else {
                return None;
            };
            self.commit_of(author)?;
            Some((author, document_of(&certificate.certificate)?))
        };
        authors.filter(|author| !equivocators.contains_key(author)).filter_map(certificate).collect()
    }
}
