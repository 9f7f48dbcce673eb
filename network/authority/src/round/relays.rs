//! Relays to other authorities: our endorsements of the statements that we accepted.

use super::Round;
use crate::{
    agreement::Agreement,
    canonical::Digest,
    message::StatementKind,
    relay::{self, Entry, Subject},
    signer::Signer,
    tally::payload_of,
};
use chacha20::ChaCha20Rng;
use std::sync::Arc;

impl Round {
    /// Endorses the statements of a kind that were accepted since the last relay. Returns a relay
    /// of them without the statements themselves; `None` if there are none.
    pub(crate) fn relay(&mut self, signer: Signer<'_>, kind: StatementKind, rng: &mut ChaCha20Rng) -> Option<Vec<u8>> {
        let epoch = self.epoch;
        // a commit that its author sent as a reveal does not count
        let commits = if kind == StatementKind::Reveal { self.commits(signer) } else { Vec::new() };
        let mut items = Vec::new();
        for (author, accepted) in self.agreement_mut(kind)?.unrelayed() {
            accepted.is_relayed = true;
            let is_commit = commits.iter().any(|commit| payload_of(&accepted.certificate) == Some(commit.as_bytes()));
            let subject = Subject { kind, author, digest: accepted.digest };
            if let Some(signature) = relay::endorse(signer, epoch, &subject, rng).filter(|_| !is_commit) {
                accepted.endorsements.insert(signer.id(), signature);
                let endorsement = relay::endorsement(signer, epoch, &subject, &accepted.endorsements);
                items.push(Entry { endorsement, statement: None });
            }
        }
        if items.is_empty() { None } else { Some(relay::encode_relay(&items)) }
    }

    /// A relay of one statement that we have endorsed, for a peer that lacks it.
    pub(crate) fn complete_relay(&self, signer: Signer<'_>, digest: Digest) -> Option<Vec<u8>> {
        let found = |agreement: &Agreement| {
            let (author, accepted) = agreement.by_digest(digest)?;
            let subject = Subject { kind: agreement.kind(), author, digest };
            let is_endorsed = accepted.endorsements.contains_key(&signer.id());
            let endorsement = relay::endorsement(signer, self.epoch, &subject, &accepted.endorsements);
            let statement = Some(Arc::clone(&accepted.certificate));
            is_endorsed.then_some(Entry { endorsement, statement })
        };
        Some(relay::encode_relay(&[self.agreements.iter().find_map(found)?]))
    }
}
