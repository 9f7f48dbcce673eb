//! A round: the statements that authorities exchange in an epoch about the next one.
//!
//! This file has the state of a round. The modules below it: our own statements ([`own`]),
//! statements of other authorities ([`receive`]), endorsements ([`relays`]), signatures over the
//! consensus ([`signatures`]), and the [`outcome`] of the statements.

mod check;
mod outcome;
mod own;
mod receive;
mod relays;
mod signatures;

pub(crate) use receive::RelayOutcome;

use crate::{
    agreement::{Accepted, Agreement},
    journal::Record,
    message::StatementKind,
    relay::Endorsements,
};
use core::time::Duration;
use mixwell_pki_types::{Epoch, KeyHash};
use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

/// The round about an epoch. Its memory is bounded by the number of authorities.
pub(super) struct Round {
    epoch: Epoch,
    /// Votes, reveals and certificates, including our own.
    agreements: [Agreement; 3],
    /// The statements that we made.
    own: BTreeMap<StatementKind, Arc<[u8]>>,
    /// Our reveal, to be kept secret until all commits are in.
    secret: Option<Arc<[u8]>>,
    /// The one document that we sign in this round.
    signed: Option<Signed>,
    /// Signatures of other authorities received before we had a document.
    early: BTreeMap<KeyHash, Arc<[u8]>>,
    /// Actions of the schedule that are done.
    pub(super) done: usize,
    /// The latest time seen in the epoch: deadlines that have passed stay so when the clock is set
    /// back.
    latest: Duration,
    /// We may have missed relays, and accept statements until the end of their eighth.
    is_resumed: bool,
    /// We make no statements in this round, because we do not know which we made before.
    pub(super) is_mute: bool,
    records: Vec<Record>,
}

/// A document that we signed.
struct Signed {
    /// The certificate with our signature and those received so far.
    certificate: Arc<[u8]>,
    signers: BTreeSet<KeyHash>,
}

impl Round {
    pub(super) const fn new(epoch: Epoch) -> Self {
        let agreements = [
            Agreement::new(StatementKind::Vote),
            Agreement::new(StatementKind::Reveal),
            Agreement::new(StatementKind::Cert),
        ];
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

    /// The journal entries that must be on disk before anything is sent.
    pub(super) fn take_records(&mut self) -> Vec<Record> {
        core::mem::take(&mut self.records)
    }

    /// Begins the round, or resumes it: actions that are due are done again, with the statements
    /// made before.
    pub(super) const fn resume(&mut self, is_resumed: bool) {
        (self.done, self.latest, self.is_resumed) = (0, Duration::ZERO, is_resumed);
    }

    /// Whether we have made a statement in this round.
    pub(super) fn has_spoken(&self) -> bool {
        !self.own.is_empty()
    }

    /// Records the time in the epoch, and returns the latest one recorded.
    pub(super) fn observe(&mut self, elapsed: Duration) -> Duration {
        self.latest = self.latest.max(elapsed);
        self.latest
    }

    fn agreement(&self, kind: StatementKind) -> Option<&Agreement> {
        self.agreements.iter().find(|agreement| agreement.kind() == kind)
    }

    fn agreement_mut(&mut self, kind: StatementKind) -> Option<&mut Agreement> {
        self.agreements.iter_mut().find(|agreement| agreement.kind() == kind)
    }

    fn accept_own(&mut self, kind: StatementKind, own_id: KeyHash, certificate: &Arc<[u8]>) {
        let accepted = Accepted::new(kind, own_id, Arc::clone(certificate), Endorsements::new());
        self.put(kind, own_id, accepted.map(|accepted| Accepted { is_relayed: true, ..accepted }));
    }

    fn put(&mut self, kind: StatementKind, author: KeyHash, statement: Option<Accepted>) -> bool {
        let agreement = self.agreement_mut(kind);
        agreement.zip(statement).is_some_and(|(agreement, statement)| agreement.accept(author, statement))
    }

    /// The first vote received from an authority.
    pub(super) fn vote_of(&self, author: KeyHash) -> Option<Arc<[u8]>> {
        let vote = self.agreement(StatementKind::Vote)?.of(author).first()?;
        Some(Arc::clone(&vote.certificate))
    }
}
