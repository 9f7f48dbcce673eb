//! Descriptors of storage replicas, which are not part of any route.

use crate::{
    Epoch, KeyHash,
    cbor::{Item, Map},
    decode::{DecodeError, Field, fields},
    descriptor::{self, Texts},
};

/// A storage replica's descriptor. Borrows the bytes.
#[derive(Debug, Clone, Copy)]
pub struct Replica<'a> {
    encoded: Item<'a>,
    name: &'a str,
    id: u8,
    epoch: Epoch,
    identity_key: &'a [u8],
    link_key: &'a [u8],
    pub(crate) envelope_keys: Option<Map<'a>>,
    pub(crate) addresses: Option<Map<'a>>,
}

impl<'a> Replica<'a> {
    /// Reads a replica's descriptor.
    ///
    /// # Errors
    /// If it cannot be decoded.
    pub fn parse(bytes: &'a [u8]) -> Result<Self, DecodeError> {
        Self::read(Item::parse(bytes)?)
    }

    pub(crate) fn read(item: Item<'a>) -> Result<Self, DecodeError> {
        let mut read = Self {
            encoded: item,
            name: "",
            id: 0,
            epoch: Epoch(0),
            identity_key: &[],
            link_key: &[],
            envelope_keys: None,
            addresses: None,
        };
        for (name, item) in fields("ReplicaDescriptor", item)? {
            match name {
                "Name" => read.name = Field::new("Name", item).text()?,
                "ReplicaID" => read.id = Field::new("ReplicaID", item).u8()?,
                "Epoch" => read.epoch = Field::new("Epoch", item).epoch()?,
                "IdentityKey" => read.identity_key = Field::new("IdentityKey", item).bytes()?,
                "LinkKey" => read.link_key = Field::new("LinkKey", item).bytes()?,
                "EnvelopeKeys" => {
                    read.envelope_keys = Field::new("EnvelopeKeys", item).map_of(Field::epoch, Field::bytes)?;
                }
                "Addresses" => read.addresses = descriptor::addresses(Field::new("Addresses", item))?,
                _ => {}
            }
        }
        Ok(read)
    }

    /// The descriptor's encoding, as received.
    #[must_use]
    pub const fn encoded(&self) -> &'a [u8] {
        self.encoded.encoded()
    }

    /// The name.
    #[must_use]
    pub const fn name(&self) -> &'a str {
        self.name
    }

    /// The replica's number in the network.
    #[must_use]
    pub const fn replica_id(&self) -> u8 {
        self.id
    }

    /// The epoch for which the descriptor was made.
    #[must_use]
    pub const fn epoch(&self) -> Epoch {
        self.epoch
    }

    /// The public key that signs the replica's uploads.
    #[must_use]
    pub const fn identity_key(&self) -> &'a [u8] {
        self.identity_key
    }

    /// The node id: the hash of the identity key.
    #[must_use]
    pub fn id(&self) -> KeyHash {
        KeyHash::of(self.identity_key)
    }

    /// The public KEM key of the replica's links.
    #[must_use]
    pub const fn link_key(&self) -> &'a [u8] {
        self.link_key
    }

    /// The public keys for envelopes, by replica epoch (which is longer than an epoch of the PKI).
    pub fn envelope_keys(&self) -> impl Iterator<Item = (Epoch, &'a [u8])> + use<'a> {
        descriptor::keys("EnvelopeKeys", self.envelope_keys)
    }

    /// The transports, each with its addresses.
    pub fn addresses(&self) -> impl Iterator<Item = (&'a str, Texts<'a>)> + use<'a> {
        descriptor::transports(self.addresses)
    }
}
