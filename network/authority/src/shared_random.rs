//! The reveals that determine the shared random value, selected by the contents of all
//! certificates.

use crate::signer::Signer;
use core::fmt;
use mixwell_pki_types::{Certificate, Commit, Document, Epoch, KeyHash, Reveal, shared_random_value};
use std::collections::{BTreeMap, BTreeSet};

/// A commit and the reveal that matches it.
#[derive(Clone, Copy, PartialEq, Eq)]
struct Share {
    commit: [u8; 40],
    reveal: [u8; 40],
}

/// The reason why a certificate's commits and reveals are invalid. Its sender should have checked
/// them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum ShareFault {
    /// A commit or reveal has no authority as its author.
    Stranger(KeyHash),
    /// A commit is not signed by its author, or is for another epoch.
    Commit(KeyHash),
    /// A commit without its reveal.
    NoReveal(KeyHash),
    /// A reveal is not signed by its author, or does not match the commit.
    Reveal(KeyHash),
    /// A reveal without its commit.
    NoCommit,
}

impl fmt::Display for ShareFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Stranger(of) => write!(f, "shared random of {of}, which is not an authority"),
            Self::Commit(of) => write!(f, "the commit of {of} has an invalid signature or is for another epoch"),
            Self::NoReveal(of) => write!(f, "the commit of {of} has no reveal"),
            Self::Reveal(of) => write!(f, "the reveal of {of} has an invalid signature or does not match its commit"),
            Self::NoCommit => f.write_str("a reveal has no commit"),
        }
    }
}

impl core::error::Error for ShareFault {}

/// The commit in a certificate, if its author signed it for this epoch.
pub(super) fn check_commit(signer: Signer<'_>, of: KeyHash, epoch: Epoch, certificate: &[u8]) -> Option<Commit> {
    Commit::parse(&signed_by(signer, of, epoch, certificate)?).ok().filter(|commit| commit.epoch() == epoch)
}

/// The reveal in a certificate, if its author signed it for this epoch.
pub(super) fn check_reveal(signer: Signer<'_>, of: KeyHash, epoch: Epoch, certificate: &[u8]) -> Option<Reveal> {
    Reveal::parse(&signed_by(signer, of, epoch, certificate)?).ok().filter(|reveal| reveal.epoch() == epoch)
}

/// The 40 bytes that an authority certified. Their certificate need only be valid during the vote,
/// in the epoch before.
fn signed_by(signer: Signer<'_>, of: KeyHash, epoch: Epoch, certificate: &[u8]) -> Option<[u8; 40]> {
    let key = signer.key_of(of)?;
    let verified = Certificate::parse(certificate).ok()?.verify(&key, voting_epoch(epoch)).ok()?;
    verified.payload().try_into().ok()
}

/// The epoch in which authorities vote on an epoch.
pub(super) const fn voting_epoch(epoch: Epoch) -> Epoch {
    Epoch(epoch.0.saturating_sub(1))
}

/// The commits and reveals of certificates.
pub(super) struct Shares<'a> {
    signer: Signer<'a>,
    epoch: Epoch,
    by_author: BTreeMap<KeyHash, Share>,
    /// Authorities that signed two commits, and senders of bad certificates.
    out: BTreeSet<KeyHash>,
    /// Cache of verified certificates: most of them are in every authority's certificate.
    verified: BTreeMap<Vec<u8>, [u8; 40]>,
}

impl<'a> Shares<'a> {
    pub(super) const fn new(signer: Signer<'a>, epoch: Epoch) -> Self {
        Self { signer, epoch, by_author: BTreeMap::new(), out: BTreeSet::new(), verified: BTreeMap::new() }
    }

    /// Adds the commits and reveals in a sender's certificate. If one is invalid, none of them
    /// counts, and the sender is excluded.
    pub(super) fn add(&mut self, sender: KeyHash, document: &Document<'_>) -> Result<(), ShareFault> {
        let shares = self.read(document).inspect_err(|_| {
            self.out.insert(sender);
        })?;
        for (of, share) in shares {
            if *self.by_author.entry(of).or_insert(share) != share {
                self.out.insert(of);
            }
        }
        Ok(())
    }

    /// Adds the commit in a vote: an author with another commit in some certificate is excluded.
    pub(super) fn add_commit(&mut self, of: KeyHash, commit: &Commit) {
        if self.by_author.get(&of).is_some_and(|known| known.commit != *commit.as_bytes()) {
            self.out.insert(of);
        }
    }

    /// The reveals that count, without those of `excluded` authorities.
    pub(super) fn reveals(&self, excluded: &BTreeSet<KeyHash>) -> Vec<(KeyHash, Reveal)> {
        let counts = |of: &KeyHash| !self.out.contains(of) && !excluded.contains(of);
        let shares = self.by_author.iter().filter(|(of, _)| counts(of));
        shares.filter_map(|(of, share)| Some((*of, Reveal::parse(&share.reveal).ok()?))).collect()
    }

    /// The shared random value of these reveals.
    pub(super) fn value(
        epoch: Epoch,
        mut reveals: Vec<(KeyHash, Reveal)>,
        previous: Option<&Document<'_>>,
    ) -> [u8; 32] {
        shared_random_value(epoch, &mut reveals, previous.map(Document::shared_random_value))
    }

    fn read(&mut self, document: &Document<'_>) -> Result<BTreeMap<KeyHash, Share>, ShareFault> {
        let reveals: BTreeMap<KeyHash, &[u8]> = document.reveals().collect();
        let mut shares = BTreeMap::new();
        for (of, certificate) in document.commits() {
            if self.signer.key_of(of).is_none() {
                return Err(ShareFault::Stranger(of));
            }
            let bytes = self.verify(of, certificate).ok_or(ShareFault::Commit(of))?;
            let commit = Commit::parse(&bytes).ok().filter(|commit| commit.epoch() == self.epoch);
            let commit = commit.ok_or(ShareFault::Commit(of))?;
            let certificate = reveals.get(&of).ok_or(ShareFault::NoReveal(of))?;
            let bytes = self.verify(of, certificate).ok_or(ShareFault::Reveal(of))?;
            let reveal = Reveal::parse(&bytes).map_err(|_| ShareFault::Reveal(of))?;
            commit.check(&reveal).map_err(|_| ShareFault::Reveal(of))?;
            shares.insert(of, Share { commit: *commit.as_bytes(), reveal: bytes });
        }
        // equally many, and each commit has its own reveal
        if reveals.len() != shares.len() {
            return Err(ShareFault::NoCommit);
        }
        Ok(shares)
    }

    fn verify(&mut self, of: KeyHash, certificate: &[u8]) -> Option<[u8; 40]> {
        let name = [&of.0, certificate].concat();
        if let Some(known) = self.verified.get(&name) {
            return Some(*known);
        }
        let bytes = signed_by(self.signer, of, self.epoch, certificate)?;
        self.verified.insert(name, bytes);
        Some(bytes)
    }
}
