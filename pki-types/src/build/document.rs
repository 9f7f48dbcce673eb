//! Encoding a document.

use super::encode;
use crate::{Document, Epoch, KeyHash, Rates, cbor::Writer};
use alloc::{borrow::ToOwned, collections::BTreeMap, string::String, vec::Vec};

/// The fields of a [`Document`]. Mixes, gateways, service nodes and storage replicas are encoded
/// descriptors, which are copied unchanged.
///
/// ```
/// use mixwell_pki_types::{Epoch, Rates, build::{DescriptorBuilder, DocumentBuilder}};
///
/// let mix = DescriptorBuilder { name: "mix1".into(), epoch: Epoch(250_000), ..DescriptorBuilder::default() };
/// let encoded = DocumentBuilder {
///     epoch: Epoch(250_000),
///     rates: Rates { mu: 0.005, ..Rates::default() },
///     topology: Some(vec![vec![mix.encode()]]), // one layer
///     ..DocumentBuilder::default()
/// }
/// .encode();
/// # assert!(encoded.len() > 100);
/// ```
#[derive(Debug, Clone, PartialEq, Default)]
#[expect(missing_docs, reason = "the fields are documented where they are read, at `Document`")]
#[expect(clippy::exhaustive_structs, reason = "built by its fields")]
pub struct DocumentBuilder {
    pub epoch: Epoch,
    pub genesis_epoch: Epoch,
    pub rates: Rates,
    pub topology: Option<Vec<Vec<Vec<u8>>>>,
    pub gateways: Option<Vec<Vec<u8>>>,
    pub services: Option<Vec<Vec<u8>>>,
    pub replicas: Option<Vec<Vec<u8>>>,
    pub configured_replica_ids: Vec<u8>,
    pub configured_replica_identity_keys: Vec<Vec<u8>>,
    pub commits: Option<BTreeMap<KeyHash, Vec<u8>>>,
    pub reveals: Option<BTreeMap<KeyHash, Vec<u8>>>,
    pub shared_random_value: [u8; 32],
    pub prior_shared_random: Option<Vec<[u8; 32]>>,
    pub sphinx_geometry_hash: [u8; 32],
    pub version: String,
    pub signature_scheme: String,
}

impl DocumentBuilder {
    /// The document's canonical encoding.
    #[must_use]
    pub fn encode(&self) -> Vec<u8> {
        encode(|writer| self.write(writer))
    }

    fn write(&self, writer: &mut Writer<'_>) {
        let (ids, keys) = (&self.configured_replica_ids, &self.configured_replica_identity_keys);
        let optional = usize::from(!ids.is_empty()).saturating_add(usize::from(!keys.is_empty()));
        writer.map(optional.saturating_add(19));
        writer.text("Mu").float(self.rates.mu).text("Epoch").unsigned(self.epoch.0);
        writer.text("LambdaG").float(self.rates.lambda_g).text("LambdaL").float(self.rates.lambda_l);
        writer.text("LambdaM").float(self.rates.lambda_m).text("LambdaP").float(self.rates.lambda_p);
        writer.text("LambdaR").float(self.rates.lambda_r).text("Version").text(&self.version);
        list(writer.text("Topology"), self.topology.as_deref(), |writer, layer| {
            strings(writer, Some(&layer[..]).filter(|layer| !layer.is_empty()));
        });
        strings(writer.text("GatewayNodes"), self.gateways.as_deref());
        writer.text("GenesisEpoch").unsigned(self.genesis_epoch.0);
        strings(writer.text("ServiceNodes"), self.services.as_deref());
        list(writer.text("StorageReplicas"), self.replicas.as_deref(), |writer, replica| {
            writer.raw(replica);
        });
        strings(writer.text("PriorSharedRandom"), self.prior_shared_random.as_deref());
        writer.text("SharedRandomValue").bytes(&self.shared_random_value);
        writer.text("PKISignatureScheme").text(&self.signature_scheme);
        certificates(writer.text("SharedRandomCommit"), self.commits.as_ref());
        certificates(writer.text("SharedRandomReveal"), self.reveals.as_ref());
        writer.text("SphinxGeometryHash").bytes(&self.sphinx_geometry_hash);
        if !ids.is_empty() {
            writer.text("ConfiguredReplicaIDs").bytes(ids);
        }
        if !keys.is_empty() {
            strings(writer.text("ConfiguredReplicaIdentityKeys"), Some(keys));
        }
    }
}

impl From<&Document<'_>> for DocumentBuilder {
    fn from(read: &Document<'_>) -> Self {
        let layers = || read.layers().map(|layer| layer.map(|node| node.encoded().to_vec()).collect());
        let own = |nodes: crate::Nodes<'_>| nodes.map(|node| node.encoded().to_vec()).collect();
        Self {
            epoch: read.epoch(),
            genesis_epoch: read.genesis_epoch(),
            rates: read.rates(),
            topology: read.topology.map(|_| layers().collect()),
            gateways: read.gateways.map(|_| own(read.gateways())),
            services: read.services.map(|_| own(read.services())),
            replicas: read.replicas.map(|_| read.replicas().map(|replica| replica.encoded().to_vec()).collect()),
            configured_replica_ids: read.configured_replica_ids().to_vec(),
            configured_replica_identity_keys: read.configured_replica_identity_keys().map(<[u8]>::to_vec).collect(),
            commits: read.commits.map(|_| read.commits().map(|(by, bytes)| (by, bytes.to_vec())).collect()),
            reveals: read.reveals.map(|_| read.reveals().map(|(by, bytes)| (by, bytes.to_vec())).collect()),
            shared_random_value: *read.shared_random_value(),
            prior_shared_random: read.prior_shared_random.map(|_| read.prior_shared_random().collect()),
            sphinx_geometry_hash: *read.sphinx_geometry_hash(),
            version: read.version().to_owned(),
            signature_scheme: read.signature_scheme().to_owned(),
        }
    }
}

fn list<T>(writer: &mut Writer<'_>, items: Option<&[T]>, write: impl Fn(&mut Writer<'_>, &T)) {
    let Some(items) = items else {
        writer.null();
        return;
    };
    writer.array(items.len());
    for item in items {
        write(writer, item);
    }
}

fn strings<T: AsRef<[u8]>>(writer: &mut Writer<'_>, items: Option<&[T]>) {
    list(writer, items, |writer, bytes| {
        writer.bytes(bytes.as_ref());
    });
}

fn certificates(writer: &mut Writer<'_>, map: Option<&BTreeMap<KeyHash, Vec<u8>>>) {
    let Some(map) = map else {
        writer.null();
        return;
    };
    writer.map(map.len());
    for (authority, certificate) in map {
        writer.bytes(&authority.0).bytes(certificate);
    }
}
