//! Encoding a storage replica's descriptor.

use super::{Addresses, EpochKeys, addresses, encode, epoch_keys, own_addresses, own_keys};
use crate::{Epoch, Replica};
use alloc::{borrow::ToOwned, string::String, vec::Vec};

/// The fields of a [`Replica`].
#[derive(Debug, Clone, PartialEq, Eq, Default)]
#[expect(missing_docs, reason = "the fields are documented where they are read, at `Replica`")]
#[expect(clippy::exhaustive_structs, reason = "built by its fields")]
pub struct ReplicaBuilder {
    pub name: String,
    pub replica_id: u8,
    pub epoch: Epoch,
    pub identity_key: Vec<u8>,
    pub link_key: Vec<u8>,
    pub envelope_keys: Option<EpochKeys>,
    pub addresses: Option<Addresses>,
}

impl ReplicaBuilder {
    /// The descriptor's canonical encoding.
    #[must_use]
    pub fn encode(&self) -> Vec<u8> {
        encode(|writer| {
            writer.map(7).text("Name").text(&self.name).text("Epoch").unsigned(self.epoch.0);
            writer.text("LinkKey").optional_bytes(&self.link_key);
            addresses(writer.text("Addresses"), self.addresses.as_ref());
            writer.text("ReplicaID").unsigned(self.replica_id.into());
            writer.text("IdentityKey").optional_bytes(&self.identity_key);
            epoch_keys(writer.text("EnvelopeKeys"), self.envelope_keys.as_ref());
        })
    }
}

impl From<&Replica<'_>> for ReplicaBuilder {
    fn from(read: &Replica<'_>) -> Self {
        Self {
            name: read.name().to_owned(),
            replica_id: read.replica_id(),
            epoch: read.epoch(),
            identity_key: read.identity_key().to_vec(),
            link_key: read.link_key().to_vec(),
            envelope_keys: read.envelope_keys.map(|_| own_keys(read.envelope_keys())),
            addresses: read.addresses.map(|_| own_addresses(read.addresses())),
        }
    }
}
