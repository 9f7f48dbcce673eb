//! Checks of statements that depend on their bytes alone, so that all honest authorities come to
//! the same verdict.

use crate::{
    canonical::{decode_signature, with_one_signature},
    message::StatementKind,
    shared_random::{check_commit, check_reveal, voting_epoch},
    signer::Signer,
};
use mixwell_pki_types::{Certificate, Epoch, KeyHash};
use std::sync::Arc;

/// A statement with its author's signature alone, if the author signed it and it is what its kind
/// says. That depends on the bytes alone, so that all authorities judge alike.
pub(crate) fn check(
    signer: Signer<'_>,
    epoch: Epoch,
    kind: StatementKind,
    author: KeyHash,
    certificate: &Certificate<'_>,
) -> Option<Vec<u8>> {
    let verified = certificate.verify(&signer.key_of(author)?, voting_epoch(epoch)).ok()?;
    let canonical = with_one_signature(certificate, author)?;
    if canonical.len() > MAX_STATEMENT_BYTES {
        return None;
    }
    let is_good = match kind {
        StatementKind::Vote => {
            let document = verified.document_for(epoch).ok()?;
            let commit = document.commits().find(|(of, _)| *of == author);
            document.is_vote()
                && commit.is_some_and(|(_, commit)| check_commit(signer, author, epoch, commit).is_some())
        }
        StatementKind::Reveal => check_reveal(signer, author, epoch, &canonical).is_some(),
        // a vote has no reveal
        StatementKind::Cert => verified.document_for(epoch).ok()?.reveals().next().is_some(),
        StatementKind::Sig => false,
    };
    is_good.then_some(canonical)
}

/// The signature in the payload of a `sig`, if its author vouches for it.
pub(crate) fn check_signature(signer: Signer<'_>, epoch: Epoch, author: KeyHash, payload: &[u8]) -> Option<Arc<[u8]>> {
    let key = signer.key_of(author)?;
    let verified = Certificate::parse(payload).ok()?.verify(&key, voting_epoch(epoch)).ok()?;
    let (by, signature) = decode_signature(verified.payload())?;
    (by == author && signature.len() == key.scheme().signature_len()).then(|| signature.into())
}

/// A relay adds endorsements to a statement, and has to fit into what a session takes, 8 MiB.
const MAX_STATEMENT_BYTES: usize = 7 << 20;
