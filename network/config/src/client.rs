//! `client.toml`.

use super::{
    ConfigurationError,
    own::OwnSettings,
    source,
    source::{PeerSection, Source},
};
use crate::geometry::GeometrySection;
use mixwell_net::{authorities::Authorities, connect::LinkTarget, keys::LinkKem};
use mixwell_pki_types::{KeyHash, Period};
use mixwell_sphinx::Geometry;
use serde::Deserialize;
use std::{path::Path, sync::Arc};
use toml::Spanned;

/// What a client knows of its network.
#[derive(Debug, Clone)]
pub struct ClientConfiguration {
    /// The KEM of links.
    pub kem: LinkKem,
    /// The network's packets.
    pub geometry: Geometry,
    /// The network's authorities.
    pub authorities: Arc<Authorities>,
    /// Gateways that can be asked before there is a consensus.
    pub gateways: Vec<LinkTarget>,
    /// The length of an epoch.
    pub period: Period,
}

impl ClientConfiguration {
    /// Reads a `client.toml`, and our own settings beside it. `epoch_seconds` counts more than what they say.
    pub fn read(path: &Path, epoch_seconds: Option<u64>) -> Result<Self, ConfigurationError> {
        let (source, file): (_, File) = Source::read(path)?;
        source.log_notes()?;
        let scheme = source::signature_scheme(file.signature_scheme.as_ref(), &source)?;
        let kem = source::link_kem(file.wire_kem_scheme.as_ref(), &source)?;
        let geometry = source::geometry(&file.sphinx_geometry, &source)?;
        let authorities = source::authorities(&file.voting_authority.peers, (scheme, kem), &source)?;
        let mut gateways = Vec::new();
        for section in file.pinned_gateways.map(|pinned| pinned.gateways).unwrap_or_default() {
            let scheme = match &section.signature_scheme {
                Some(name) => source::signature_scheme(Some(name), &source)?,
                None => scheme,
            };
            if let Some(name) = &section.wire_kem_scheme
                && source::link_kem(Some(name), &source)? != kem
            {
                return Err(source.error(name.span(), format!("the network's KEM of links is {}", kem.name())));
            }
            gateways.push(LinkTarget {
                name: section.name,
                id: KeyHash::of(&source::identity_key(scheme, &section.identity_key, &source)?),
                link_key: source::link_key(kem, &section.link_key, &source)?,
                addresses: source::addresses(&section.addresses, &source)?,
            });
        }
        let period = OwnSettings::beside(path)?.period(epoch_seconds)?;
        Ok(Self { kem, geometry, authorities: Arc::new(authorities), gateways, period })
    }
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct File {
    #[serde(rename = "WireKEMScheme")]
    wire_kem_scheme: Option<Spanned<String>>,
    #[serde(rename = "PKISignatureScheme")]
    signature_scheme: Option<Spanned<String>>,
    sphinx_geometry: Spanned<GeometrySection>,
    voting_authority: VotingAuthority,
    pinned_gateways: Option<PinnedGateways>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct VotingAuthority {
    peers: Vec<PeerSection>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct PinnedGateways {
    #[serde(default)]
    gateways: Vec<GatewaySection>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct GatewaySection {
    name: String,
    identity_key: Spanned<String>,
    link_key: Spanned<String>,
    #[serde(rename = "WireKEMScheme")]
    wire_kem_scheme: Option<Spanned<String>>,
    #[serde(rename = "PKISignatureScheme")]
    signature_scheme: Option<Spanned<String>>,
    addresses: Spanned<Vec<Spanned<String>>>,
}
