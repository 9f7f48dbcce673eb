//! One round: what the authorities say to each other in an epoch about the next one.

use crate::{
    agreement::{Accepted, Agreement, Outcome},
    canonical::{Digest, decode_signature, encode_signature, into_vec, with_one_signature},
    journal::Record,
    message::{Kind, Verdict},
    relay,
    relay::{Endorsements, Entry, Relayed, Subject},
    schedule::Schedule,
    shared_random::{Shares, check_commit, check_reveal, voting_epoch},
    signer::Signer,
    tally::{Context, Tallied, document_of, payload_of, tally},
};
use chacha20::ChaCha20Rng;
use core::time::Duration;
use mixwell_pki_types::{
    Certificate, Commit, Document, Epoch, KeyHash, LIFETIME, Reveal, SchemeError, build::DocumentBuilder,
};
use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

/// The round about an epoch. What it holds is bounded by the number of authorities.
pub(super) struct Round {
    epoch: Epoch,
    /// Votes, reveals and certificates, of ourselves too.
    agreements: [Agreement; 3],
    /// The statements that we made.
    own: BTreeMap<Kind, Arc<[u8]>>,
    /// Our reveal, which nobody may see before all commits are in.
    secret: Option<Arc<[u8]>>,
    /// The one document that we sign in this round.
    signed: Option<Signed>,
    /// Signatures of others that came before we had a document.
    early: BTreeMap<KeyHash, Arc<[u8]>>,
    /// What was done of the schedule.
    pub(super) done: usize,
    /// The latest time in the epoch that was seen: deadlines stay passed when the clock steps back.
    latest: Duration,
    /// We may have missed relays, and accept statements until the end of their eighth.
    is_resumed: bool,
    /// We say nothing in this round, as we do not know what we said before.
    pub(super) is_mute: bool,
    records: Vec<Record>,
}

/// A document that we signed.
struct Signed {
    /// The certificate with our signature, and those of others as they come.
    certificate: Arc<[u8]>,
    signers: BTreeSet<KeyHash>,
}

/// What became of a relayed statement.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum RelayOutcome {
    /// It was accepted now or before, or does not count.
    Settled,
    /// It would be accepted, but did not come along.
    Wanted(Digest),
}

impl Round {
    pub(super) const fn new(epoch: Epoch) -> Self {
        let agreements = [Agreement::new(Kind::Vote), Agreement::new(Kind::Reveal), Agreement::new(Kind::Cert)];
        Self {
            epoch,
            agreements,
            own: BTreeMap::new(),
            secret: None,
            signed: None,
            early: BTreeMap::new(),
            done: 0,
            latest: Duration::ZERO,
            is_resumed: false,
            is_mute: false,
            records: Vec::new(),
        }
    }

    /// The round as its journal has it.
    pub(super) fn restore(epoch: Epoch, own_id: KeyHash, records: Vec<Record>) -> Self {
        let mut round = Self::new(epoch);
        for record in records {
            match record {
                Record::Descriptor(_) | Record::Replica(_) => {}
                Record::Damaged => round.is_mute = true,
                Record::Secret(reveal) => round.secret = Some(reveal),
                Record::Own(kind, certificate) => {
                    round.accept_own(kind, own_id, &certificate);
                    round.own.insert(kind, certificate);
                }
                Record::Accepted { kind, author, certificate, endorsements } => {
                    round.put(kind, author, Accepted::new(kind, author, certificate, endorsements));
                }
                Record::Signed(certificate) => {
                    round.signed = Some(Signed { certificate, signers: [own_id].into() });
                }
                Record::Signature(author, signature) => {
                    round.early.insert(author, signature);
                }
            }
        }
        round
    }

    pub(super) const fn epoch(&self) -> Epoch {
        self.epoch
    }

    /// What is to be on disk before anything is sent.
    pub(super) fn take_records(&mut self) -> Vec<Record> {
        core::mem::take(&mut self.records)
    }

    /// Begins the round, or goes on with it: what is due is done again, with the statements made before.
    pub(super) const fn resume(&mut self, is_resumed: bool) {
        (self.done, self.latest, self.is_resumed) = (0, Duration::ZERO, is_resumed);
    }

    /// Whether we have made a statement in this round.
    pub(super) fn has_spoken(&self) -> bool {
        !self.own.is_empty()
    }

    /// Notes the time in the epoch, and gives the latest that was noted.
    pub(super) fn observe(&mut self, elapsed: Duration) -> Duration {
        self.latest = self.latest.max(elapsed);
        self.latest
    }

    fn agreement(&self, kind: Kind) -> Option<&Agreement> {
        self.agreements.iter().find(|agreement| agreement.kind() == kind)
    }

    fn agreement_mut(&mut self, kind: Kind) -> Option<&mut Agreement> {
        self.agreements.iter_mut().find(|agreement| agreement.kind() == kind)
    }

    /// Makes our vote: `document` with a fresh commit.
    pub(super) fn vote(
        &mut self,
        signer: Signer<'_>,
        mut document: DocumentBuilder,
        rng: &mut ChaCha20Rng,
    ) -> Result<Arc<[u8]>, SchemeError> {
        let reveal = Reveal::generate(self.epoch, rng);
        let commit = signer.certify(reveal.commit().as_bytes(), self.epoch, rng)?;
        let secret: Arc<[u8]> = signer.certify(reveal.as_bytes(), self.epoch, rng)?.into();
        document.commits = Some([(signer.id(), commit)].into());
        let vote = signer.certify(&document.encode(), self.epoch.plus(LIFETIME), rng)?;
        self.secret = Some(Arc::clone(&secret));
        self.records.push(Record::Secret(secret));
        Ok(self.say(Kind::Vote, signer.id(), vote.into()))
    }

    /// Our reveal, now that its time has come; `None` if we did not vote.
    pub(super) fn reveal(&mut self, signer: Signer<'_>) -> Option<Arc<[u8]>> {
        let secret = self.secret.clone().filter(|_| self.own.contains_key(&Kind::Vote))?;
        Some(self.say(Kind::Reveal, signer.id(), secret))
    }

    /// Makes our certificate: the document as we see it, with the commits and reveals that match.
    pub(super) fn certify(
        &mut self,
        signer: Signer<'_>,
        context: &Context<'_>,
        rng: &mut ChaCha20Rng,
    ) -> Option<Arc<[u8]>> {
        let tallied = self.tally(signer, context, Kind::Reveal)?;
        let mut document = tallied.without_value();
        let shares = self.shares(signer);
        document.commits = Some(shares.iter().map(|(of, (commit, _))| (*of, commit.clone())).collect());
        document.reveals = Some(shares.into_iter().map(|(of, (_, reveal))| (of, reveal)).collect());
        let certificate = signer.certify(&document.encode(), self.epoch.plus(LIFETIME), rng).ok()?;
        Some(self.say(Kind::Cert, signer.id(), certificate.into()))
    }

    /// Signs the consensus, once: who counts is decided now. The payload of our `sig`.
    pub(super) fn sign(
        &mut self,
        signer: Signer<'_>,
        context: &Context<'_>,
        rng: &mut ChaCha20Rng,
    ) -> Option<Arc<[u8]>> {
        if self.signed.is_none() {
            let document = self.consensus(signer, context)?;
            let certificate: Arc<[u8]> = signer.certify(&document, self.epoch.plus(LIFETIME), rng).ok()?.into();
            self.records.push(Record::Signed(Arc::clone(&certificate)));
            self.signed = Some(Signed { certificate, signers: [signer.id()].into() });
        }
        self.add_early_signatures(signer);
        let certificate = &self.signed.as_ref()?.certificate;
        let signature = Certificate::parse(certificate).ok()?.signature_by(signer.id())?.to_vec();
        let payload = signer.certify(&encode_signature(signer.id(), &signature), self.epoch, rng).ok()?;
        self.own.insert(Kind::Sig, payload.clone().into());
        Some(payload.into())
    }

    /// The statement of a kind that we made.
    pub(super) fn own(&self, kind: Kind) -> Option<Arc<[u8]>> {
        self.own.get(&kind).cloned()
    }

    fn say(&mut self, kind: Kind, own_id: KeyHash, certificate: Arc<[u8]>) -> Arc<[u8]> {
        self.accept_own(kind, own_id, &certificate);
        self.records.push(Record::Own(kind, Arc::clone(&certificate)));
        self.own.insert(kind, Arc::clone(&certificate));
        certificate
    }

    fn accept_own(&mut self, kind: Kind, own_id: KeyHash, certificate: &Arc<[u8]>) {
        let accepted = Accepted::new(kind, own_id, Arc::clone(certificate), Endorsements::new());
        self.put(kind, own_id, accepted.map(|accepted| Accepted { is_relayed: true, ..accepted }));
    }

    fn put(&mut self, kind: Kind, author: KeyHash, statement: Option<Accepted>) -> bool {
        let agreement = self.agreement_mut(kind);
        agreement.zip(statement).is_some_and(|(agreement, statement)| agreement.accept(author, statement))
    }

    /// The consensus certificate, if enough authorities signed it, and how many did.
    pub(super) fn agreed(&self, threshold: usize) -> Option<(Arc<[u8]>, usize)> {
        let signed = self.signed.as_ref().filter(|signed| signed.signers.len() >= threshold)?;
        Some((Arc::clone(&signed.certificate), signed.signers.len()))
    }

    /// How many authorities have signed our document; `None` if we signed none.
    pub(super) fn signers(&self) -> Option<usize> {
        self.signed.as_ref().map(|signed| signed.signers.len())
    }

    /// Takes another's vote, reveal or certificate from its author.
    pub(super) fn take(
        &mut self,
        signer: Signer<'_>,
        schedule: &Schedule,
        kind: Kind,
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
        if kind == Kind::Cert && self.agreement(Kind::Vote).is_none_or(|votes| votes.of(author).is_empty()) {
            return Verdict::TooEarly;
        }
        let Some(statement) = check(signer, self.epoch, kind, author, &certificate) else { return Verdict::NotSigned };
        let is_first = self.agreement(kind).is_some_and(|agreement| agreement.of(author).is_empty());
        self.accept(kind, author, statement, Endorsements::new());
        if is_first { Verdict::Ok } else { Verdict::AlreadyReceived }
    }

    /// Takes a statement that another authority relays.
    pub(super) fn take_relayed(
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

    fn accept(&mut self, kind: Kind, author: KeyHash, certificate: Vec<u8>, endorsements: Endorsements) {
        let certificate: Arc<[u8]> = certificate.into();
        let accepted = Accepted::new(kind, author, Arc::clone(&certificate), endorsements.clone());
        if self.put(kind, author, accepted) {
            self.records.push(Record::Accepted { kind, author, certificate, endorsements });
        }
    }

    fn deadline(&self, schedule: &Schedule, kind: Kind, signers: u32) -> Duration {
        if self.is_resumed { schedule.closes(kind) } else { schedule.deadline(kind, signers) }
    }

    /// Endorses the statements of a kind that were accepted since the last time. A relay of them,
    /// without the statements themselves; `None` if there are none.
    pub(super) fn relay(&mut self, signer: Signer<'_>, kind: Kind, rng: &mut ChaCha20Rng) -> Option<Vec<u8>> {
        let epoch = self.epoch;
        // a commit that its author sent as a reveal says nothing
        let commits = if kind == Kind::Reveal { self.commits(signer) } else { Vec::new() };
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
    pub(super) fn complete_relay(&self, signer: Signer<'_>, digest: Digest) -> Option<Vec<u8>> {
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

    /// The vote of an authority, as it came first.
    pub(super) fn vote_of(&self, author: KeyHash) -> Option<Arc<[u8]>> {
        let vote = self.agreement(Kind::Vote)?.of(author).first()?;
        Some(Arc::clone(&vote.certificate))
    }

    /// Takes another's signature over the consensus.
    pub(super) fn take_signature(&mut self, signer: Signer<'_>, author: KeyHash, payload: &[u8]) -> Verdict {
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
            tracing::warn!(epoch = %self.epoch, authority, "signature over another document than ours");
            Verdict::NotSigned
        }
    }

    /// Adds signatures that came before our own, or that the journal has.
    pub(super) fn add_early_signatures(&mut self, signer: Signer<'_>) {
        if self.signed.is_none() {
            return;
        }
        for (author, signature) in core::mem::take(&mut self.early) {
            if !self.add_signature(signer, author, &signature) {
                let authority = signer.policy.name_of(author);
                tracing::warn!(epoch = %self.epoch, authority, "signature over another document than ours");
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

    /// The authorities that signed two different statements, of a kind up to `last`, with that kind.
    pub(super) fn equivocators(&self, signer: Signer<'_>, last: Kind) -> BTreeMap<KeyHash, Kind> {
        let mut equivocators = BTreeMap::new();
        for author in signer.policy.authorities.iter().map(|authority| authority.peer.id) {
            let kinds = [Kind::Vote, Kind::Reveal, Kind::Cert].into_iter().filter(|kind| *kind <= last);
            let equivocates = |kind: &Kind| match (kind, self.agreement(*kind)) {
                (Kind::Reveal, _) => matches!(self.reveal_of(author), Outcome::Several),
                (_, Some(agreement)) => matches!(agreement.outcome(author, |_| true), Outcome::Several),
                (_, None) => false,
            };
            equivocators.extend(kinds.into_iter().find(equivocates).map(|kind| (author, kind)));
        }
        equivocators
    }

    /// The reveal of an author whose vote we know. Its commit, signed in the same form, is none: anyone
    /// could send it again as a reveal.
    fn reveal_of(&self, author: KeyHash) -> Outcome<'_> {
        let (Some((_, commit)), Some(reveals)) = (self.commit_of(author), self.agreement(Kind::Reveal)) else {
            return Outcome::Nothing;
        };
        reveals.outcome(author, |reveal| payload_of(&reveal.certificate) != Some(commit.as_bytes()))
    }

    /// The commit of an author's one vote: its certificate, and what it says.
    fn commit_of(&self, author: KeyHash) -> Option<&(Arc<[u8]>, Commit)> {
        let Outcome::One(vote) = self.agreement(Kind::Vote)?.outcome(author, |_| true) else { return None };
        vote.commit.as_ref()
    }

    fn commits(&self, signer: Signer<'_>) -> Vec<Commit> {
        let authors = signer.policy.authorities.iter().map(|authority| authority.peer.id);
        authors.filter_map(|author| self.commit_of(author)).map(|(_, commit)| *commit).collect()
    }

    /// The certificates of commits and reveals that match, by author: a commit whose reveal did not come
    /// is left out.
    fn shares(&self, signer: Signer<'_>) -> BTreeMap<KeyHash, (Vec<u8>, Vec<u8>)> {
        let equivocators = self.equivocators(signer, Kind::Reveal);
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

    /// The tally of the votes of those who did not equivocate in statements up to `last`.
    fn tally<'c>(&self, signer: Signer<'_>, context: &Context<'c>, last: Kind) -> Option<Tallied<'c>> {
        let equivocators = self.equivocators(signer, last);
        let votes = signer.policy.authorities.iter().filter(|authority| !equivocators.contains_key(&authority.peer.id));
        let document = |author: KeyHash| match self.agreement(Kind::Vote)?.outcome(author, |_| true) {
            Outcome::One(vote) => document_of(&vote.certificate),
            Outcome::Nothing | Outcome::Several => None,
        };
        let votes: Vec<Document<'_>> = votes.filter_map(|authority| document(authority.peer.id)).collect();
        tally(context, &votes).inspect_err(|error| tracing::warn!(epoch = %self.epoch, %error, "no document")).ok()
    }

    /// The consensus as it follows from the votes and certificates.
    fn consensus(&self, signer: Signer<'_>, context: &Context<'_>) -> Option<Vec<u8>> {
        let tallied = self.tally(signer, context, Kind::Cert)?;
        let equivocators: BTreeSet<KeyHash> = self.equivocators(signer, Kind::Cert).into_keys().collect();
        let mut shares = Shares::new(signer, self.epoch);
        for (author, document) in self.certificates(signer) {
            if let Err(fault) = shares.add(author, &document) {
                let authority = signer.policy.name_of(author);
                tracing::warn!(epoch = %self.epoch, authority, %fault, "certificate with bad shared random");
            }
        }
        for author in signer.policy.authorities.iter().map(|authority| authority.peer.id) {
            if let Some((_, commit)) = self.commit_of(author) {
                shares.add_commit(author, commit);
            }
        }
        let (reveals, want) = (shares.reveals(&equivocators), signer.policy.authorities.threshold());
        if reveals.len() < want {
            tracing::warn!(epoch = %self.epoch, got = reveals.len(), want, "no document: too few reveals");
            return None;
        }
        let value = Shares::value(self.epoch, reveals, context.previous.as_ref());
        let encoded = tallied.consensus(value).encode();
        let document = Document::parse(&encoded).ok()?;
        document
            .check(&[], &mut vec![KeyHash::default(); document.nodes().len()])
            .inspect_err(
                |fault| tracing::warn!(epoch = %self.epoch, %fault, "no document: it would not be well-formed"),
            )
            .ok()?;
        Some(encoded)
    }

    /// The certificates of those who voted, and made one certificate alone.
    pub(super) fn certificates(&self, signer: Signer<'_>) -> Vec<(KeyHash, Document<'_>)> {
        let equivocators = self.equivocators(signer, Kind::Cert);
        let authors = signer.policy.authorities.iter().map(|authority| authority.peer.id);
        let certificate = |author: KeyHash| {
            let Outcome::One(certificate) = self.agreement(Kind::Cert)?.outcome(author, |_| true) else { return None };
            self.commit_of(author)?;
            Some((author, document_of(&certificate.certificate)?))
        };
        authors.filter(|author| !equivocators.contains_key(author)).filter_map(certificate).collect()
    }
}

/// A statement with its author's signature alone, if the author signed it and it is what its kind says. That
/// depends on the bytes alone, so that all authorities judge alike.
fn check(
    signer: Signer<'_>,
    epoch: Epoch,
    kind: Kind,
    author: KeyHash,
    certificate: &Certificate<'_>,
) -> Option<Vec<u8>> {
    let verified = certificate.verify(&signer.key_of(author)?, voting_epoch(epoch)).ok()?;
    let canonical = with_one_signature(certificate, author)?;
    if canonical.len() > MAX_STATEMENT_BYTES {
        return None;
    }
    let is_good = match kind {
        Kind::Vote => {
            let document = verified.document_for(epoch).ok()?;
            let commit = document.commits().find(|(of, _)| *of == author);
            document.is_vote()
                && commit.is_some_and(|(_, commit)| check_commit(signer, author, epoch, commit).is_some())
        }
        Kind::Reveal => check_reveal(signer, author, epoch, &canonical).is_some(),
        // a vote has no reveal
        Kind::Cert => verified.document_for(epoch).ok()?.reveals().next().is_some(),
        Kind::Sig => false,
    };
    is_good.then_some(canonical)
}

/// The signature in the payload of a `sig`, if its author vouches for it.
fn check_signature(signer: Signer<'_>, epoch: Epoch, author: KeyHash, payload: &[u8]) -> Option<Arc<[u8]>> {
    let key = signer.key_of(author)?;
    let verified = Certificate::parse(payload).ok()?.verify(&key, voting_epoch(epoch)).ok()?;
    let (by, signature) = decode_signature(verified.payload())?;
    (by == author && signature.len() == key.scheme().signature_len()).then(|| signature.into())
}

/// A relay adds endorsements to a statement, and has to fit into what a session takes, 8 MiB.
const MAX_STATEMENT_BYTES: usize = 7 << 20;
