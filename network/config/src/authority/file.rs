//! The text of an `authority.toml`, section by section, as it is read and written.

use super::DEFAULT_RATES;
use crate::{
    geometry::GeometrySection,
    shared::PeerSection,
    write::{Listing, NetworkFiles, plain},
};
use mixwell_pki_types::Rates;
use serde::{Deserialize, Serialize};
use std::path::PathBuf;
use toml::Spanned;

#[derive(Deserialize, Serialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct File {
    pub(super) server: Server,
    pub(super) authorities: Vec<PeerSection>,
    pub(super) debug: Option<Debug>,
    pub(super) parameters: Option<Parameters>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(super) mixes: Vec<NodeSection>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(super) gateway_nodes: Vec<NodeSection>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(super) service_nodes: Vec<NodeSection>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(super) storage_replicas: Vec<ReplicaSection>,
    pub(super) topology: Option<Topology>,
    pub(super) sphinx_geometry: Spanned<GeometrySection>,
}

#[derive(Deserialize, Serialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct Server {
    pub(super) identifier: Spanned<String>,
    #[serde(rename = "WireKEMScheme")]
    pub(super) wire_kem_scheme: Option<Spanned<String>>,
    #[serde(rename = "PKISignatureScheme")]
    pub(super) signature_scheme: Option<Spanned<String>>,
    pub(super) addresses: Spanned<Vec<Spanned<String>>>,
    pub(super) bind_addresses: Option<Spanned<Vec<Spanned<String>>>>,
    pub(super) data_dir: PathBuf,
}

#[derive(Deserialize, Serialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct NodeSection {
    pub(super) identifier: Spanned<String>,
    #[serde(rename = "IdentityPublicKeyPem", alias = "IdentityPublicKey")]
    pub(super) key: Spanned<String>,
}

#[derive(Deserialize, Serialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct ReplicaSection {
    pub(super) identifier: Spanned<String>,
    #[serde(rename = "IdentityPublicKeyPem", alias = "IdentityPublicKey")]
    pub(super) key: Spanned<String>,
    #[serde(rename = "ReplicaID")]
    pub(super) replica_id: Spanned<u8>,
}

#[derive(Deserialize, Serialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct Topology {
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(super) layers: Vec<TopologyLayer>,
}

#[derive(Deserialize, Serialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct TopologyLayer {
    pub(super) nodes: Spanned<Vec<NodeSection>>,
}

#[derive(Deserialize, Serialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct Parameters {
    pub(super) mu: Option<Spanned<f64>>,
    pub(super) lambda_p: Option<Spanned<f64>>,
    pub(super) lambda_l: Option<Spanned<f64>>,
    pub(super) lambda_m: Option<Spanned<f64>>,
    pub(super) lambda_g: Option<Spanned<f64>>,
    pub(super) lambda_r: Option<Spanned<f64>>,
}

#[derive(Deserialize, Serialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct Debug {
    pub(super) layers: Option<Spanned<u8>>,
    pub(super) min_nodes_per_layer: Option<Spanned<usize>>,
}

impl File {
    /// The file of an authority of a network, as `genconfig` writes it.
    pub(crate) fn of(files: &NetworkFiles<'_>, own: &Listing) -> Self {
        let shared = &files.shared;
        Self {
            server: Server {
                identifier: plain(own.identifier.clone()),
                wire_kem_scheme: Some(plain(shared.kem.name().to_owned())),
                signature_scheme: Some(plain(shared.scheme.name().to_owned())),
                addresses: own.addresses(),
                bind_addresses: None,
                data_dir: PathBuf::from("."),
            },
            authorities: files.peers(),
            debug: Some(Debug { layers: Some(plain(files.layers)), min_nodes_per_layer: Some(plain(1)) }),
            parameters: Some(Parameters::from(&files.rates)),
            mixes: NodeSection::list(files.mixes),
            gateway_nodes: NodeSection::list(files.gateways),
            service_nodes: NodeSection::list(files.services),
            storage_replicas: Vec::new(),
            topology: None,
            sphinx_geometry: shared.geometry_section(),
        }
    }
}

impl NodeSection {
    fn list(nodes: &[Listing]) -> Vec<Self> {
        let section =
            |node: &Listing| Self { identifier: plain(node.identifier.clone()), key: plain(node.identity_pem.clone()) };
        nodes.iter().map(section).collect()
    }
}

impl From<&Rates> for Parameters {
    fn from(rates: &Rates) -> Self {
        Self {
            mu: Some(plain(rates.mu)),
            lambda_p: Some(plain(rates.lambda_p)),
            lambda_l: Some(plain(rates.lambda_l)),
            lambda_m: Some(plain(rates.lambda_m)),
            lambda_g: Some(plain(rates.lambda_g)),
            // left out if it is the default, as not all versions of the reference know this rate
            lambda_r: (rates.lambda_r.to_bits() != DEFAULT_RATES.lambda_r.to_bits()).then(|| plain(rates.lambda_r)),
        }
    }
}
