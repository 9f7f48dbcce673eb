//! Signatures over the consensus.

use super::{Round, check::check_signature};
use crate::{canonical::into_vec, journal::Record, message::Verdict, shared_random::voting_epoch, signer::Signer};
use mixwell_pki_types::{Certificate, KeyHash};
use std::sync::Arc;

impl Round {
    /// The consensus certificate with its number of signatures, if enough authorities signed it.
    pub(crate) fn agreed(&self, threshold: usize) -> Option<(Arc<[u8]>, usize)> {
        let signed = self.signed.as_ref().filter(|signed| signed.signers.len() >= threshold)?;
        Some((Arc::clone(&signed.certificate), signed.signers.len()))
    }

    /// Number of authorities that have signed our document; `None` if we signed none.
    pub(crate) fn signers(&self) -> Option<usize> {
        self.signed.as_ref().map(|signed| signed.signers.len())
    }

    /// Processes another authority's signature over the consensus.
    pub(crate) fn receive_signature(&mut self, signer: Signer<'_>, author: KeyHash, payload: &[u8]) -> Verdict {
        let Some(signature) = check_signature(signer, self.epoch, author, payload) else { return Verdict::NotSigned };
        let is_known = self.signed.as_ref().is_some_and(|signed| signed.signers.contains(&author));
        if is_known || self.early.contains_key(&author) {
            return Verdict::AlreadyReceived;
        }
        if self.signed.is_none() {
            self.records.push(Record::Signature(author, Arc::clone(&signature)));
            self.early.insert(author, signature);
            return Verdict::Ok;
        }
        if self.add_signature(signer, author, &signature) {
            self.records.push(Record::Signature(author, signature));
            Verdict::Ok
        } else {
            let authority = signer.policy.name_of(author);
            tracing::warn!(epoch = %self.epoch, authority, "authority signed another document than ours");
            Verdict::NotSigned
        }
    }

    /// Adds signatures received before our own was made, or read from the journal.
    pub(crate) fn add_early_signatures(&mut self, signer: Signer<'_>) {
        if self.signed.is_none() {
            return;
        }
        for (author, signature) in core::mem::take(&mut self.early) {
            if !self.add_signature(signer, author, &signature) {
                let authority = signer.policy.name_of(author);
                tracing::warn!(epoch = %self.epoch, authority, "authority signed another document than ours");
            }
        }
    }

    fn add_signature(&mut self, signer: Signer<'_>, author: KeyHash, signature: &[u8]) -> bool {
        let (Some(ours), Some(key)) = (&mut self.signed, signer.key_of(author)) else { return false };
        let now = voting_epoch(self.epoch);
        let Ok(read) = Certificate::parse(&ours.certificate) else { return false };
        let Ok(more) = into_vec(|out| read.add_signature(&key, signature, now, out)) else { return false };
        ours.certificate = more.into();
        ours.signers.insert(author)
    }
}
