//! Mix descriptors: a node's keys, addresses and services for an epoch.

mod address;
mod error;
mod kaetzchen;
mod well_formed;

pub use error::{AddressFault, DescriptorFault};
pub use kaetzchen::Capability;

use crate::{
    Epoch, KeyHash,
    cbor::{Item, Map},
    decode::{DecodeError, Field, fields},
};

/// A node's descriptor: a gateway's, a mix's or a service node's. Borrows the bytes.
///
/// Parsing checks the kind of each field; [`check`](Self::check) checks their values.
///
/// ```
/// use mixwell_pki_types::{Descriptor, Epoch};
///
/// /// The name and the mix key of each node of a layer.
/// fn show<'a>(nodes: impl Iterator<Item = Descriptor<'a>>, epoch: Epoch) {
///     for node in nodes {
///         println!("{}: {:?}", node.name(), node.mix_key(epoch));
///     }
/// }
/// ```
#[derive(Debug, Clone, Copy)]
pub struct Descriptor<'a> {
    encoded: &'a [u8],
    name: &'a str,
    epoch: Epoch,
    identity_key: &'a [u8],
    link_key: &'a [u8],
    pub(crate) mix_keys: Option<Map<'a>>,
    pub(crate) addresses: Option<Map<'a>>,
    pub(crate) kaetzchen: Option<Map<'a>>,
    pub(crate) advertised: Option<Map<'a>>,
    is_gateway: bool,
    is_service: bool,
    load_weight: u8,
    authentication_type: &'a str,
    version: &'a str,
}

impl<'a> Descriptor<'a> {
    /// Reads a descriptor.
    ///
    /// # Errors
    /// If it cannot be decoded.
    pub fn parse(bytes: &'a [u8]) -> Result<Self, DecodeError> {
        Self::read(Item::parse(bytes)?)
    }

    /// Reads a descriptor from a checked item.
    pub(crate) fn read(item: Item<'a>) -> Result<Self, DecodeError> {
        let mut read = Self {
            encoded: item.encoded(),
            name: "",
            epoch: Epoch(0),
            identity_key: &[],
            link_key: &[],
            mix_keys: None,
            addresses: None,
            kaetzchen: None,
            advertised: None,
            is_gateway: false,
            is_service: false,
            load_weight: 0,
            authentication_type: "",
            version: "",
        };
        for (name, item) in fields("MixDescriptor", item)? {
            match name {
                "Name" => read.name = Field::new("Name", item).text()?,
                "Epoch" => read.epoch = Field::new("Epoch", item).epoch()?,
                "IdentityKey" => read.identity_key = Field::new("IdentityKey", item).bytes()?,
                "LinkKey" => read.link_key = Field::new("LinkKey", item).bytes()?,
                "MixKeys" => read.mix_keys = Field::new("MixKeys", item).map_of(Field::epoch, Field::bytes)?,
                "Addresses" => read.addresses = addresses(Field::new("Addresses", item))?,
                "Kaetzchen" => read.kaetzchen = kaetzchen::read(Field::new("Kaetzchen", item))?,
                "KaetzchenAdvertizedData" => {
                    read.advertised = kaetzchen::read(Field::new("KaetzchenAdvertizedData", item))?;
                }
                "IsGatewayNode" => read.is_gateway = Field::new("IsGatewayNode", item).bool()?,
                "IsServiceNode" => read.is_service = Field::new("IsServiceNode", item).bool()?,
                "LoadWeight" => read.load_weight = Field::new("LoadWeight", item).u8()?,
                "AuthenticationType" => {
                    read.authentication_type = Field::new("AuthenticationType", item).text()?;
                }
                "Version" => read.version = Field::new("Version", item).text()?,
                _ => {}
            }
        }
        Ok(read)
    }

    /// The descriptor's encoding, as received.
    #[must_use]
    pub const fn encoded(&self) -> &'a [u8] {
        self.encoded
    }

    /// The name.
    #[must_use]
    pub const fn name(&self) -> &'a str {
        self.name
    }

    /// The epoch for which the descriptor was made.
    #[must_use]
    pub const fn epoch(&self) -> Epoch {
        self.epoch
    }

    /// The public key that signs the node's uploads.
    #[must_use]
    pub const fn identity_key(&self) -> &'a [u8] {
        self.identity_key
    }

    /// The node id: the hash of the identity key.
    #[must_use]
    pub fn id(&self) -> KeyHash {
        KeyHash::of(self.identity_key)
    }

    /// The public KEM key of the node's links.
    #[must_use]
    pub const fn link_key(&self) -> &'a [u8] {
        self.link_key
    }

    /// The public key for packets of an epoch.
    #[must_use]
    pub fn mix_key(&self, epoch: Epoch) -> Option<&'a [u8]> {
        self.mix_keys().find(|(of, _)| *of == epoch).map(|(_, key)| key)
    }

    /// The mix keys with their epochs.
    pub fn mix_keys(&self) -> impl Iterator<Item = (Epoch, &'a [u8])> + use<'a> {
        keys("MixKeys", self.mix_keys)
    }

    /// The transports, each with its addresses: `tcp4` with `tcp4://192.0.2.1:30001`.
    pub fn addresses(&self) -> impl Iterator<Item = (&'a str, Texts<'a>)> + use<'a> {
        transports(self.addresses)
    }

    /// The services that the node offers.
    pub fn capabilities(&self) -> impl Iterator<Item = Capability<'a>> + use<'a> {
        kaetzchen::capabilities(self.kaetzchen)
    }

    /// The services that run beside the node, as it describes them.
    pub fn advertised(&self) -> impl Iterator<Item = Capability<'a>> + use<'a> {
        kaetzchen::capabilities(self.advertised)
    }

    /// Whether clients connect to the node.
    #[must_use]
    pub const fn is_gateway(&self) -> bool {
        self.is_gateway
    }

    /// Whether the node runs services.
    #[must_use]
    pub const fn is_service(&self) -> bool {
        self.is_service
    }

    /// The node's share of the load. Clients ignore it and choose uniformly.
    #[must_use]
    pub const fn load_weight(&self) -> u8 {
        self.load_weight
    }

    /// The gateway's method of authenticating clients; usually empty.
    #[must_use]
    pub const fn authentication_type(&self) -> &'a str {
        self.authentication_type
    }

    /// The version of the descriptor's format: `v0`, or empty.
    #[must_use]
    pub const fn version(&self) -> &'a str {
        self.version
    }
}

/// The texts of a list, in order.
#[derive(Debug, Clone, Copy, Default)]
pub struct Texts<'a>(crate::cbor::Array<'a>);

#[expect(clippy::copy_iterator, reason = "a place in borrowed bytes, copied to walk from there again")]
impl<'a> Iterator for Texts<'a> {
    type Item = &'a str;

    fn next(&mut self) -> Option<&'a str> {
        // every item was a text when the list was read
        self.0.next().and_then(|item| Field::new("Addresses", item).text().ok())
    }
}

/// Reads a map of transports to lists of addresses.
pub(crate) fn addresses(field: Field<'_>) -> Result<Option<Map<'_>>, DecodeError> {
    field.map_of(Field::text, |list| list.array_of(Field::text))
}

/// Walks a map returned by [`addresses`].
pub(crate) fn transports(map: Option<Map<'_>>) -> impl Iterator<Item = (&str, Texts<'_>)> {
    map.unwrap_or_default().filter_map(|(transport, list)| {
        let list = Field::new("Addresses", list).array().ok()?;
        Some((Field::new("Addresses", transport).text().ok()?, Texts(list.unwrap_or_default())))
    })
}

/// Walks a map of epochs to public keys.
pub(crate) fn keys<'a>(name: &'static str, map: Option<Map<'a>>) -> impl Iterator<Item = (Epoch, &'a [u8])> + use<'a> {
    map.unwrap_or_default().filter_map(move |(epoch, key)| {
        Some((Field::new(name, epoch).epoch().ok()?, Field::new(name, key).bytes().ok()?))
    })
}
