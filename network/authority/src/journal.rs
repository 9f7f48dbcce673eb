//! The journal of a round: records of what an authority accepted, made and signed.

use crate::{message::StatementKind, relay::Endorsements};
use mixwell_pki_types::{
    Epoch, KeyHash,
    build::encode,
    cbor::{Item, Kind as Cbor},
};
use std::{collections::BTreeMap, sync::Arc};

/// One entry of a round's journal.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Record {
    /// A node's descriptor that we accepted.
    Descriptor(Arc<[u8]>),
    /// A storage replica's descriptor that we accepted.
    Replica(Arc<[u8]>),
    /// Our reveal, before other authorities may see it.
    Secret(Arc<[u8]>),
    /// A statement that we made.
    Own(StatementKind, Arc<[u8]>),
    /// A statement of another authority that we accepted.
    Accepted { kind: StatementKind, author: KeyHash, certificate: Arc<[u8]>, endorsements: Endorsements },
    /// The document that we signed, with our signature.
    Signed(Arc<[u8]>),
    /// Another authority's signature over the consensus.
    Signature(KeyHash, Arc<[u8]>),
    /// The journal was damaged: the statements that we made in this round are not known.
    Damaged,
}

/// A change of the state.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Change {
    /// An entry in the journal of the round about an epoch.
    Record(Epoch, Record),
    /// A consensus, of this authority or fetched from another.
    Consensus(Epoch, Arc<[u8]>),
    /// All remembered rounds in which we have made a statement.
    Spoken(Vec<Epoch>),
    /// A new epoch follows the previous one: older rounds and consensuses are no longer needed.
    EpochBegan(Epoch),
}

impl Change {
    /// Whether the change is about our own statements.
    pub(super) const fn is_own(&self) -> bool {
        matches!(self, Self::Spoken(_) | Self::Record(_, Record::Secret(_) | Record::Own(..) | Record::Signed(_)))
    }
}

/// Changes of a [`State`](crate::State). They must be on disk before any message or reply of the
/// same call is sent.
#[derive(Debug, Clone, PartialEq, Eq)]
#[must_use = "write them with `Store::write`"]
pub struct Changes(pub(crate) Vec<Change>);

impl Changes {
    /// Whether nothing has changed.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Whether the changes include this authority's own statements. If they cannot be written, the
    /// statements must not be sent, and [`State::mute`](crate::State::mute) keeps the state from
    /// making others in the round.
    #[must_use]
    pub fn has_own_statements(&self) -> bool {
        self.0.iter().any(Change::is_own)
    }
}

/// The content of a [`Store`](crate::Store) when it was opened; empty by default.
#[derive(Debug, Default)]
pub struct Saved {
    pub(crate) rounds: BTreeMap<Epoch, Vec<Record>>,
    pub(crate) consensuses: BTreeMap<Epoch, Arc<[u8]>>,
    pub(crate) spoken: Vec<Epoch>,
}

impl Record {
    /// The record as a CBOR list.
    pub(super) fn encode(&self) -> Vec<u8> {
        encode(|writer| {
            match self {
                Self::Descriptor(bytes) => writer.array(2).unsigned(0).bytes(bytes),
                Self::Replica(bytes) => writer.array(2).unsigned(1).bytes(bytes),
                Self::Secret(bytes) => writer.array(2).unsigned(2).bytes(bytes),
                Self::Own(kind, bytes) => writer.array(3).unsigned(3).unsigned(kind.number().into()).bytes(bytes),
                Self::Accepted { kind, author, certificate, endorsements } => {
                    writer.array(5).unsigned(4).unsigned(kind.number().into()).bytes(&author.0).bytes(certificate);
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

    /// Parses a record that [`encode`](Self::encode) wrote.
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

fn kind(item: Item<'_>) -> Option<StatementKind> {
    u8::try_from(unsigned(item)?).ok().and_then(StatementKind::from_number)
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
