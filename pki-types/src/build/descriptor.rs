//! Encoding a mix descriptor.

use super::{Addresses, EpochKeys, Value, addresses, encode, epoch_keys, own_addresses, own_keys, text_map};
use crate::{Capability, Descriptor, Epoch, cbor::Writer};
use alloc::{borrow::ToOwned, collections::BTreeMap, string::String, vec::Vec};

/// Parameters of services, by capability.
pub type Capabilities = BTreeMap<String, BTreeMap<String, Value>>;

/// The fields of a [`Descriptor`].
///
/// ```
/// use mixwell_pki_types::{Epoch, build::DescriptorBuilder};
///
/// let encoded = DescriptorBuilder {
///     name: "mix1".into(),
///     epoch: Epoch(250_000),
///     identity_key: vec![1; 32],
///     link_key: vec![7; 1216],
///     mix_keys: Some([(Epoch(250_000), vec![9; 32])].into()),
///     addresses: Some([("tcp4".into(), vec!["tcp4://192.0.2.1:30001".into()])].into()),
///     ..DescriptorBuilder::default()
/// }
/// .encode();
/// # assert!(encoded.len() > 1216);
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Default)]
#[expect(missing_docs, reason = "the fields are documented where they are read, at `Descriptor`")]
#[expect(clippy::exhaustive_structs, reason = "built by its fields")]
pub struct DescriptorBuilder {
    pub name: String,
    pub epoch: Epoch,
    pub identity_key: Vec<u8>,
    pub link_key: Vec<u8>,
    pub mix_keys: Option<EpochKeys>,
    pub addresses: Option<Addresses>,
    pub kaetzchen: Option<Capabilities>,
    pub advertised: Option<Capabilities>,
    pub is_gateway: bool,
    pub is_service: bool,
    pub load_weight: u8,
    pub authentication_type: String,
    pub version: String,
}

impl DescriptorBuilder {
    /// The descriptor's canonical encoding.
    #[must_use]
    pub fn encode(&self) -> Vec<u8> {
        encode(|writer| {
            writer.map(13).text("Name").text(&self.name).text("Epoch").unsigned(self.epoch.0);
            writer.text("LinkKey").optional_bytes(&self.link_key);
            epoch_keys(writer.text("MixKeys"), self.mix_keys.as_ref());
            writer.text("Version").text(&self.version);
            addresses(writer.text("Addresses"), self.addresses.as_ref());
            capabilities(writer.text("Kaetzchen"), self.kaetzchen.as_ref());
            writer.text("LoadWeight").unsigned(self.load_weight.into());
            writer.text("IdentityKey").optional_bytes(&self.identity_key);
            writer.text("IsGatewayNode").bool(self.is_gateway).text("IsServiceNode").bool(self.is_service);
            writer.text("AuthenticationType").text(&self.authentication_type);
            capabilities(writer.text("KaetzchenAdvertizedData"), self.advertised.as_ref());
        })
    }
}

impl From<&Descriptor<'_>> for DescriptorBuilder {
    fn from(read: &Descriptor<'_>) -> Self {
        Self {
            name: read.name().to_owned(),
            epoch: read.epoch(),
            identity_key: read.identity_key().to_vec(),
            link_key: read.link_key().to_vec(),
            mix_keys: read.mix_keys.map(|_| own_keys(read.mix_keys())),
            addresses: read.addresses.map(|_| own_addresses(read.addresses())),
            kaetzchen: read.kaetzchen.map(|_| own_capabilities(read.capabilities())),
            advertised: read.advertised.map(|_| own_capabilities(read.advertised())),
            is_gateway: read.is_gateway(),
            is_service: read.is_service(),
            load_weight: read.load_weight(),
            authentication_type: read.authentication_type().to_owned(),
            version: read.version().to_owned(),
        }
    }
}

fn capabilities(writer: &mut Writer<'_>, map: Option<&Capabilities>) {
    text_map(writer, map, |writer, parameters| {
        text_map(writer, Some(parameters), |writer, value| {
            writer.raw(value.encoded());
        });
    });
}

fn own_capabilities<'a>(capabilities: impl Iterator<Item = Capability<'a>>) -> Capabilities {
    let own = |capability: Capability<'a>| {
        let parameters = capability.parameters().map(|(name, value)| (name.to_owned(), value.into()));
        (capability.name().to_owned(), parameters.collect())
    };
    capabilities.map(own).collect()
}
