//! Our own statements in a round, each made once and recorded before it is sent.

use super::{Round, Signed};
use crate::{canonical::encode_signature, journal::Record, message::StatementKind, signer::Signer, tally::Context};
use chacha20::ChaCha20Rng;
use mixwell_pki_types::{Certificate, KeyHash, LIFETIME, Reveal, SchemeError, build::DocumentBuilder};
use std::sync::Arc;

impl Round {
    /// Makes our vote: `document` with a fresh commit.
    pub(crate) fn vote(
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
        Ok(self.say(StatementKind::Vote, signer.id(), vote.into()))
    }

    /// Our reveal, which may be published now; `None` if we did not vote.
    pub(crate) fn reveal(&mut self, signer: Signer<'_>) -> Option<Arc<[u8]>> {
        let secret = self.secret.clone().filter(|_| self.own.contains_key(&StatementKind::Vote))?;
        Some(self.say(StatementKind::Reveal, signer.id(), secret))
    }

    /// Makes our certificate: the document according to our tally, with the matching commits and
    /// reveals.
    pub(crate) fn certify(
        &mut self,
        signer: Signer<'_>,
        context: &Context<'_>,
        rng: &mut ChaCha20Rng,
    ) -> Option<Arc<[u8]>> {
        let tallied = self.tally(signer, context, StatementKind::Reveal)?;
        let mut document = tallied.without_value();
        let shares = self.shares(signer);
        document.commits = Some(shares.iter().map(|(of, (commit, _))| (*of, commit.clone())).collect());
        document.reveals = Some(shares.into_iter().map(|(of, (_, reveal))| (of, reveal)).collect());
        let certificate = signer.certify(&document.encode(), self.epoch.plus(LIFETIME), rng).ok()?;
        Some(self.say(StatementKind::Cert, signer.id(), certificate.into()))
    }

    /// Signs the consensus, once, which fixes the statements that count. Returns the payload of our
    /// `sig`.
    pub(crate) fn sign(
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
        self.own.insert(StatementKind::Sig, payload.clone().into());
        Some(payload.into())
    }

    /// The statement of a kind that we made.
    pub(crate) fn own(&self, kind: StatementKind) -> Option<Arc<[u8]>> {
        self.own.get(&kind).cloned()
    }

    fn say(&mut self, kind: StatementKind, own_id: KeyHash, certificate: Arc<[u8]>) -> Arc<[u8]> {
        self.accept_own(kind, own_id, &certificate);
        self.records.push(Record::Own(kind, Arc::clone(&certificate)));
        self.own.insert(kind, Arc::clone(&certificate));
        certificate
    }
}
