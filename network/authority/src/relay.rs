//! Relays: statements of other authorities with the signatures of endorsers.
//!
//! An endorsement says "I accepted this statement in this round". It is a certificate over a text
//! of the round, the kind, the author and the digest, and not over the statement: a vote with
//! enough signatures could be mistaken for a consensus. The certificate collects the endorsers'
//! signatures, as certificates do.
//!
//! A relay is a CBOR list of pairs: the endorsement, and the statement or null. Statements are long
//! and most peers have them, so a relay is first sent without statements; the answer lists the
//! digests of those that the peer lacks.

use crate::{
    canonical::{Digest, with_signatures},
    message::StatementKind,
    shared_random::voting_epoch,
    signer::Signer,
};
use mixwell_pki_types::{
    Certificate, Epoch, KeyHash,
    build::encode,
    cbor::{Item, Kind as Cbor},
};
use std::{collections::BTreeMap, sync::Arc};

/// The signatures of endorsers.
pub(super) type Endorsements = BTreeMap<KeyHash, Arc<[u8]>>;

/// The statement that an endorsement is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Subject {
    pub(super) kind: StatementKind,
    pub(super) author: KeyHash,
    pub(super) digest: Digest,
}

impl Subject {
    /// The text that endorsers sign.
    fn text(&self, epoch: Epoch) -> [u8; TEXT_LEN] {
        let mut text = [0; TEXT_LEN];
        let fields: [&[u8]; 5] = [MAGIC, &[self.kind.number()], &epoch.0.to_be_bytes(), &self.author.0, &self.digest.0];
        for (slot, byte) in text.iter_mut().zip(fields.concat()) {
            *slot = byte;
        }
        text
    }

    fn parse(text: &[u8], epoch: Epoch) -> Option<Self> {
        let (kind, rest) = text.strip_prefix(MAGIC)?.split_first()?;
        // signatures over the consensus are not relayed
        let kind = StatementKind::from_number(*kind).filter(|kind| *kind != StatementKind::Sig)?;
        let (author, digest) = rest.strip_prefix(&epoch.0.to_be_bytes())?.split_first_chunk()?;
        Some(Self { kind, author: KeyHash(*author), digest: Digest(digest.try_into().ok()?) })
    }
}

/// The certificate of an endorsement with all its signatures.
pub(super) fn endorsement(signer: Signer<'_>, epoch: Epoch, subject: &Subject, endorsements: &Endorsements) -> Vec<u8> {
    let signatures = endorsements.iter().map(|(endorser, signature)| (*endorser, &**signature)).collect();
    with_signatures(signer.policy.scheme().name(), epoch, &subject.text(epoch), &signatures)
}

/// Our own signature of an endorsement.
pub(super) fn endorse(
    signer: Signer<'_>,
    epoch: Epoch,
    subject: &Subject,
    rng: &mut chacha20::ChaCha20Rng,
) -> Option<Arc<[u8]>> {
    let certificate = signer.certify(&subject.text(epoch), epoch, rng).ok()?;
    Some(Certificate::parse(&certificate).ok()?.signature_by(signer.id())?.into())
}

/// A statement in a relay.
#[derive(Debug)]
pub(super) struct Relayed<'a> {
    pub(super) subject: Subject,
    endorsement: Certificate<'a>,
    /// The statement, if the relay contains it.
    pub(super) statement: Option<&'a [u8]>,
}

impl Relayed<'_> {
    /// The valid signatures of authorities other than the author.
    pub(super) fn endorsements(&self, signer: Signer<'_>, epoch: Epoch) -> Endorsements {
        let good = |endorser: &KeyHash| {
            let key = signer.key_of(*endorser).filter(|_| *endorser != self.subject.author);
            key.is_some_and(|key| self.endorsement.verify(&key, voting_epoch(epoch)).is_ok())
        };
        let authorities = signer.policy.authorities.iter().map(|authority| authority.peer.id);
        let signature = |endorser: KeyHash| Some((endorser, self.endorsement.signature_by(endorser)?.into()));
        authorities.filter_map(signature).filter(|(endorser, _)| good(endorser)).collect()
    }
}

/// A statement to be relayed.
#[derive(Debug)]
pub(super) struct Entry {
    pub(super) endorsement: Vec<u8>,
    pub(super) statement: Option<Arc<[u8]>>,
}

/// Encodes a relay.
pub(super) fn encode_relay(items: &[Entry]) -> Vec<u8> {
    encode(|writer| {
        writer.array(items.len());
        for Entry { endorsement, statement } in items {
            writer.array(2).bytes(endorsement);
            match statement {
                Some(statement) => writer.bytes(statement),
                None => writer.null(),
            };
        }
    })
}

/// Whether the payload of a vote is a relay.
pub(super) fn is_relay(payload: &[u8]) -> bool {
    payload.first().is_some_and(|head| head >> 5 == ARRAY)
}

/// Parses a relay of a round with at most `max` statements.
pub(super) fn parse_relay(payload: &[u8], epoch: Epoch, max: usize) -> Option<Vec<Relayed<'_>>> {
    let Cbor::Array(items) = Item::parse(payload).ok()?.kind() else { return None };
    if items.len() > max {
        return None;
    }
    items.map(|item| parse_item(item, epoch)).collect()
}

fn parse_item(item: Item<'_>, epoch: Epoch) -> Option<Relayed<'_>> {
    let Cbor::Array(mut pair) = item.kind() else { return None };
    let (endorsement, statement) = (pair.next()?, pair.next()?);
    let Cbor::Bytes(endorsement) = endorsement.kind() else { return None };
    let statement = match statement.kind() {
        Cbor::Bytes(statement) => Some(statement),
        Cbor::Null => None,
        _ => return None,
    };
    let endorsement = Certificate::parse(endorsement).ok().filter(|read| read.expiration() == epoch)?;
    let subject = Subject::parse(endorsement.unverified_payload(), epoch)?;
    Some(Relayed { subject, endorsement, statement })
}

/// The digests of the statements that a peer lacks.
pub(super) fn encode_wanted(digests: &[Digest]) -> Vec<u8> {
    encode(|writer| {
        writer.array(digests.len());
        for digest in digests {
            writer.bytes(&digest.0);
        }
    })
}

/// Parses the digests that [`encode_wanted`] wrote.
pub(super) fn parse_wanted(payload: &[u8], max: usize) -> Option<Vec<Digest>> {
    let Cbor::Array(items) = Item::parse(payload).ok()?.kind() else { return None };
    let digest = |item: Item<'_>| match item.kind() {
        Cbor::Bytes(bytes) => bytes.try_into().ok().map(Digest),
        _ => None,
    };
    if items.len() > max { None } else { items.map(digest).collect() }
}

/// The major type of lists in CBOR.
const ARRAY: u8 = 4;

/// Commits and reveals are 40 bytes and documents maps, so none of them is ever read as this.
const MAGIC: &[u8] = b"mixwell endorsement 1 ";
const TEXT_LEN: usize = MAGIC.len() + 1 + 8 + 32 + 32;
