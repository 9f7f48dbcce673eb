//! The statements of a round, and the shared random value and signatures that follow from them.

use super::{document::Settings, payload_of};
use crate::reference::command::StatementKind;
use chacha20::ChaCha20Rng;
use mixwell_net::keys::Identity;
use mixwell_pki_types::{
    Certificate, Commit, Document, Epoch, KeyHash, Reveal, SignError, VerifyingKey,
    build::{DocumentBuilder, encode},
    cbor::{Item, Kind},
    certify, shared_random_value,
};
use std::collections::{BTreeMap, BTreeSet};

/// The round about one epoch.
pub(super) struct Round {
    epoch: Epoch,
    /// The votes were due before this authority started.
    is_late: bool,
    begun: BTreeSet<StatementKind>,
    /// Statements, this authority's own among them, by kind and author.
    statements: BTreeMap<(StatementKind, KeyHash), Vec<u8>>,
    /// The reveal of our own commit, until its time comes.
    reveal: Option<Vec<u8>>,
    /// The consensus with our signature.
    signed: Option<Vec<u8>>,
    /// Our own certificate was bad: the round is over for this authority.
    is_stopped: bool,
}

/// A commit and its reveal.
#[derive(Clone, PartialEq, Eq)]
struct Share {
    commit: Vec<u8>,
    reveal: Vec<u8>,
}

impl Round {
    pub(super) const fn new(epoch: Epoch, is_late: bool) -> Self {
        Self {
            epoch,
            is_late,
            begun: BTreeSet::new(),
            statements: BTreeMap::new(),
            reveal: None,
            signed: None,
            is_stopped: false,
        }
    }

    pub(super) const fn epoch(&self) -> Epoch {
        self.epoch
    }

    /// The epoch in which the round takes place, for which its certificates have to be valid.
    const fn voting_epoch(&self) -> Epoch {
        Epoch(self.epoch.0.saturating_sub(1))
    }

    /// Whether a step is to be taken now: once in a round, and not by an authority that came late.
    pub(super) fn begin(&mut self, kind: StatementKind) -> bool {
        self.begun.insert(kind) && !self.is_late && !self.is_stopped
    }

    /// Notes a statement that was checked; false if there is one of its kind and author.
    pub(super) fn insert(&mut self, kind: StatementKind, author: KeyHash, payload: &[u8]) -> bool {
        let is_new = !self.has(kind, author);
        self.statements.entry((kind, author)).or_insert_with(|| payload.to_vec());
        is_new
    }

    pub(super) fn has(&self, kind: StatementKind, author: KeyHash) -> bool {
        self.statements.contains_key(&(kind, author))
    }

    /// Whether a statement is its author's, and of its kind (`docs/spec/authority.md#answers`).
    /// Votes and certificates are not checked for more when they come.
    pub(super) fn is_good(&self, kind: StatementKind, key: &VerifyingKey<'_>, payload: &[u8]) -> bool {
        let Ok(certificate) = Certificate::parse(payload) else { return false };
        let Ok(verified) = certificate.verify(key, self.voting_epoch()) else { return false };
        match kind {
            StatementKind::Vote | StatementKind::Cert => {
                verified.document_for(self.epoch).is_ok_and(|document| document.epoch() == self.epoch)
            }
            StatementKind::Reveal => Reveal::parse(verified.payload()).is_ok_and(|reveal| reveal.epoch() == self.epoch),
            StatementKind::Sig => decode_signature(verified.payload()).is_some_and(|(by, _)| by == key.hash()),
        }
    }

    /// The documents of all votes.
    pub(super) fn votes(&self) -> Vec<Document<'_>> {
        self.documents(StatementKind::Vote).into_iter().map(|(_, document)| document).collect()
    }

    /// Our vote: the document with our commit alone.
    pub(super) fn vote(
        &mut self,
        identity: &Identity,
        mut document: DocumentBuilder,
        rng: &mut ChaCha20Rng,
    ) -> Option<Vec<u8>> {
        let reveal = Reveal::generate(self.epoch, rng);
        let commit = certificate(identity, reveal.commit().as_bytes(), self.epoch, rng)?;
        self.reveal = certificate(identity, reveal.as_bytes(), self.epoch, rng);
        document.commits = Some([(identity.id(), commit)].into());
        let vote = certificate(identity, &document.encode(), self.epoch.plus(super::LIFETIME), rng)?;
        self.insert(StatementKind::Vote, identity.id(), &vote);
        if let Some(reveal) = self.reveal.clone() {
            self.insert(StatementKind::Reveal, identity.id(), &reveal);
        }
        Some(vote)
    }

    pub(super) fn own_reveal(&self) -> Option<Vec<u8>> {
        self.reveal.clone()
    }

    /// Our certificate: the tallied document with all commits and reveals. One commit without its
    /// reveal is enough for there to be none
    /// (`docs/spec/authority.md#weaknesses-of-the-reference`).
    pub(super) fn cert(
        &mut self,
        identity: &Identity,
        mut document: DocumentBuilder,
        settings: &Settings,
        rng: &mut ChaCha20Rng,
    ) -> Option<Vec<u8>> {
        let mut commits = BTreeMap::new();
        for (author, vote) in self.documents(StatementKind::Vote) {
            commits.extend(vote.commits().filter(|(of, _)| *of == author).map(|(of, bytes)| (of, bytes.to_vec())));
        }
        let reveals = self.statements.iter().filter(|((kind, _), _)| *kind == StatementKind::Reveal);
        (document.commits, document.reveals) =
            (Some(commits), Some(reveals.map(|((_, author), bytes)| (*author, bytes.clone())).collect()));
        let encoded = document.encode();
        if self.shares(settings, &Document::parse(&encoded).ok()?).is_none() {
            self.is_stopped = true;
            return None;
        }
        let cert = certificate(identity, &encoded, self.epoch.plus(super::LIFETIME), rng)?;
        self.insert(StatementKind::Cert, identity.id(), &cert);
        Some(cert)
    }

    /// The value over the reveals of those who count (`docs/spec/authority.md#participants`).
    pub(super) fn shared_random_value(&self, settings: &Settings, previous: Option<&Document<'_>>) -> Option<[u8; 32]> {
        let (mut all, mut out) = (BTreeMap::<KeyHash, Share>::new(), BTreeSet::new());
        for (sender, cert) in self.documents(StatementKind::Cert) {
            let Some(shares) = self.shares(settings, &cert) else {
                out.insert(sender);
                continue;
            };
            for (of, share) in shares {
                if *all.entry(of).or_insert_with(|| share.clone()) != share {
                    out.insert(of);
                }
            }
        }
        let counts = all.into_iter().filter(|(of, _)| !out.contains(of));
        let mut reveals: Vec<(KeyHash, Reveal)> =
            counts.map(|(of, share)| Some((of, Reveal::parse(&share.reveal).ok()?))).collect::<Option<_>>()?;
        let is_enough = reveals.len() >= settings.authorities.threshold();
        is_enough.then(|| shared_random_value(self.epoch, &mut reveals, previous.map(Document::shared_random_value)))
    }

    /// The commits and reveals of a certificate; `None` if its sender should have seen that one is
    /// bad.
    fn shares(&self, settings: &Settings, document: &Document<'_>) -> Option<BTreeMap<KeyHash, Share>> {
        let keys = settings.authorities.keys();
        let verified = |of: KeyHash, bytes: &[u8]| {
            let key = keys.iter().find(|key| key.hash() == of)?;
            Some(Certificate::parse(bytes).ok()?.verify(key, self.voting_epoch()).ok()?.payload().to_vec())
        };
        let reveals: BTreeMap<KeyHash, &[u8]> = document.reveals().collect();
        let mut shares = BTreeMap::new();
        for (of, commit) in document.commits() {
            let share = Share { commit: verified(of, commit)?, reveal: verified(of, reveals.get(&of)?)? };
            let commit = Commit::parse(&share.commit).ok().filter(|commit| commit.epoch() == self.epoch)?;
            commit.check(&Reveal::parse(&share.reveal).ok()?).ok()?;
            shares.insert(of, share);
        }
        (shares.len() == reveals.len()).then_some(shares)
    }

    /// Signs the consensus; the payload of our `sig`.
    pub(super) fn sign(&mut self, identity: &Identity, document: &[u8], rng: &mut ChaCha20Rng) -> Option<Vec<u8>> {
        let parsed = Document::parse(document).ok()?;
        parsed.check(&[], &mut vec![KeyHash::default(); parsed.nodes().len()]).ok()?;
        let signed = certificate(identity, document, self.epoch.plus(super::LIFETIME), rng)?;
        let signature = Certificate::parse(&signed).ok()?.signature_by(identity.id())?.to_vec();
        self.signed = Some(signed);
        let payload = encode(|writer| {
            writer.map(2).text("Payload").bytes(&signature).text("PublicKeySum256").bytes(&identity.id().0);
        });
        certificate(identity, &payload, self.epoch, rng)
    }

    /// The consensus with all good signatures, if there are enough.
    pub(super) fn consensus(&self, settings: &Settings) -> Option<Vec<u8>> {
        let mut consensus = self.signed.clone()?;
        for key in settings.authorities.keys() {
            let Some(sig) = self.statements.get(&(StatementKind::Sig, key.hash())) else { continue };
            let Some((_, signature)) = payload_of(sig).and_then(decode_signature) else { continue };
            let read = Certificate::parse(&consensus).ok()?;
            let added = to_vec(|out| read.add_signature(&key, signature, self.voting_epoch(), out));
            consensus = added.unwrap_or(consensus);
        }
        let signers = Certificate::parse(&consensus).ok()?.signers().count();
        (signers >= settings.authorities.threshold()).then_some(consensus)
    }

    fn documents(&self, kind: StatementKind) -> Vec<(KeyHash, Document<'_>)> {
        let of_kind = self.statements.iter().filter(|((of, _), _)| *of == kind);
        of_kind.filter_map(|((_, author), bytes)| Some((*author, Document::parse(payload_of(bytes)?).ok()?))).collect()
    }
}

/// A certificate with our signature.
fn certificate(identity: &Identity, payload: &[u8], expiration: Epoch, rng: &mut ChaCha20Rng) -> Option<Vec<u8>> {
    let key = identity.signing().ok()?;
    to_vec(|out| certify(payload, expiration, &key, rng, out))
}

/// The output of a function that is called once to measure and once to write.
fn to_vec(mut write: impl FnMut(&mut [u8]) -> Result<usize, SignError>) -> Option<Vec<u8>> {
    let Err(SignError::Buffer(error)) = write(&mut []) else { return None };
    let mut out = vec![0; error.need];
    write(&mut out).ok().map(|_| out)
}

/// The signer and the signature of a `sig`.
fn decode_signature(bytes: &[u8]) -> Option<(KeyHash, &[u8])> {
    let Kind::Map(fields) = Item::parse(bytes).ok()?.kind() else { return None };
    let (mut signer, mut signature) = (None, None);
    for (name, value) in fields {
        match (name.kind(), value.kind()) {
            (Kind::Text("PublicKeySum256"), Kind::Bytes(bytes)) => signer = bytes.try_into().ok().map(KeyHash),
            (Kind::Text("Payload"), Kind::Bytes(bytes)) => signature = Some(bytes),
            _ => {}
        }
    }
    signer.zip(signature)
}
