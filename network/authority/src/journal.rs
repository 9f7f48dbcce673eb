//! What an authority remembers of a round on disk, one record after the other.

use crate::{message::Kind, relay::Endorsements};
use mixwell_pki_types::{
    Epoch, KeyHash,
    build::encode,
    cbor::{Item, Kind as Cbor},
};
use std::{collections::BTreeMap, sync::Arc};

/// One entry of a round's journal.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Record {
    /// A node's descriptor that we accepted.
    Descriptor(Arc<[u8]>),
    /// A storage replica's descriptor that we accepted.
    Replica(Arc<[u8]>),
    /// Our reveal, before it may be seen.
    Secret(Arc<[u8]>),
    /// A statement that we made.
    Own(Kind, Arc<[u8]>),
    /// A statement of another that we accepted.
    Accepted { kind: Kind, author: KeyHash, certificate: Arc<[u8]>, endorsements: Endorsements },
    /// The document that we signed, with our signature.
    Signed(Arc<[u8]>),
    /// Another's signature over the consensus.
    Signature(KeyHash, Arc<[u8]>),
    /// The journal was damaged: we do not know what we said in this round.
    Damaged,
}

/// A change that has to be on disk before the state's answer leaves.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Change {
    /// An entry in the journal of the round about an epoch.
    Record(Epoch, Record),
    /// A consensus, of whatever origin.
    Consensus(Epoch, Arc<[u8]>),
    /// The rounds in which we have spoken, all that are remembered.
    Spoken(Vec<Epoch>),
    /// An epoch has begun, the one after the epoch before: what is older is of no use.
    Turned(Epoch),
}

impl Change {
    /// Whether it is about what we say.
    pub(super) const fn is_ours(&self) -> bool {
        matches!(self, Self::Spoken(_) | Self::Record(_, Record::Secret(_) | Record::Own(..) | Record::Signed(_)))
    }
}

/// What was on disk.
#[derive(Debug, Default)]
pub struct Saved {
    pub rounds: BTreeMap<Epoch, Vec<Record>>,
    pub consensuses: BTreeMap<Epoch, Arc<[u8]>>,
    pub spoken: Vec<Epoch>,
}

impl Record {
    /// The record as a CBOR list.
    pub(super) fn encode(&self) -> Vec<u8> {
        encode(|writer| {
            match self {
                Self::Descriptor(bytes) => writer.array(2).unsigned(0).bytes(bytes),
                Self::Replica(bytes) => writer.array(2).unsigned(1).bytes(bytes),
                Self::Secret(bytes) => writer.array(2).unsigned(2).bytes(bytes),
                Self::Own(kind, bytes) => writer.array(3).unsigned(3).unsigned(number(*kind)).bytes(bytes),
                Self::Accepted { kind, author, certificate, endorsements } => {
                    writer.array(5).unsigned(4).unsigned(number(*kind)).bytes(&author.0).bytes(certificate);
                    writer.map(endorsements.len());
                    endorsements
                        .iter()
                        .fold(writer, |writer, (endorser, signature)| writer.bytes(&endorser.0).bytes(signature))
                }
                Self::Signed(bytes) => writer.array(2).unsigned(5).bytes(bytes),
                Self::Signature(author, bytes) => writer.array(3).unsigned(6).bytes(&author.0).bytes(bytes),
                Self::Damaged => writer.array(1).unsigned(7),
            };
        })
    }

    /// Reads what [`encode`](Self::encode) wrote.
    pub(super) fn decode(bytes: &[u8]) -> Option<Self> {
        let Cbor::Array(mut fields) = Item::parse(bytes).ok()?.kind() else { return None };
        let mut field = || fields.next();
        let record = match unsigned(field()?)? {
            0 => Self::Descriptor(byte_string(field()?)?),
            1 => Self::Replica(byte_string(field()?)?),
            2 => Self::Secret(byte_string(field()?)?),
            3 => Self::Own(kind(field()?)?, byte_string(field()?)?),
            4 => Self::Accepted {
                kind: kind(field()?)?,
                author: hash(field()?)?,
                certificate: byte_string(field()?)?,
                endorsements: {
                    let Cbor::Map(entries) = field()?.kind() else { return None };
                    let entry = |(endorser, signature)| Some((hash(endorser)?, byte_string(signature)?));
                    entries.map(entry).collect::<Option<_>>()?
                },
            },
            5 => Self::Signed(byte_string(field()?)?),
            6 => Self::Signature(hash(field()?)?, byte_string(field()?)?),
            7 => Self::Damaged,
            _ => return None,
        };
        field().is_none().then_some(record)
    }
}

const fn number(kind: Kind) -> u64 {
    match kind {
        Kind::Vote => 0,
        Kind::Reveal => 1,
        Kind::Cert => 2,
        Kind::Sig => 3,
    }
}

fn kind(item: Item<'_>) -> Option<Kind> {
    let number_of = unsigned(item)?;
    Kind::ALL.into_iter().find(|kind| number(*kind) == number_of)
}

fn unsigned(item: Item<'_>) -> Option<u64> {
    if let Cbor::Unsigned(value) = item.kind() { Some(value) } else { None }
}

fn byte_string(item: Item<'_>) -> Option<Arc<[u8]>> {
    if let Cbor::Bytes(bytes) = item.kind() { Some(bytes.into()) } else { None }
}

fn hash(item: Item<'_>) -> Option<KeyHash> {
    byte_string(item)?[..].try_into().ok().map(KeyHash)
}
