//! `authority.toml`.

use super::{
    ConfigurationError,
    source::{self, Own, PeerSection, Source},
};
use crate::{
    geometry::GeometrySection,
    network::{address::Address, files, keys::LinkKem, peers::Authorities},
};
use mixwell_pki_types::{KeyHash, Period, Rates, SignatureScheme};
use mixwell_sphinx::Geometry;
use serde::Deserialize;
use std::{
    path::{Path, PathBuf},
    sync::Arc,
};
use toml::Spanned;

/// An authority's configuration.
#[derive(Debug, Clone)]
pub(crate) struct AuthorityConfiguration {
    pub(crate) identifier: String,
    pub(crate) scheme: &'static dyn SignatureScheme,
    pub(crate) kem: LinkKem,
    pub(crate) bind_addresses: Vec<Address>,
    pub(crate) data_folder: PathBuf,
    pub(crate) authorities: Arc<Authorities>,
    /// The nodes that may take part.
    pub(crate) nodes: Vec<PermittedNode>,
    /// How many layers of mixes there are to be.
    pub(crate) layers: u8,
    /// How many mixes each layer has at least.
    pub(crate) min_per_layer: usize,
    pub(crate) rates: Rates,
    pub(crate) geometry: Geometry,
    pub(crate) period: Period,
}

/// A node that may take part.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct PermittedNode {
    pub(crate) identifier: String,
    /// The hash of its identity key.
    pub(crate) id: KeyHash,
    pub(crate) kind: NodeKind,
}

/// What a node may be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum NodeKind {
    /// A mix; in this layer, if the configuration says so.
    Mix(Option<u8>),
    Gateway,
    Service,
}

impl AuthorityConfiguration {
    /// Reads an `authority.toml`.
    pub(crate) fn read(path: &Path) -> Result<Self, ConfigurationError> {
        let (source, file): (_, File) = Source::read(path)?;
        let server = &file.server;
        let scheme = source::signature_scheme(server.signature_scheme.as_ref(), &source)?;
        let kem = source::link_kem(server.wire_kem_scheme.as_ref(), &source)?;
        let data_folder = source.folder_of(&server.data_dir);
        let authorities = source::authorities(&file.authorities, (scheme, kem), &source)?;
        let mut nodes = Nodes { source: &source, scheme, folder: &data_folder, list: Vec::new() };
        nodes.add(&file.mixes, NodeKind::Mix(None))?;
        nodes.add(&file.gateway_nodes, NodeKind::Gateway)?;
        nodes.add(&file.service_nodes, NodeKind::Service)?;
        let mut layers = file.debug.as_ref().and_then(|debug| debug.layers.clone());
        let pinned = file.topology.as_ref().map(|topology| topology.layers.as_slice()).unwrap_or_default();
        for (number, layer) in (0..).zip(pinned) {
            nodes.pin(&layer.nodes, number)?;
        }
        if !pinned.is_empty() {
            layers = u8::try_from(pinned.len()).ok().map(|count| Spanned::new(0..0, count));
        }
        let layers = layers.map_or(Ok(DEFAULT_LAYERS), |layers| match layers.get_ref() {
            1..=20 => Ok(layers.into_inner()),
            _ => Err(source.error(layers.span(), "Layers: want 1 to 20")),
        })?;
        let bind = server.bind_addresses.as_ref().unwrap_or(&server.addresses);
        Ok(Self {
            identifier: server.identifier.clone(),
            bind_addresses: source::addresses(bind, &source)?,
            nodes: nodes.list,
            layers,
            min_per_layer: file.debug.and_then(|debug| debug.min_nodes_per_layer).unwrap_or(1).max(1),
            rates: file.parameters.map_or(Ok(DEFAULT_RATES), |section| section.rates(&source))?,
            geometry: source::geometry(&file.sphinx_geometry, &source)?,
            period: Own::period(file.mixwell.as_ref(), &source)?,
            authorities: Arc::new(authorities),
            scheme,
            kem,
            data_folder,
        })
    }
}

/// The nodes that were read so far.
struct Nodes<'s> {
    source: &'s Source,
    scheme: &'static dyn SignatureScheme,
    folder: &'s Path,
    list: Vec<PermittedNode>,
}

impl Nodes<'_> {
    fn add(&mut self, sections: &[NodeSection], kind: NodeKind) -> Result<(), ConfigurationError> {
        for section in sections {
            let node = self.read(section, kind)?;
            if self.list.iter().any(|other| other.id == node.id) {
                return Err(self.source.error(section.key.span(), "another node has the same identity key"));
            }
            self.list.push(node);
        }
        Ok(())
    }

    /// Says in which layer mixes are; one that is not listed elsewhere is added.
    fn pin(&mut self, sections: &[NodeSection], layer: u8) -> Result<(), ConfigurationError> {
        for section in sections {
            let node = self.read(section, NodeKind::Mix(Some(layer)))?;
            match self.list.iter_mut().find(|other| other.id == node.id) {
                Some(known) if known.kind == NodeKind::Mix(None) => known.kind = node.kind,
                Some(_) => return Err(self.source.error(section.key.span(), "the node is no mix, or has a layer")),
                None => self.list.push(node),
            }
        }
        Ok(())
    }

    /// The key is the PEM text, or names a file from the data folder.
    fn read(&self, section: &NodeSection, kind: NodeKind) -> Result<PermittedNode, ConfigurationError> {
        let text = if section.key.get_ref().contains("-----BEGIN") {
            section.key.clone()
        } else {
            let path = self.folder.join(section.key.get_ref());
            let failed = |error| self.source.error(section.key.span(), format!("{}: {error}", path.display()));
            let bytes = files::read_bounded(&path, MAX_KEY_BYTES).map_err(failed)?;
            Spanned::new(section.key.span(), String::from_utf8_lossy(&bytes).into_owned())
        };
        let key = source::identity_key(self.scheme, &text, self.source)?;
        Ok(PermittedNode { identifier: section.identifier.clone(), id: KeyHash::of(&key), kind })
    }
}

impl Parameters {
    fn rates(&self, source: &Source) -> Result<Rates, ConfigurationError> {
        let rate = |given: &Option<Spanned<f64>>, default: f64| {
            let Some(given) = given else { return Ok(default) };
            if given.get_ref().is_finite() && *given.get_ref() >= 0.0 {
                Ok(*given.get_ref())
            } else {
                Err(source.error(given.span(), "a rate is a number of 0 or more per millisecond"))
            }
        };
        let mu = rate(&self.mu, DEFAULT_RATES.mu)?;
        if mu <= 0.0 {
            return Err(source.error(self.mu.as_ref().map_or(0..0, Spanned::span), "Mu: want more than 0"));
        }
        Ok(Rates {
            mu,
            lambda_p: rate(&self.lambda_p, DEFAULT_RATES.lambda_p)?,
            lambda_l: rate(&self.lambda_l, DEFAULT_RATES.lambda_l)?,
            lambda_m: rate(&self.lambda_m, DEFAULT_RATES.lambda_m)?,
            lambda_g: rate(&self.lambda_g, DEFAULT_RATES.lambda_g)?,
            lambda_r: rate(&self.lambda_r, DEFAULT_RATES.lambda_r)?,
        })
    }
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct File {
    server: Server,
    authorities: Vec<PeerSection>,
    #[serde(default)]
    mixes: Vec<NodeSection>,
    #[serde(default)]
    gateway_nodes: Vec<NodeSection>,
    #[serde(default)]
    service_nodes: Vec<NodeSection>,
    topology: Option<Topology>,
    parameters: Option<Parameters>,
    debug: Option<Debug>,
    sphinx_geometry: Spanned<GeometrySection>,
    mixwell: Option<Own>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Server {
    identifier: String,
    #[serde(rename = "WireKEMScheme")]
    wire_kem_scheme: Option<Spanned<String>>,
    #[serde(rename = "PKISignatureScheme")]
    signature_scheme: Option<Spanned<String>>,
    addresses: Spanned<Vec<Spanned<String>>>,
    bind_addresses: Option<Spanned<Vec<Spanned<String>>>>,
    data_dir: PathBuf,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct NodeSection {
    identifier: String,
    #[serde(rename = "IdentityPublicKeyPem", alias = "IdentityPublicKey")]
    key: Spanned<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Topology {
    #[serde(default)]
    layers: Vec<TopologyLayer>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct TopologyLayer {
    #[serde(default)]
    nodes: Vec<NodeSection>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Parameters {
    mu: Option<Spanned<f64>>,
    lambda_p: Option<Spanned<f64>>,
    lambda_l: Option<Spanned<f64>>,
    lambda_m: Option<Spanned<f64>>,
    lambda_g: Option<Spanned<f64>>,
    lambda_r: Option<Spanned<f64>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Debug {
    layers: Option<Spanned<u8>>,
    min_nodes_per_layer: Option<usize>,
}

const DEFAULT_LAYERS: u8 = 3;

/// More than the PEM form of any public key.
const MAX_KEY_BYTES: u64 = 1 << 16;

/// Those of the reference's test networks.
const DEFAULT_RATES: Rates =
    Rates { mu: 0.005, lambda_p: 0.001, lambda_l: 0.0005, lambda_m: 0.0005, lambda_g: 0.0005, lambda_r: 0.005 };
