//! `katzenpost.toml` (or `node.toml`): a mix, gateway or service node.

use super::{
    ConfigurationError,
    source::{self, Own, PeerSection, Source},
};
use crate::geometry::GeometrySection;
use core::net::SocketAddr;
use mixwell_net::rendezvous;
use mixwell_net::{address::Address, authorities::Authorities, keys::LinkKem};
use mixwell_pki_types::{Period, SignatureScheme};
use mixwell_sphinx::Geometry;
use serde::Deserialize;
use std::{
    path::{Path, PathBuf},
    sync::Arc,
};
use toml::Spanned;

/// A node's configuration.
#[derive(Debug, Clone)]
pub(crate) struct ServerConfiguration {
    pub(crate) identifier: String,
    pub(crate) scheme: &'static dyn SignatureScheme,
    pub(crate) kem: LinkKem,
    /// What the descriptor tells.
    pub(crate) addresses: Vec<Address>,
    /// Where to listen, if that is elsewhere.
    pub(crate) bind_addresses: Vec<Address>,
    /// Where the key files are.
    pub(crate) data_folder: PathBuf,
    pub(crate) is_gateway: bool,
    pub(crate) is_service: bool,
    pub(crate) geometry: Geometry,
    pub(crate) authorities: Arc<Authorities>,
    /// Where metrics are served, if anywhere.
    pub(crate) metrics: Option<SocketAddr>,
    pub(crate) period: Period,
    /// The most on average of an epoch.
    pub(crate) packets_per_second: u32,
    /// What a rendezvous service holds.
    pub(crate) boxes: rendezvous::Limits,
}

impl ServerConfiguration {
    /// Reads a `katzenpost.toml`.
    pub(crate) fn read(path: &Path) -> Result<Self, ConfigurationError> {
        let (source, file): (_, File) = Source::read(path)?;
        let server = file.server;
        let scheme = source::signature_scheme(server.signature_scheme.as_ref(), &source)?;
        let kem = source::link_kem(server.wire_kem.as_ref(), &source)?;
        let name = server.identifier;
        if !(1..=32).contains(&name.get_ref().len()) {
            return Err(source.error(name.span(), "Identifier: want 1 to 32 bytes"));
        }
        if let (Some(gateway), Some(service)) = (&server.is_gateway_node, &server.is_service_node)
            && *gateway.get_ref()
            && *service.get_ref()
        {
            return Err(source.error(service.span(), "a node can't be a gateway and a service node at once"));
        }
        let period = Own::period(file.mixwell.as_ref(), &source)?;
        let is = |flag: Option<Spanned<bool>>| flag.is_some_and(Spanned::into_inner);
        let metrics = server.metrics_address.map(|address| {
            let wrong = |why| source.error(address.span(), format!("MetricsAddress: {why}"));
            let read: SocketAddr = address.get_ref().parse().map_err(|_| wrong("want IP-address:port"))?;
            // exact counts tell who sees them when packets come and go
            if read.ip().is_loopback() { Ok(read) } else { Err(wrong("want a loopback address")) }
        });
        Ok(Self {
            identifier: name.into_inner(),
            scheme,
            kem,
            addresses: source::addresses(&server.addresses, &source)?,
            bind_addresses: server.bind_addresses.map_or(Ok(Vec::new()), |list| source::addresses(&list, &source))?,
            data_folder: source.folder_of(&server.data_dir),
            is_gateway: is(server.is_gateway_node),
            is_service: is(server.is_service_node),
            geometry: source::geometry(&file.sphinx_geometry, &source)?,
            authorities: Arc::new(source::authorities(&file.pki.voting.authorities, (scheme, kem), &source)?),
            metrics: metrics.transpose()?,
            period,
            boxes: Own::boxes(file.mixwell.as_ref(), period, &source)?,
            packets_per_second: Own::packets_per_second(file.mixwell.as_ref(), &source)?,
        })
    }
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct File {
    server: Server,
    #[serde(rename = "PKI")]
    pki: Pki,
    sphinx_geometry: Spanned<GeometrySection>,
    mixwell: Option<Own>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Server {
    identifier: Spanned<String>,
    #[serde(rename = "WireKEM")]
    wire_kem: Option<Spanned<String>>,
    #[serde(rename = "PKISignatureScheme")]
    signature_scheme: Option<Spanned<String>>,
    addresses: Spanned<Vec<Spanned<String>>>,
    bind_addresses: Option<Spanned<Vec<Spanned<String>>>>,
    metrics_address: Option<Spanned<String>>,
    data_dir: PathBuf,
    is_gateway_node: Option<Spanned<bool>>,
    is_service_node: Option<Spanned<bool>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Pki {
    voting: Voting,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Voting {
    authorities: Vec<PeerSection>,
}
