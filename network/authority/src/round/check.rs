//! Checks of statements, which depend only on their bytes, so that all honest authorities reach the
//! same verdict.

use crate::{
    canonical::{decode_signature, with_one_signature},
    message::StatementKind,
    shared_random::{check_commit, check_reveal, voting_epoch},
    signer::Signer,
};
use mixwell_pki_types::{Certificate, Epoch, KeyHash};
use std::sync::Arc;

/// The statement with only its author's signature, if the author signed it and its content matches
/// its kind. The result depends only on the bytes, so that all authorities agree on it.
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

/// The signature in the payload of a `sig`, if its author has signed it.
pub(crate) fn check_signature(signer: Signer<'_>, epoch: Epoch, author: KeyHash, payload: &[u8]) -> Option<Arc<[u8]>> {
    let key = signer.key_of(author)?;
    let verified = Certificate::parse(payload).ok()?.verify(&key, voting_epoch(epoch)).ok()?;
    let (by, signature) = decode_signature(verified.payload())?;
    (by == author && signature.len() == key.scheme().signature_len()).then(|| signature.into())
}

/// Maximum length of a statement: with endorsements, a relay of it has to fit in a session's 8 MiB.
const MAX_STATEMENT_BYTES: usize = 7 << 20;
