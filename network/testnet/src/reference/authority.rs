//! An authority of the reference (`docs/spec/authority.md#schedule`).

mod answers;
mod document;
mod lambda_g;
mod round;

pub use answers::AuthorityPeer;
pub use document::Settings;

use super::command::{OwnedCommand, StatementKind};
use chacha20::ChaCha20Rng;
use core::time::Duration;
use mixwell_net::{clock::Clock, keys::Identity};
use mixwell_pki_types::{Certificate, Document, Epoch, KeyHash};
use round::Round;
use std::{collections::BTreeMap, sync::Arc};

/// An authority without sockets and clock. Times are since 1970.
pub struct Authority {
    identity: Arc<Identity>,
    settings: Settings,
    clock: Clock,
    rng: ChaCha20Rng,
    /// Accepted descriptors by epoch and node.
    descriptors: BTreeMap<Epoch, BTreeMap<KeyHash, Vec<u8>>>,
    /// Certificates of consensuses.
    consensuses: BTreeMap<Epoch, Vec<u8>>,
    round: Round,
    /// Whether reveals are withheld, as a faulty authority may do.
    pub withholds_reveals: bool,
    /// Number of `get_vote` commands, which are refused.
    pub refused_get_votes: u64,
    /// Number of uploads that were a conflict.
    pub conflicts: u64,
}

impl Authority {
    /// An authority that starts now. It makes no statements in a round whose votes are due already.
    pub fn new(identity: Arc<Identity>, settings: Settings, now: Duration, rng: ChaCha20Rng) -> Self {
        let clock = Clock::new(settings.period);
        let time = clock.time_at(now);
        let is_late = time.elapsed >= clock.eighths(1);
        Self {
            identity,
            settings,
            clock,
            rng,
            descriptors: BTreeMap::new(),
            consensuses: BTreeMap::new(),
            round: Round::new(time.epoch.plus(1), is_late),
            withholds_reveals: false,
            refused_get_votes: 0,
            conflicts: 0,
        }
    }

    /// The epoch that is voted on.
    fn advance(&mut self, now: Duration) -> Epoch {
        let next = self.clock.time_at(now).epoch.plus(1);
        if self.round.epoch() != next {
            self.round = Round::new(next, false);
            self.descriptors.retain(|epoch, _| epoch.plus(1) >= next);
            self.consensuses.retain(|epoch, _| epoch.plus(LIFETIME) >= next);
        }
        next
    }

    /// When the next step of a round is due.
    pub fn next_tick(&self, now: Duration) -> Duration {
        let epoch = self.clock.time_at(now).epoch;
        let dues = (0..=5).map(|eighth| self.clock.eighths_into(epoch, eighth));
        let turn = self.clock.eighths_into(epoch.plus(1), 0);
        dues.chain([turn]).find(|due| *due > now).unwrap_or(turn)
    }

    /// Does what is due; returns the statements to be sent to every other authority, each over a
    /// connection of its own.
    pub fn tick(&mut self, now: Duration) -> Vec<OwnedCommand> {
        let epoch = self.advance(now);
        let elapsed = self.clock.time_at(now).elapsed;
        let mut out = Vec::new();
        for (eighth, kind) in STEPS {
            if elapsed < self.clock.eighths(eighth) || !self.round.begin(kind) {
                continue;
            }
            let payload = match kind {
                StatementKind::Vote => self.vote(),
                StatementKind::Reveal => self.round.own_reveal().filter(|_| !self.withholds_reveals),
                StatementKind::Cert => self.cert(),
                StatementKind::Sig => self.sign(),
            };
            if let Some(payload) = payload {
                let public_key = self.identity.public().to_vec();
                out.push(OwnedCommand::Statement { kind, epoch: epoch.0, public_key, payload });
            }
        }
        if elapsed >= self.clock.eighths(5) {
            self.publish(epoch);
        }
        out
    }

    /// The certificate of an epoch's consensus.
    pub fn consensus(&self, epoch: Epoch) -> Option<&[u8]> {
        self.consensuses.get(&epoch).map(Vec::as_slice)
    }

    fn context(&self) -> document::Context<'_> {
        let before = self.round.epoch().0.checked_sub(1).map(Epoch);
        let previous = before.and_then(|before| self.consensuses.get(&before));
        let previous = previous.and_then(|certificate| Document::parse(payload_of(certificate)?).ok());
        document::Context { settings: &self.settings, epoch: self.round.epoch(), previous }
    }

    fn vote(&mut self) -> Option<Vec<u8>> {
        let epoch = self.round.epoch();
        let nodes: Vec<Vec<u8>> =
            self.descriptors.get(&epoch).into_iter().flat_map(BTreeMap::values).cloned().collect();
        let nodes: Vec<&[u8]> = nodes.iter().map(Vec::as_slice).collect();
        let document = self.context().document(self.settings.rates, &nodes, None);
        self.round.vote(&self.identity, document, &mut self.rng)
    }

    fn cert(&mut self) -> Option<Vec<u8>> {
        let document = self.context().tally(&self.round.votes(), None)?;
        self.round.cert(&self.identity, document, &self.settings, &mut self.rng)
    }

    fn sign(&mut self) -> Option<Vec<u8>> {
        let context = self.context();
        let value = self.round.shared_random_value(&self.settings, context.previous.as_ref())?;
        let document = context.tally(&self.round.votes(), Some(value))?.encode();
        self.round.sign(&self.identity, &document, &mut self.rng)
    }

    fn publish(&mut self, epoch: Epoch) {
        if let Some(certificate) = self.round.consensus(&self.settings) {
            self.consensuses.entry(epoch).or_insert(certificate);
        }
    }
}

/// The eighth of an epoch at which each statement is sent (`docs/spec/authority.md#schedule`).
const STEPS: [(u32, StatementKind); 4] =
    [(1, StatementKind::Vote), (2, StatementKind::Reveal), (3, StatementKind::Cert), (4, StatementKind::Sig)];

/// Epochs for which documents are valid (`docs/spec/pki.md#documents`).
const LIFETIME: u64 = 5;

/// The payload of a certificate that was verified before.
fn payload_of(certificate: &[u8]) -> Option<&[u8]> {
    Certificate::parse(certificate).ok().map(|certificate| certificate.unverified_payload())
}
