//! A node as JSON.

use crate::cmd::document::parameter;
use mixwell_pki_types::{Capability, Descriptor, KeyHash};
use serde::{Serialize, Serializer};

/// A mix, gateway or service node.
#[derive(Serialize)]
pub(super) struct Node {
    name: String,
    /// The hash of the identity key.
    id: String,
    #[serde(serialize_with = "object")]
    addresses: Pairs<Vec<String>>,
    link_key_hash: String,
    /// Hash of the mix key of each epoch.
    #[serde(serialize_with = "object")]
    mix_key_hashes: Pairs<String>,
    #[serde(serialize_with = "object", skip_serializing_if = "Vec::is_empty")]
    services: Pairs<Parameters>,
    #[serde(serialize_with = "object", skip_serializing_if = "Vec::is_empty")]
    advertised: Pairs<Parameters>,
    #[serde(skip_serializing_if = "is_zero")]
    load_weight: u8,
    #[serde(skip_serializing_if = "String::is_empty")]
    authentication_type: String,
    #[serde(skip_serializing_if = "String::is_empty")]
    version: String,
}

/// A storage replica.
#[derive(Serialize)]
pub(super) struct Replica {
    name: String,
    #[serde(rename = "replica_id")]
    number: u8,
    id: String,
    #[serde(serialize_with = "object")]
    addresses: Pairs<Vec<String>>,
    link_key_hash: String,
    /// Hash of the envelope key of each replica epoch.
    #[serde(serialize_with = "object")]
    envelope_key_hashes: Pairs<String>,
}

/// A service's parameters.
#[derive(Serialize)]
#[serde(transparent)]
struct Parameters(#[serde(serialize_with = "object")] Pairs<serde_json::Value>);

/// The fields of an object, in the order in which the document has them.
type Pairs<T> = Vec<(String, T)>;

impl Node {
    pub(super) fn new(node: &Descriptor<'_>) -> Self {
        Self {
            name: node.name().to_owned(),
            id: node.id().to_string(),
            addresses: node.addresses().map(addresses).collect(),
            link_key_hash: KeyHash::of(node.link_key()).to_string(),
            mix_key_hashes: node.mix_keys().map(|(epoch, key)| (epoch.to_string(), hash(key))).collect(),
            services: node.capabilities().map(service).collect(),
            advertised: node.advertised().map(service).collect(),
            load_weight: node.load_weight(),
            authentication_type: node.authentication_type().to_owned(),
            version: node.version().to_owned(),
        }
    }
}

impl Replica {
    pub(super) fn new(replica: &mixwell_pki_types::Replica<'_>) -> Self {
        Self {
            name: replica.name().to_owned(),
            number: replica.replica_id(),
            id: replica.id().to_string(),
            addresses: replica.addresses().map(addresses).collect(),
            link_key_hash: hash(replica.link_key()),
            envelope_key_hashes: replica.envelope_keys().map(|(epoch, key)| (epoch.to_string(), hash(key))).collect(),
        }
    }
}

fn hash(key: &[u8]) -> String {
    KeyHash::of(key).to_string()
}

fn addresses<'a>((transport, list): (&str, impl Iterator<Item = &'a str>)) -> (String, Vec<String>) {
    (transport.to_owned(), list.map(str::to_owned).collect())
}

fn service(capability: Capability<'_>) -> (String, Parameters) {
    let parameters = capability.parameters().map(|(name, value)| (name.to_owned(), parameter::json(value)));
    (capability.name().to_owned(), Parameters(parameters.collect()))
}

fn object<T: Serialize, S: Serializer>(pairs: &[(String, T)], serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_map(pairs.iter().map(|(key, value)| (key, value)))
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde passes a reference")]
const fn is_zero(n: &u8) -> bool {
    *n == 0
}
