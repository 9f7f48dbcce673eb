//! `authority.toml`.

mod file;
mod nodes;
mod rates;

pub(crate) use file::File;

use super::{ConfigurationError, own::OwnSettings, shared, source::Source};
use mixwell_net::{
    address::Address,
    authorities::Authorities,
    keys::LinkKem,
    node_kind::{NodeKind, PermittedNode, PermittedReplica},
};
use mixwell_pki_types::{KeyHash, Period, Rates, SignatureScheme};
use mixwell_sphinx::Geometry;
use nodes::Nodes;
use std::{
    path::{Path, PathBuf},
    sync::Arc,
};

/// An authority's configuration.
#[derive(Debug, Clone)]
pub struct AuthorityConfiguration {
    /// The `Identifier`, by which others list the authority.
    pub identifier: String,
    /// The signature scheme of the network.
    pub scheme: &'static dyn SignatureScheme,
    /// The KEM of links.
    pub kem: LinkKem,
    /// Addresses to listen on.
    pub bind_addresses: Vec<Address>,
    /// Folder of keys and state.
    pub data_folder: PathBuf,
    /// The network's authorities.
    pub authorities: Arc<Authorities>,
    /// The nodes that may take part.
    pub nodes: Vec<PermittedNode>,
    /// The storage replicas that may take part.
    pub replicas: Vec<PermittedReplica>,
    /// Number of layers of mixes.
    pub layers: u8,
    /// The mixes of each layer in order, if the configuration fixes them.
    pub topology: Option<Vec<Vec<KeyHash>>>,
    /// Minimum number of mixes in each layer.
    pub min_per_layer: usize,
    /// The network's sending rates and mean delays.
    pub rates: Rates,
    /// The network's packets.
    pub geometry: Geometry,
    /// The length of an epoch.
    pub period: Period,
}

impl AuthorityConfiguration {
    /// Reads an `authority.toml`, and our own settings beside it. `epoch_seconds` takes precedence
    /// over both files.
    ///
    /// # Errors
    /// If a file can't be read, or a setting is missing or wrong; the error names its line.
    pub fn read(path: &Path, epoch_seconds: Option<u64>) -> Result<Self, ConfigurationError> {
        let (source, file): (_, File) = Source::read(path)?;
        source.log_notes()?;
        let server = &file.server;
        let scheme = shared::signature_scheme(server.signature_scheme.as_ref(), &source)?;
        let kem = shared::link_kem(server.wire_kem_scheme.as_ref(), &source)?;
        let data_folder = source.folder_of(&server.data_dir);
        let authorities = shared::authorities(&file.authorities, (scheme, kem), &source)?;
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
            bind_addresses: shared::addresses(bind, &source)?,
            nodes: nodes.list,
            replicas,
            layers,
            topology,
            min_per_layer,
            rates: file.parameters.map_or(Ok(DEFAULT_RATES), |section| section.rates(&source))?,
            geometry: shared::geometry(&file.sphinx_geometry, &source)?,
            period: OwnSettings::beside(path)?.period(epoch_seconds)?,
            authorities: Arc::new(authorities),
            scheme,
            kem,
            data_folder,
        })
    }
}

const DEFAULT_LAYERS: u8 = 3;
const MAX_LAYERS: u8 = 20;

/// Default rates, per millisecond: a mean delay of 200 ms at each hop, and a packet of each client
/// every second. They are those of the reference's test networks.
pub const DEFAULT_RATES: Rates =
    Rates { mu: 0.005, lambda_p: 0.001, lambda_l: 0.0005, lambda_m: 0.0005, lambda_g: 0.0005, lambda_r: 0.005 };
