//! One round: what the authorities say to each other in an epoch about the next one.

mod forms;

use super::{
    message::Kind,
    permitted::Rules,
    tally::{self, Said, check_commit, check_reveal},
};
use crate::network::keys::Identity;
use chacha20::ChaCha20Rng;
use forms::{decode_signature, encode_signature, grow, normalised};
use mixwell_pki_types::{
    Certificate, Document, Epoch, KeyHash, LIFETIME, Reveal, SchemeError, SignError, VerifyingKey,
    build::DocumentBuilder, certify,
};
use mixwell_wire::{CertStatus, RevealStatus, SigStatus, VoteStatus};
use std::{collections::BTreeMap, sync::Arc};

/// The round about an epoch. What it holds is bounded by the number of authorities.
pub(super) struct Round {
    epoch: Epoch,
    said: BTreeMap<KeyHash, Said>,
    /// Our reveal, which nobody may see before all commits are in.
    own_reveal: Option<Vec<u8>>,
    /// Each authority's certificate of the document as it sees it.
    certs: BTreeMap<KeyHash, Arc<[u8]>>,
    /// The certificate of the document that we signed, with the others' signatures as they come.
    certificate: Option<Vec<u8>>,
    /// Who signed that.
    signers: Vec<KeyHash>,
}

/// What each authority needs to take part.
#[derive(Clone, Copy)]
pub(super) struct Own<'a> {
    pub(super) identity: &'a Identity,
    pub(super) rules: &'a Rules,
}

impl Own<'_> {
    fn key_of(&self, id: KeyHash) -> Option<VerifyingKey<'_>> {
        let authority = self.rules.authorities.by_id(id)?;
        VerifyingKey::new(self.rules.scheme(), &authority.identity).ok()
    }

    fn certify(&self, payload: &[u8], epoch: Epoch, rng: &mut ChaCha20Rng) -> Result<Vec<u8>, SchemeError> {
        let key = self.identity.signing()?;
        let signed = grow(|out| certify(payload, epoch.plus(LIFETIME), &key, rng, out));
        signed.map_err(|error| if let SignError::Scheme(error) = error { error } else { SchemeError::Key })
    }
}

impl Round {
    pub(super) fn new(epoch: Epoch) -> Self {
        Self {
            epoch,
            said: BTreeMap::new(),
            own_reveal: None,
            certs: BTreeMap::new(),
            certificate: None,
            signers: Vec::new(),
        }
    }

    pub(super) const fn epoch(&self) -> Epoch {
        self.epoch
    }

    /// Makes our vote: `document` with a fresh commit.
    pub(super) fn vote(
        &mut self,
        own: Own<'_>,
        mut document: DocumentBuilder,
        rng: &mut ChaCha20Rng,
    ) -> Result<Arc<[u8]>, SchemeError> {
        let id = own.identity.id();
        let reveal = Reveal::generate(self.epoch, rng);
        let commit = own.certify(reveal.commit().as_bytes(), self.epoch, rng)?;
        self.own_reveal = Some(own.certify(reveal.as_bytes(), self.epoch, rng)?);
        document.commits = Some(BTreeMap::from([(id, commit.clone())]));
        let vote: Arc<[u8]> = own.certify(&document.encode(), self.epoch, rng)?.into();
        self.said.insert(id, Said { vote: Some(Arc::clone(&vote)), commit: Some(commit), ..Said::default() });
        Ok(vote)
    }

    /// Our reveal, now that its time has come.
    pub(super) fn reveal(&mut self, own: Own<'_>) -> Option<Arc<[u8]>> {
        let reveal = self.own_reveal.take()?;
        self.said.entry(own.identity.id()).or_default().reveal = Some(reveal.clone());
        Some(reveal.into())
    }

    /// The document as we see it, signed.
    pub(super) fn certificate(&mut self, own: Own<'_>, rng: &mut ChaCha20Rng) -> Option<Arc<[u8]>> {
        let document = match tally::tally(own.rules, self.epoch, &self.said) {
            Ok(document) => document,
            Err(error) => {
                tracing::warn!(epoch = %self.epoch, %error, "no document");
                self.certificate = None;
                return None;
            }
        };
        let keys = own.rules.authorities.keys();
        let nodes = Document::parse(&document).map_or(0, |document| document.nodes().len());
        let checked =
            Document::parse(&document).map(|document| document.check(&keys, &mut vec![KeyHash::default(); nodes]));
        if !matches!(checked, Ok(Ok(()))) {
            tracing::warn!(epoch = %self.epoch, ?checked, "the document is not well-formed");
            return None;
        }
        let signed = own.certify(&document, self.epoch, rng).ok()?;
        self.signers = vec![own.identity.id()];
        self.certificate = Some(signed.clone());
        Some(signed.into())
    }

    /// The document after all certificates are in, and our signature of it.
    pub(super) fn sign(&mut self, own: Own<'_>, rng: &mut ChaCha20Rng) -> Option<Arc<[u8]>> {
        let before = self.certificate.take();
        let document = tally::tally(own.rules, self.epoch, &self.said).ok();
        let unchanged = before.filter(|before| tally::payload_of(before) == document.as_deref());
        if let Some(certificate) = unchanged {
            self.certificate = Some(certificate);
        } else {
            self.certificate(own, rng)?;
        }
        let id = own.identity.id();
        let own_signature = Certificate::parse(self.certificate.as_ref()?).ok()?.signature_by(id)?.to_vec();
        for (signer, certificate) in core::mem::take(&mut self.certs) {
            if tally::payload_of(&certificate) == document.as_deref()
                && let Some(signature) =
                    Certificate::parse(&certificate).ok().and_then(|read| read.signature_by(signer).map(<[u8]>::to_vec))
            {
                self.add_signature(own, signer, &signature);
            }
        }
        Some(encode_signature(id, &own_signature).into())
    }

    /// The certificate, if enough authorities signed it.
    pub(super) fn agreed(&self, rules: &Rules) -> Option<(Arc<[u8]>, usize)> {
        let certificate = self.certificate.as_ref().filter(|_| self.signers.len() >= rules.authorities.threshold())?;
        Some((certificate.as_slice().into(), self.signers.len()))
    }

    /// Another's vote.
    pub(super) fn take_vote(&mut self, own: Own<'_>, by: KeyHash, payload: &[u8]) -> VoteStatus {
        let Some(key) = own.key_of(by) else { return VoteStatus::NotAuthorized };
        let Ok(certificate) = Certificate::parse(payload) else { return VoteStatus::Malformed };
        let Ok(verified) = certificate.verify(&key, self.epoch) else { return VoteStatus::NotSigned };
        let Ok(document) = verified.document() else { return VoteStatus::Malformed };
        let Some(commit) = self.check_vote(own, by, &document) else { return VoteStatus::Malformed };
        let Some(vote) = normalised(payload, by) else { return VoteStatus::NotSigned };
        let said = self.said.entry(by).or_default();
        match &said.vote {
            Some(before) if **before == *vote => return VoteStatus::AlreadyReceived,
            Some(_) => {
                equivocates(said, by, "votes");
                return VoteStatus::AlreadyReceived;
            }
            None => said.vote = Some(vote.into()),
        }
        put(&mut said.commit, commit).unwrap_or_else(|Differs| equivocates(said, by, "commits"));
        VoteStatus::Ok
    }

    /// Another's reveal.
    pub(super) fn take_reveal(&mut self, own: Own<'_>, by: KeyHash, payload: &[u8]) -> RevealStatus {
        let Some(key) = own.key_of(by) else { return RevealStatus::NotAuthorized };
        let Some(reveal) = check_reveal(payload, &key, self.epoch) else { return RevealStatus::NotSigned };
        let Some(normal) = normalised(payload, by) else { return RevealStatus::NotSigned };
        let epoch = self.epoch;
        let said = self.said.entry(by).or_default();
        let commit = said.commit.as_ref().and_then(|commit| check_commit(commit, &key, epoch));
        if commit.is_some_and(|commit| commit.check(&reveal).is_err()) {
            return RevealStatus::NotSigned;
        }
        match &said.reveal {
            Some(before) if *before != normal => {
                equivocates(said, by, "reveals");
                RevealStatus::AlreadyReceived
            }
            Some(_) => RevealStatus::AlreadyReceived,
            None => {
                said.reveal = Some(normal);
                RevealStatus::Ok
            }
        }
    }

    /// Another's certificate of the document as it sees it, which tells us what commits and reveals it has.
    pub(super) fn take_cert(&mut self, own: Own<'_>, by: KeyHash, payload: &[u8]) -> CertStatus {
        let Some(key) = own.key_of(by) else { return CertStatus::NotAuthorized };
        let document = Certificate::parse(payload).ok().and_then(|read| read.verify(&key, self.epoch).ok());
        let Some(document) = document.and_then(|verified| verified.document().ok()) else {
            return CertStatus::NotSigned;
        };
        if document.epoch() != self.epoch {
            return CertStatus::NotSigned;
        }
        if self.certs.contains_key(&by) {
            return CertStatus::AlreadyReceived;
        }
        for (of, commit) in document.commits() {
            self.learn(own, of, commit, Kind::Vote);
        }
        for (of, reveal) in document.reveals() {
            self.learn(own, of, reveal, Kind::Reveal);
        }
        self.certs.insert(by, payload.into());
        CertStatus::Ok
    }

    /// Another's signature of the document.
    pub(super) fn take_sig(&mut self, own: Own<'_>, by: KeyHash, payload: &[u8]) -> SigStatus {
        if own.key_of(by).is_none() {
            return SigStatus::NotAuthorized;
        }
        let Some((signer, signature)) = decode_signature(payload) else { return SigStatus::NotSigned };
        if signer != by {
            return SigStatus::NotSigned;
        }
        if self.signers.contains(&by) {
            return SigStatus::AlreadyReceived;
        }
        if self.add_signature(own, by, signature) { SigStatus::Ok } else { SigStatus::Invalid }
    }

    /// The vote of an authority.
    pub(super) fn vote_of(&self, id: KeyHash) -> Option<Arc<[u8]>> {
        self.said.get(&id)?.vote.clone()
    }

    fn add_signature(&mut self, own: Own<'_>, by: KeyHash, signature: &[u8]) -> bool {
        let (Some(certificate), Some(key)) = (&self.certificate, own.key_of(by)) else { return false };
        if self.signers.contains(&by) {
            return false;
        }
        let Ok(read) = Certificate::parse(certificate) else { return false };
        let Ok(more) = grow(|out| read.add_signature(&key, signature, self.epoch, out)) else { return false };
        self.certificate = Some(more);
        self.signers.push(by);
        true
    }

    /// The commit of a vote, if the vote says nothing that it may not.
    fn check_vote(&self, own: Own<'_>, by: KeyHash, vote: &Document<'_>) -> Option<Vec<u8>> {
        let keys = own.rules.authorities.keys();
        let mut memory = vec![KeyHash::default(); vote.nodes().len()];
        if vote.epoch() != self.epoch || !vote.is_vote() || vote.check(&keys, &mut memory).is_err() {
            return None;
        }
        let permitted = vote.nodes().all(|node| own.rules.permits(&node.descriptor(), self.epoch).is_ok());
        let (of, commit) = vote.commits().next()?;
        if !permitted || of != by { None } else { normalised(commit, by) }
    }

    /// A commit or reveal that we are told of by another than the one who made it.
    fn learn(&mut self, own: Own<'_>, of: KeyHash, certificate: &[u8], kind: Kind) {
        let Some(key) = own.key_of(of) else { return };
        let good = match kind {
            Kind::Vote => check_commit(certificate, &key, self.epoch).is_some(),
            _ => check_reveal(certificate, &key, self.epoch).is_some(),
        };
        let Some(normal) = normalised(certificate, of).filter(|_| good) else { return };
        let said = self.said.entry(of).or_default();
        let place = if kind == Kind::Vote { &mut said.commit } else { &mut said.reveal };
        put(place, normal).unwrap_or_else(|Differs| equivocates(said, of, "commits or reveals"));
    }
}

fn equivocates(said: &mut Said, by: KeyHash, what: &str) {
    if !said.equivocates {
        tracing::error!(authority = %by, "two different {what} of one authority: it is left out");
    }
    said.equivocates = true;
}

struct Differs;

/// Puts what has no value yet.
fn put(place: &mut Option<Vec<u8>>, value: Vec<u8>) -> Result<(), Differs> {
    match place {
        Some(before) if *before != value => Err(Differs),
        _ => {
            *place = Some(value);
            Ok(())
        }
    }
}
