//! The text of a `katzenpost.toml`, section by section, as it is read and written.

use super::NodeLimits;
use crate::{
    ConfigurationError,
    geometry::GeometrySection,
    logging::{LogLevel, LogSettings},
    services::ServiceNode,
    shared::PeerSection,
    source::Source,
    write::{Listing, NetworkFiles, plain},
};
use core::{net::SocketAddr, time::Duration};
use mixwell_net::{node_kind::NodeKind, rendezvous};
use serde::{Deserialize, Serialize};
use std::path::{Path, PathBuf};
use toml::Spanned;

impl File {
    /// The file of a node of a network, as `genconfig` writes it.
    pub(crate) fn of(files: &NetworkFiles<'_>, own: &Listing, kind: NodeKind, metrics: Option<SocketAddr>) -> Self {
        let shared = &files.shared;
        Self {
            server: Server {
                identifier: plain(own.identifier.clone()),
                wire_kem: Some(plain(shared.kem.name().to_owned())),
                signature_scheme: Some(plain(shared.scheme.name().to_owned())),
                addresses: own.addresses(),
                bind_addresses: None,
                metrics_address: metrics.map(|address| plain(address.to_string())),
                data_dir: PathBuf::from("."),
                is_gateway_node: Some(plain(kind == NodeKind::Gateway)),
                is_service_node: Some(plain(kind == NodeKind::Service)),
            },
            logging: None,
            service_node: None,
            pki: Pki { voting: Voting { authorities: files.peers() } },
            debug: Some(Debug { send_decoy_traffic: true, ..Debug::default() }),
            sphinx_geometry: shared.geometry_section(),
        }
    }
}

#[derive(Deserialize, Serialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct File {
    pub(super) server: Server,
    pub(super) logging: Option<Logging>,
    pub(super) service_node: Option<Spanned<ServiceNode>>,
    #[serde(rename = "PKI")]
    pub(super) pki: Pki,
    pub(super) debug: Option<Debug>,
    pub(super) sphinx_geometry: Spanned<GeometrySection>,
}

#[derive(Deserialize, Serialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct Server {
    pub(super) identifier: Spanned<String>,
    #[serde(rename = "WireKEM")]
    pub(super) wire_kem: Option<Spanned<String>>,
    #[serde(rename = "PKISignatureScheme")]
    pub(super) signature_scheme: Option<Spanned<String>>,
    pub(super) addresses: Spanned<Vec<Spanned<String>>>,
    pub(super) bind_addresses: Option<Spanned<Vec<Spanned<String>>>>,
    pub(super) metrics_address: Option<Spanned<String>>,
    pub(super) data_dir: PathBuf,
    pub(super) is_gateway_node: Option<Spanned<bool>>,
    pub(super) is_service_node: Option<Spanned<bool>>,
}

impl Server {
    pub(super) fn kind(&self, source: &Source) -> Result<NodeKind, ConfigurationError> {
        let is = |flag: &Option<Spanned<bool>>| flag.as_ref().is_some_and(|flag| *flag.get_ref());
        match (is(&self.is_gateway_node), &self.is_service_node) {
            (true, Some(service)) if *service.get_ref() => {
                Err(source.error(service.span(), "a node can't be a gateway and a service node at once"))
            }
            (true, _) => Ok(NodeKind::Gateway),
            (false, _) if is(&self.is_service_node) => Ok(NodeKind::Service),
            _ => Ok(NodeKind::Mix),
        }
    }
}

#[derive(Deserialize, Serialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct Logging {
    #[serde(default, skip_serializing_if = "core::ops::Not::not")]
    pub(super) disable: bool,
    pub(super) file: Option<PathBuf>,
    pub(super) level: Option<Spanned<String>>,
}

impl Logging {
    pub(super) fn settings(self, data_folder: &Path, source: &Source) -> Result<LogSettings, ConfigurationError> {
        let level = match self.level.filter(|level| !level.get_ref().is_empty()) {
            _ if self.disable => Some(LogLevel::Off),
            None => None,
            Some(level) => {
                let wrong = || source.error(level.span(), "Level: want ERROR, WARNING, NOTICE, INFO or DEBUG");
                Some(LogLevel::of_reference(level.get_ref()).ok_or_else(wrong)?)
            }
        };
        let file = self.file.filter(|file| !file.as_os_str().is_empty()).map(|file| data_folder.join(file));
        Ok(LogSettings { level, file })
    }
}

#[derive(Deserialize, Serialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct Pki {
    pub(super) voting: Voting,
}

#[derive(Deserialize, Serialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct Voting {
    pub(super) authorities: Vec<PeerSection>,
}

/// `[Debug]`: times are milliseconds.
#[derive(Debug, Clone, Copy, Default, Deserialize, Serialize)]
#[serde(rename_all = "PascalCase", default)]
pub(super) struct Debug {
    #[serde(skip_serializing_if = "core::ops::Not::not")]
    pub(super) send_decoy_traffic: bool,
    #[serde(skip_serializing_if = "core::ops::Not::not")]
    pub(super) generate_only: bool,
    pub(super) scheduler_queue_size: Option<u32>,
    pub(super) unwrap_delay: Option<u32>,
    pub(super) scheduler_slack: Option<u32>,
    pub(super) send_slack: Option<u32>,
    pub(super) decoy_slack: Option<u32>,
}

impl Debug {
    pub(super) fn limits(&self, packets_per_second: u32, boxes: rendezvous::Limits) -> NodeLimits {
        // 0 stands for the default
        let given = |value: Option<u32>| value.filter(|value| *value > 0);
        let millis = |value: Option<u32>| given(value).map(|value| Duration::from_millis(value.into()));
        NodeLimits {
            packets_per_second,
            boxes,
            queue: given(self.scheduler_queue_size).and_then(|packets| usize::try_from(packets).ok()),
            unwrap_wait: millis(self.unwrap_delay),
            release_slack: millis(self.scheduler_slack),
            write_wait: millis(self.send_slack),
            decoy_grace: millis(self.decoy_slack),
        }
    }
}
