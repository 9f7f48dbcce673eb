//! The checks of a document's content, before it is used.

use super::{Document, DocumentFault, Layer};
use crate::{Certificate, Commit, Epoch, KeyHash, Reveal, VerifyingKey};

impl Document<'_> {
    /// Checks that the document is well-formed, and its shared random with the authorities' keys.
    ///
    /// `memory` is scratch space for finding duplicate identity keys. If it has room for the hashes
    /// of all nodes, one pass suffices; if it is shorter, more passes are made until every node's
    /// hash was held once.
    ///
    /// # Errors
    /// The first fault and its place.
    pub fn check(&self, authorities: &[VerifyingKey<'_>], memory: &mut [KeyHash]) -> Result<(), DocumentFault> {
        self.check_shared_random(authorities)?;
        self.check_without_keys(memory)
    }

    /// The part of [`check`](Self::check) that needs no authorities' keys: it does not verify
    /// commits and reveals of the shared random.
    ///
    /// # Errors
    /// The first fault and its place.
    pub fn check_without_keys(&self, memory: &mut [KeyHash]) -> Result<(), DocumentFault> {
        if self.version != "v1" {
            return Err(DocumentFault::Version);
        }
        if self.genesis_epoch == Epoch(0) {
            return Err(DocumentFault::NoGenesisEpoch);
        }
        if self.epoch != self.genesis_epoch && self.prior_shared_random().next().is_none() {
            return Err(DocumentFault::NoPriorSharedRandom);
        }
        self.check_layers()?;
        for node in self.nodes() {
            let place = node.place();
            node.check(self.epoch).map_err(|fault| DocumentFault::Node { place, fault })?;
            let flagged = match place.layer {
                Layer::Gateway => node.is_gateway(),
                Layer::Service => node.is_service(),
                Layer::Mix(_) => true,
            };
            if !flagged {
                return Err(DocumentFault::NotFlagged { place });
            }
        }
        self.check_identities(memory)
    }

    /// Whether the document is an authority's vote: one commit, not yet revealed.
    #[must_use]
    pub fn is_vote(&self) -> bool {
        self.commits().count() == 1 && self.reveals().next().is_none()
    }

    /// Whether the document has a shared random value. Until it is known, authorities sign
    /// documents with 32 zero bytes in its place: their votes, and the document that each certifies
    /// before the consensus. Enough of them may certify the same one, so a threshold of signatures
    /// alone does not make a consensus.
    #[must_use]
    pub fn has_shared_random_value(&self) -> bool {
        *self.shared_random_value() != [0; 32]
    }

    fn check_layers(&self) -> Result<(), DocumentFault> {
        if self.layer_count() == 0 {
            return Err(DocumentFault::NoLayers);
        }
        if let Some(layer) = self.layers().position(|nodes| nodes.is_empty()) {
            return Err(DocumentFault::EmptyLayer { layer });
        }
        if self.gateways().is_empty() {
            return Err(DocumentFault::NoGateway);
        }
        if self.services().is_empty() {
            return Err(DocumentFault::NoService);
        }
        Ok(())
    }

    /// Every commit must be by a known authority, so the number of authorities bounds the work.
    fn check_shared_random(&self, authorities: &[VerifyingKey<'_>]) -> Result<(), DocumentFault> {
        let (commits, reveals) = (self.commits().count(), self.reveals().count());
        if reveals > commits {
            return Err(DocumentFault::Reveals { commits, reveals });
        }
        let is_vote = self.is_vote();
        for (authority, certificate) in self.commits() {
            let key = authorities.iter().find(|key| key.hash() == authority);
            let key = key.ok_or(DocumentFault::UnknownAuthority { authority })?;
            let shared_random = |error| DocumentFault::SharedRandom { authority, error };
            let commit = Commit::parse(self.signed_by(key, certificate)?).map_err(shared_random)?;
            if commit.epoch() != self.epoch {
                let (commit, epoch) = (commit.epoch(), self.epoch);
                return Err(DocumentFault::CommitEpoch { authority, commit, epoch });
            }
            if is_vote {
                continue;
            }
            let reveal = self.reveals().find(|(by, _)| *by == authority);
            let (_, certificate) = reveal.ok_or(DocumentFault::NoReveal { authority })?;
            let reveal = Reveal::parse(self.signed_by(key, certificate)?).map_err(shared_random)?;
            commit.check(&reveal).map_err(shared_random)?;
        }
        Ok(())
    }

    fn signed_by<'c>(&self, key: &VerifyingKey<'_>, certificate: &'c [u8]) -> Result<&'c [u8], DocumentFault> {
        let authority = key.hash();
        let certificate =
            Certificate::parse(certificate).map_err(|error| DocumentFault::Certificate { authority, error })?;
        // Commits and reveals expire with the document's epoch: authorities vote in the epoch
        // before.
        let verified = certificate.verify(key, Epoch(self.epoch.0.saturating_sub(1)));
        Ok(verified.map_err(|error| DocumentFault::Signature { authority, error })?.payload())
    }

    fn check_identities(&self, memory: &mut [KeyHash]) -> Result<(), DocumentFault> {
        let mut nodes = self.nodes();
        while !nodes.is_empty() {
            let mut held = 0_usize;
            for (slot, node) in memory.iter_mut().zip(&mut nodes) {
                *slot = node.id();
                held = held.saturating_add(1);
            }
            let ids = memory.get_mut(..held).filter(|ids| !ids.is_empty()).ok_or(DocumentFault::NoMemory)?;
            ids.sort_unstable();
            let twice = ids.iter().zip(ids.iter().skip(1)).find(|(a, b)| a == b).map(|(id, _)| *id);
            let later = || nodes.map(|node| node.id()).find(|id| ids.binary_search(id).is_ok());
            if let Some(id) = twice.or_else(later) {
                return Err(DocumentFault::SameIdentity { id });
            }
        }
        Ok(())
    }
}
