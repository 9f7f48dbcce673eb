//! `katzenpost.toml` (or `node.toml`): a mix, gateway or service node.

mod file;
#[cfg(test)]
mod tests;

use super::{
    ConfigurationError,
    own::OwnSettings,
    reference, shared,
    source::{Note, Source},
};
use crate::logging::LogSettings;
use core::{net::SocketAddr, time::Duration};
pub(super) use file::File;
use mixwell_net::{
    address::{Address, PublicAddresses},
    authorities::Authorities,
    keys::LinkKem,
    node_kind::NodeKind,
    rendezvous,
    services::ServiceSpec,
};
use mixwell_pki_types::{Period, SignatureScheme};
use mixwell_sphinx::Geometry;
use std::{
    net::ToSocketAddrs as _,
    path::{Path, PathBuf},
    sync::Arc,
};
use toml::Spanned;

/// A node's configuration.
#[derive(Debug, Clone)]
pub struct ServerConfiguration {
    /// The `Identifier`, by which others list the node.
    pub identifier: String,
    /// The kind of node.
    pub kind: NodeKind,
    /// The signature scheme of the network.
    pub scheme: &'static dyn SignatureScheme,
    /// The KEM of links.
    pub kem: LinkKem,
    /// The addresses in the node's descriptor.
    pub public_addresses: PublicAddresses,
    /// Addresses to listen on.
    pub bind_addresses: Vec<Address>,
    /// Folder of the key files.
    pub data_folder: PathBuf,
    /// The network's packets.
    pub geometry: Geometry,
    /// The network's authorities.
    pub authorities: Arc<Authorities>,
    /// The socket on which metrics are served; `None` to serve none.
    pub metrics: Option<SocketAddr>,
    /// The length of an epoch.
    pub period: Period,
    /// The services of a service node.
    pub services: Vec<ServiceSpec>,
    /// Whether loop decoys are sent.
    pub sends_decoys: bool,
    /// Whether to print the public keys and exit.
    pub generate_only: bool,
    /// The log file and level.
    pub logging: LogSettings,
    /// Remarks to be logged once logging has started.
    pub notes: Vec<Note>,
    /// Limits of the data that the node holds, and for how long.
    pub limits: NodeLimits,
}

/// Limits of the data that a node holds, and for how long; `None` where the configuration leaves it
/// to the node.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct NodeLimits {
    /// Packets per second, averaged over an epoch, whose replay tags the node has room for.
    pub packets_per_second: u32,
    /// Limits of a rendezvous service.
    pub boxes: rendezvous::Limits,
    /// Maximum number of packets that wait for their release (`SchedulerQueueSize`).
    pub queue: Option<usize>,
    /// Maximum time for which a packet may wait to be unwrapped (`UnwrapDelay`).
    pub unwrap_wait: Option<Duration>,
    /// Maximum lateness of a packet's release (`SchedulerSlack`).
    pub release_slack: Option<Duration>,
    /// Maximum time for which a packet may wait to be written (`SendSlack`).
    pub write_wait: Option<Duration>,
    /// Time after its delays at which a loop decoy counts as lost (`DecoySlack`).
    pub decoy_grace: Option<Duration>,
}

impl ServerConfiguration {
    /// Reads a `katzenpost.toml`, and our own settings beside it. `epoch_seconds` takes precedence
    /// over both files.
    ///
    /// # Errors
    /// If a file can't be read, or a setting is missing or wrong; the error names its line.
    pub fn read(path: &Path, epoch_seconds: Option<u64>) -> Result<Self, ConfigurationError> {
        let (source, file): (_, File) = Source::read(path)?;
        let mut notes = source.notes(reference::effect)?;
        let own = OwnSettings::beside(path)?;
        let period = own.period(epoch_seconds)?;
        let server = file.server;
        let kind = server.kind(&source)?;
        let scheme = shared::signature_scheme(server.signature_scheme.as_ref(), &source)?;
        let kem = shared::link_kem(server.wire_kem.as_ref(), &source)?;
        let name = server.identifier;
        if !(1..=32).contains(&name.get_ref().len()) {
            return Err(source.error(name.span(), "Identifier: want 1 to 32 bytes"));
        }
        let listed = shared::listed_addresses(&server.addresses, kind == NodeKind::Gateway, (&source, &mut notes))?;
        let bind_addresses = match &server.bind_addresses {
            Some(list) => shared::addresses(list, &source)?,
            None => listed.iter().filter_map(|address| address.tcp().cloned()).collect(),
        };
        if bind_addresses.is_empty() {
            let reason = "BindAddresses are needed: Tor has to pass its connections on to one";
            return Err(source.error(server.addresses.span(), reason));
        }
        let geometry = shared::geometry(&file.sphinx_geometry, &source)?;
        let services = match (kind, file.service_node) {
            (NodeKind::Service, Some(section)) => section.get_ref().services(&source, &mut notes)?,
            (NodeKind::Service, None) => ServiceSpec::defaults(&geometry),
            (_, Some(section)) => {
                notes.push(source.doubt(section.span(), "[ServiceNode] is not used: this is not a service node"));
                Vec::new()
            }
            (_, None) => Vec::new(),
        };
        let data_folder = source.folder_of(&server.data_dir);
        let debug = file.debug.unwrap_or_default();
        Ok(Self {
            identifier: name.into_inner(),
            kind,
            scheme,
            kem,
            public_addresses: PublicAddresses::new(listed),
            bind_addresses,
            geometry,
            authorities: Arc::new(shared::authorities(&file.pki.voting.authorities, (scheme, kem), &source)?),
            metrics: server.metrics_address.map_or(Ok(None), |address| metrics_address(&address, &source))?,
            period,
            services,
            sends_decoys: debug.send_decoy_traffic,
            generate_only: debug.generate_only,
            logging: file
                .logging
                .map_or(Ok(LogSettings::default()), |section| section.settings(&data_folder, &source))?,
            data_folder,
            notes,
            limits: debug.limits(own.packets_per_second()?, own.boxes(period)?),
        })
    }
}

/// The socket of `MetricsAddress`, which may be a name, or empty.
fn metrics_address(address: &Spanned<String>, source: &Source) -> Result<Option<SocketAddr>, ConfigurationError> {
    if address.get_ref().is_empty() {
        return Ok(None);
    }
    let wrong = |why: String| source.error(address.span(), format!("MetricsAddress: {why}"));
    let mut sockets =
        address.get_ref().to_socket_addrs().map_err(|error| wrong("want host:port".to_owned()).caused_by(error))?;
    // loopback only: exact counts reveal when packets arrive and leave
    let loopback = sockets.find(|socket| socket.ip().is_loopback());
    let reason = || wrong("want a loopback address; --metrics takes another one".to_owned());
    loopback.map(Some).ok_or_else(reason)
}
