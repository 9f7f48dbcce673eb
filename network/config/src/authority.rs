//! `authority.toml`.

use super::{
    ConfigurationError,
    own::OwnSettings,
    source,
    source::{PeerSection, Source},
    write::{Listing, NetworkFiles, plain},
};
use crate::geometry::GeometrySection;
use mixwell_net::{
    address::Address,
    authorities::Authorities,
    files,
    keys::LinkKem,
    node_kind::{NodeKind, PermittedNode, PermittedReplica},
};
use mixwell_pki_types::{KeyHash, Period, Rates, SignatureScheme};
use mixwell_sphinx::Geometry;
use serde::{Deserialize, Serialize};
use std::{
    path::{Path, PathBuf},
    sync::Arc,
};
use toml::Spanned;

/// An authority's configuration.
#[derive(Debug, Clone)]
pub struct AuthorityConfiguration {
    /// Its `Identifier`: the name that others list it by.
    pub identifier: String,
    /// The signature scheme of the network.
    pub scheme: &'static dyn SignatureScheme,
    /// The KEM of links.
    pub kem: LinkKem,
    /// Where to listen.
    pub bind_addresses: Vec<Address>,
    /// Where keys and state are stored.
    pub data_folder: PathBuf,
    /// The network's authorities.
    pub authorities: Arc<Authorities>,
    /// The nodes that may take part.
    pub nodes: Vec<PermittedNode>,
    /// The storage replicas that may take part.
    pub replicas: Vec<PermittedReplica>,
    /// How many layers of mixes there are to be.
    pub layers: u8,
    /// The mixes of each layer in order, if the configuration fixes them.
    pub topology: Option<Vec<Vec<KeyHash>>>,
    /// How many mixes each layer has at least.
    pub min_per_layer: usize,
    /// What the network sends and how long it holds packets.
    pub rates: Rates,
    /// The network's packets.
    pub geometry: Geometry,
    /// The length of an epoch.
    pub period: Period,
}

impl AuthorityConfiguration {
    /// Reads an `authority.toml`, and our own settings beside it. `epoch_seconds` counts more than what they say.
    ///
    /// # Errors
    /// If a file can't be read, or a setting is missing or wrong; with its line.
    pub fn read(path: &Path, epoch_seconds: Option<u64>) -> Result<Self, ConfigurationError> {
        let (source, file): (_, File) = Source::read(path)?;
        source.log_notes()?;
        let server = &file.server;
        let scheme = source::signature_scheme(server.signature_scheme.as_ref(), &source)?;
        let kem = source::link_kem(server.wire_kem_scheme.as_ref(), &source)?;
        let data_folder = source.folder_of(&server.data_dir);
        let authorities = source::authorities(&file.authorities, (scheme, kem), &source)?;
        if !authorities.iter().any(|authority| authority.peer.name == *server.identifier.get_ref()) {
            let reason = format!("no [[Authorities]] has the Identifier {:?}", server.identifier.get_ref());
            return Err(source.error(server.identifier.span(), reason));
        }
        let mut nodes = Nodes { source: &source, scheme, folder: &data_folder, list: Vec::new() };
        nodes.add(&file.mixes, NodeKind::Mix)?;
        nodes.add(&file.gateway_nodes, NodeKind::Gateway)?;
        nodes.add(&file.service_nodes, NodeKind::Service)?;
        let topology = file.topology.as_ref().map(|topology| nodes.topology(&topology.layers)).transpose()?;
        let replicas = nodes.replicas(&file.storage_replicas)?;
        let layers = match (&topology, file.debug.as_ref().and_then(|debug| debug.layers.as_ref())) {
            (Some(layers), _) => u8::try_from(layers.len()).unwrap_or(u8::MAX),
            (None, Some(layers)) if (1..=MAX_LAYERS).contains(layers.get_ref()) => *layers.get_ref(),
            (None, Some(layers)) => {
                return Err(source.error(layers.span(), format!("Layers: want 1 to {MAX_LAYERS}")));
            }
            (None, None) => DEFAULT_LAYERS,
        };
        let min_per_layer = nodes.min_per_layer(file.debug.as_ref(), layers, file.topology.as_ref())?;
        let bind = server.bind_addresses.as_ref().unwrap_or(&server.addresses);
        Ok(Self {
            identifier: server.identifier.get_ref().clone(),
            bind_addresses: source::addresses(bind, &source)?,
            nodes: nodes.list,
            replicas,
            layers,
            topology,
            min_per_layer,
            rates: file.parameters.map_or(Ok(DEFAULT_RATES), |section| section.rates(&source))?,
            geometry: source::geometry(&file.sphinx_geometry, &source)?,
            period: OwnSettings::beside(path)?.period(epoch_seconds)?,
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
            let (id, _) = self.key(&section.key)?;
            self.push(section, id, kind)?;
        }
        Ok(())
    }

    fn push(&mut self, section: &NodeSection, id: KeyHash, kind: NodeKind) -> Result<(), ConfigurationError> {
        let identifier = section.identifier.get_ref();
        if self.list.iter().any(|other| other.id == id) {
            return Err(self.source.error(section.key.span(), "another node has the same identity key"));
        }
        if self.list.iter().any(|other| other.identifier == *identifier) {
            return Err(self.source.error(section.identifier.span(), format!("another node is called {identifier:?}")));
        }
        self.list.push(PermittedNode { identifier: identifier.clone(), id, kind });
        Ok(())
    }

    /// The mixes of each layer; one that is not listed elsewhere is added.
    fn topology(&mut self, layers: &[TopologyLayer]) -> Result<Vec<Vec<KeyHash>>, ConfigurationError> {
        if !(1..=usize::from(MAX_LAYERS)).contains(&layers.len()) {
            return Err(self
                .source
                .lacks(format!("[[Topology.Layers]]: {} layers, want 1 to {MAX_LAYERS}", layers.len())));
        }
        let mut placed: Vec<Vec<KeyHash>> = Vec::new();
        for layer in layers {
            let mut ids = Vec::new();
            for section in layer.nodes.get_ref() {
                let (id, _) = self.key(&section.key)?;
                if placed.iter().flatten().chain(&ids).any(|other| *other == id) {
                    return Err(self.source.error(section.key.span(), "the node is in another layer too, or twice"));
                }
                match self.list.iter().find(|other| other.id == id) {
                    None => self.push(section, id, NodeKind::Mix)?,
                    Some(known) if known.kind != NodeKind::Mix => {
                        return Err(self.source.error(section.key.span(), "the node is no mix"));
                    }
                    Some(known) if known.identifier != *section.identifier.get_ref() => {
                        let reason = format!("the node is called {:?} elsewhere", known.identifier);
                        return Err(self.source.error(section.identifier.span(), reason));
                    }
                    Some(_) => {}
                }
                ids.push(id);
            }
            placed.push(ids);
        }
        for mix in self.list.iter().filter(|node| node.kind == NodeKind::Mix) {
            if !placed.iter().flatten().any(|id| *id == mix.id) {
                tracing::warn!(mix = mix.identifier, "in no layer of [[Topology.Layers]]: it will be in no consensus");
            }
        }
        Ok(placed)
    }

    /// How many mixes a layer has at least, if there are enough for that.
    fn min_per_layer(
        &self,
        debug: Option<&Debug>,
        layers: u8,
        topology: Option<&Topology>,
    ) -> Result<usize, ConfigurationError> {
        for (kind, section) in [(NodeKind::Gateway, "GatewayNodes"), (NodeKind::Service, "ServiceNodes")] {
            if !self.list.iter().any(|node| node.kind == kind) {
                return Err(self.source.lacks(format!("no [[{section}]] is named: there could be no consensus")));
            }
        }
        let given = debug.and_then(|debug| debug.min_nodes_per_layer.as_ref());
        let least = given.map_or(1, |given| *given.get_ref()).max(1);
        if let Some(topology) = topology {
            let short = topology.layers.iter().find(|layer| layer.nodes.get_ref().len() < least);
            return match short {
                Some(layer) => {
                    let got = layer.nodes.get_ref().len();
                    Err(self.source.error(layer.nodes.span(), format!("a layer of {got} mixes, want {least} or more")))
                }
                None => Ok(least),
            };
        }
        let mixes = self.list.iter().filter(|node| node.kind == NodeKind::Mix).count();
        let want = least.saturating_mul(layers.into());
        if mixes < want {
            let reason = format!("{layers} layers of {least} or more take {want} mixes, {mixes} are named");
            let at = given.map(Spanned::span).or_else(|| Some(debug?.layers.as_ref()?.span()));
            return Err(at.map_or_else(|| self.source.lacks(&reason), |span| self.source.error(span, &reason)));
        }
        Ok(least)
    }

    fn replicas(&self, sections: &[ReplicaSection]) -> Result<Vec<PermittedReplica>, ConfigurationError> {
        let mut replicas: Vec<PermittedReplica> = Vec::new();
        for section in sections {
            let (id, identity) = self.key(&section.key)?;
            let (identifier, number) = (section.identifier.get_ref().clone(), *section.replica_id.get_ref());
            if self.list.iter().any(|node| node.id == id) || replicas.iter().any(|other| other.id == id) {
                return Err(self.source.error(section.key.span(), "another node has the same identity key"));
            }
            if self.list.iter().any(|node| node.identifier == identifier)
                || replicas.iter().any(|other| other.identifier == identifier)
            {
                let reason = format!("another node is called {identifier:?}");
                return Err(self.source.error(section.identifier.span(), reason));
            }
            if replicas.iter().any(|other| other.number == number) {
                let reason = format!("another replica has the ReplicaID {number}");
                return Err(self.source.error(section.replica_id.span(), reason));
            }
            replicas.push(PermittedReplica { identifier, identity, id, number });
        }
        Ok(replicas)
    }

    /// An identity key and its hash: PEM text, or the name of a file in the data folder.
    fn key(&self, key: &Spanned<String>) -> Result<(KeyHash, Vec<u8>), ConfigurationError> {
        let text = if key.get_ref().contains("-----BEGIN") {
            key.clone()
        } else {
            let path = self.folder.join(key.get_ref());
            let failed = |error| self.source.error(key.span(), format!("{}: {error}", path.display()));
            let bytes = files::read_bounded(&path, MAX_KEY_BYTES).map_err(failed)?;
            Spanned::new(key.span(), String::from_utf8_lossy(&bytes).into_owned())
        };
        let key = source::identity_key(self.scheme, &text, self.source)?;
        Ok((KeyHash::of(&key), key))
    }
}

impl Parameters {
    fn rates(&self, source: &Source) -> Result<Rates, ConfigurationError> {
        let rate = |name: &str, given: &Option<Spanned<f64>>, default: f64| {
            let Some(given) = given else { return Ok(default) };
            if (0.0..=MAX_RATE).contains(given.get_ref()) {
                return Ok(*given.get_ref());
            }
            let reason = format!(
                "{name}: a rate is a number of 0 or more per millisecond, and no node could follow more than {MAX_RATE}"
            );
            Err(source.error(given.span(), reason))
        };
        let mu = rate("Mu", &self.mu, DEFAULT_RATES.mu)?;
        if mu <= 0.0 {
            return Err(source.error(self.mu.as_ref().map_or(0..0, Spanned::span), "Mu: want more than 0"));
        }
        if self.lambda_g.is_some() {
            tracing::info!("LambdaG is computed from the topology; the setting is not used");
        }
        Ok(Rates {
            mu,
            lambda_p: rate("LambdaP", &self.lambda_p, DEFAULT_RATES.lambda_p)?,
            lambda_l: rate("LambdaL", &self.lambda_l, DEFAULT_RATES.lambda_l)?,
            lambda_m: rate("LambdaM", &self.lambda_m, DEFAULT_RATES.lambda_m)?,
            lambda_g: rate("LambdaG", &self.lambda_g, DEFAULT_RATES.lambda_g)?,
            lambda_r: rate("LambdaR", &self.lambda_r, DEFAULT_RATES.lambda_r)?,
        })
    }
}

impl File {
    /// The file of an authority of a network, as `genconfig` makes it.
    pub(super) fn of(files: &NetworkFiles<'_>, own: &Listing) -> Self {
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
            // not all versions of the reference know it
            lambda_r: (rates.lambda_r.to_bits() != DEFAULT_RATES.lambda_r.to_bits()).then(|| plain(rates.lambda_r)),
        }
    }
}

#[derive(Deserialize, Serialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct File {
    server: Server,
    authorities: Vec<PeerSection>,
    debug: Option<Debug>,
    parameters: Option<Parameters>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    mixes: Vec<NodeSection>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    gateway_nodes: Vec<NodeSection>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    service_nodes: Vec<NodeSection>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    storage_replicas: Vec<ReplicaSection>,
    topology: Option<Topology>,
    sphinx_geometry: Spanned<GeometrySection>,
}

#[derive(Deserialize, Serialize)]
#[serde(rename_all = "PascalCase")]
struct Server {
    identifier: Spanned<String>,
    #[serde(rename = "WireKEMScheme")]
    wire_kem_scheme: Option<Spanned<String>>,
    #[serde(rename = "PKISignatureScheme")]
    signature_scheme: Option<Spanned<String>>,
    addresses: Spanned<Vec<Spanned<String>>>,
    bind_addresses: Option<Spanned<Vec<Spanned<String>>>>,
    data_dir: PathBuf,
}

#[derive(Deserialize, Serialize)]
#[serde(rename_all = "PascalCase")]
struct NodeSection {
    identifier: Spanned<String>,
    #[serde(rename = "IdentityPublicKeyPem", alias = "IdentityPublicKey")]
    key: Spanned<String>,
}

#[derive(Deserialize, Serialize)]
#[serde(rename_all = "PascalCase")]
struct ReplicaSection {
    identifier: Spanned<String>,
    #[serde(rename = "IdentityPublicKeyPem", alias = "IdentityPublicKey")]
    key: Spanned<String>,
    #[serde(rename = "ReplicaID")]
    replica_id: Spanned<u8>,
}

#[derive(Deserialize, Serialize)]
#[serde(rename_all = "PascalCase")]
struct Topology {
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    layers: Vec<TopologyLayer>,
}

#[derive(Deserialize, Serialize)]
#[serde(rename_all = "PascalCase")]
struct TopologyLayer {
    nodes: Spanned<Vec<NodeSection>>,
}

#[derive(Deserialize, Serialize)]
#[serde(rename_all = "PascalCase")]
struct Parameters {
    mu: Option<Spanned<f64>>,
    lambda_p: Option<Spanned<f64>>,
    lambda_l: Option<Spanned<f64>>,
    lambda_m: Option<Spanned<f64>>,
    lambda_g: Option<Spanned<f64>>,
    lambda_r: Option<Spanned<f64>>,
}

#[derive(Deserialize, Serialize)]
#[serde(rename_all = "PascalCase")]
struct Debug {
    layers: Option<Spanned<u8>>,
    min_nodes_per_layer: Option<Spanned<usize>>,
}

const DEFAULT_LAYERS: u8 = 3;
const MAX_LAYERS: u8 = 20;

/// The highest rate that is taken, per millisecond: ten thousand packets a second for one process of one node,
/// three times what a processor core can make.
const MAX_RATE: f64 = 10.0;

/// More than the PEM form of any public key.
const MAX_KEY_BYTES: u64 = 1 << 16;

/// The rates of a network whose `authority.toml` names none: per millisecond, 200 ms at each hop, and a packet of each
/// client every second. They are those of the reference's test networks.
pub const DEFAULT_RATES: Rates =
    Rates { mu: 0.005, lambda_p: 0.001, lambda_l: 0.0005, lambda_m: 0.0005, lambda_g: 0.0005, lambda_r: 0.005 };
