//! The vectors' fields of descriptors and documents, and how to compare them.

use mixwell_pki_types::{
    Descriptor, Document, KeyHash,
    cbor::{Item, Kind, Writer},
};
use mixwell_vectors::Hex;
use serde::Deserialize;
use serde_json::Value;
use std::collections::BTreeMap;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct DescriptorFields {
    name: String,
    node_id: Hex,
    epoch: u64,
    identity_key: Hex,
    link_key_blake2b256: Hex,
    mix_keys: BTreeMap<u64, Hex>,
    addresses: BTreeMap<String, Vec<String>>,
    kaetzchen: Option<BTreeMap<String, BTreeMap<String, Value>>>,
    is_gateway_node: bool,
    is_service_node: bool,
    load_weight: u8,
    authentication_type: String,
    version: String,
}

impl DescriptorFields {
    pub(crate) fn check(&self, descriptor: &Descriptor<'_>, name: &str) {
        assert_eq!(descriptor.name(), self.name, "{name}");
        assert_eq!(descriptor.id().0, self.node_id[..], "{name}");
        assert_eq!(descriptor.epoch().0, self.epoch, "{name}");
        assert_eq!(descriptor.identity_key(), &self.identity_key[..], "{name}");
        assert_eq!(KeyHash::of(descriptor.link_key()).0, self.link_key_blake2b256[..], "{name}");
        let mix_keys: BTreeMap<_, _> = descriptor.mix_keys().map(|(epoch, key)| (epoch.0, Hex(key.to_vec()))).collect();
        assert_eq!(mix_keys, self.mix_keys, "{name}");
        let addresses: BTreeMap<_, Vec<_>> = descriptor
            .addresses()
            .map(|(transport, list)| (transport.to_owned(), list.map(str::to_owned).collect()))
            .collect();
        assert_eq!(addresses, self.addresses, "{name}");
        let kaetzchen: BTreeMap<_, BTreeMap<_, _>> = descriptor
            .capabilities()
            .map(|capability| {
                let parameters = capability.parameters().map(|(name, value)| (name.to_owned(), json(value)));
                (capability.name().to_owned(), parameters.collect())
            })
            .collect();
        assert_eq!(kaetzchen, self.kaetzchen.clone().unwrap_or_default(), "{name}");
        assert_eq!(descriptor.is_gateway(), self.is_gateway_node, "{name}");
        assert_eq!(descriptor.is_service(), self.is_service_node, "{name}");
        assert_eq!(descriptor.load_weight(), self.load_weight, "{name}");
        assert_eq!(descriptor.authentication_type(), self.authentication_type, "{name}");
        assert_eq!(descriptor.version(), self.version, "{name}");
    }

    pub(crate) fn name(&self) -> &str {
        &self.name
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct ReplicaFields {
    name: String,
    replica_id: u8,
    identity_key: Hex,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct DocumentFields {
    pub(crate) epoch: u64,
    genesis_epoch: u64,
    mu: f64,
    lambda_p: f64,
    lambda_l: f64,
    lambda_m: f64,
    lambda_g: f64,
    lambda_r: f64,
    topology: Vec<Vec<DescriptorFields>>,
    gateway_nodes: Vec<DescriptorFields>,
    service_nodes: Vec<DescriptorFields>,
    storage_replicas: Option<Vec<ReplicaFields>>,
    shared_random_value: Hex,
    prior_shared_random: Option<Vec<Hex>>,
    sphinx_geometry_hash: Hex,
    version: String,
    pki_signature_scheme: String,
}

impl DocumentFields {
    pub(crate) fn check(&self, document: &Document<'_>, name: &str) {
        assert_eq!(document.epoch().0, self.epoch, "{name}");
        assert_eq!(document.genesis_epoch().0, self.genesis_epoch, "{name}");
        let rates = document.rates();
        for (got, want) in [
            (rates.mu, self.mu),
            (rates.lambda_p, self.lambda_p),
            (rates.lambda_l, self.lambda_l),
            (rates.lambda_m, self.lambda_m),
            (rates.lambda_g, self.lambda_g),
            (rates.lambda_r, self.lambda_r),
        ] {
            assert_eq!(got.to_bits(), want.to_bits(), "{name}");
        }
        assert_eq!(document.layer_count(), self.topology.len(), "{name}");
        for (nodes, want) in document.layers().zip(&self.topology) {
            check_nodes(nodes.map(|node| node.descriptor()), want, name);
        }
        check_nodes(document.gateways().map(|node| node.descriptor()), &self.gateway_nodes, name);
        check_nodes(document.services().map(|node| node.descriptor()), &self.service_nodes, name);
        let replicas = self.storage_replicas.as_deref().unwrap_or_default();
        assert_eq!(document.replicas().count(), replicas.len(), "{name}");
        for (replica, want) in document.replicas().zip(replicas) {
            assert_eq!(replica.name(), want.name, "{name}");
            assert_eq!(replica.replica_id(), want.replica_id, "{name}");
            assert_eq!(replica.identity_key(), &want.identity_key[..], "{name}");
            assert_eq!(document.replica_by_id(want.replica_id).unwrap().name(), want.name, "{name}");
            assert_eq!(document.replica_by_hash(replica.id()).unwrap().name(), want.name, "{name}");
            assert!(replica.envelope_keys().next().is_some() && replica.addresses().next().is_some(), "{name}");
        }
        assert_eq!(document.shared_random_value(), &self.shared_random_value[..], "{name}");
        let prior: Vec<_> = document.prior_shared_random().map(|value| Hex(value.to_vec())).collect();
        assert_eq!(prior, self.prior_shared_random.clone().unwrap_or_default(), "{name}");
        assert_eq!(document.sphinx_geometry_hash(), &self.sphinx_geometry_hash[..], "{name}");
        assert_eq!(document.version(), self.version, "{name}");
        assert_eq!(document.signature_scheme(), self.pki_signature_scheme, "{name}");
    }

    pub(crate) fn nodes(&self) -> impl Iterator<Item = (u8, &DescriptorFields)> {
        let mixes =
            self.topology.iter().zip(0..).flat_map(|(layer, number)| layer.iter().map(move |node| (number, node)));
        mixes
            .chain(self.gateway_nodes.iter().map(|node| (255, node)))
            .chain(self.service_nodes.iter().map(|node| (254, node)))
    }
}

fn check_nodes<'a>(nodes: impl Iterator<Item = Descriptor<'a>>, want: &[DescriptorFields], name: &str) {
    let nodes: Vec<_> = nodes.collect();
    assert_eq!(nodes.len(), want.len(), "{name}");
    nodes.iter().zip(want).for_each(|(node, want)| want.check(node, name));
}

/// An item as JSON, as far as JSON can represent it.
fn json(item: Item<'_>) -> Value {
    match item.kind() {
        Kind::Unsigned(n) => n.into(),
        Kind::Text(text) => text.into(),
        Kind::Bool(value) => value.into(),
        Kind::Float(value) => value.into(),
        Kind::Null => Value::Null,
        Kind::Array(items) => items.map(json).collect(),
        other => panic!("{other:?} in a parameter"),
    }
}

/// Re-encodes an item in canonical form.
pub(crate) fn canonical(bytes: &[u8]) -> Vec<u8> {
    let mut out = vec![0; bytes.len()];
    let mut writer = Writer::new(&mut out);
    writer.canonical(Item::parse(bytes).unwrap());
    let len = writer.finish().unwrap();
    out.truncate(len);
    out
}
