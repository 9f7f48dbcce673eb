//! `client.toml`.

use super::{
    ConfigurationError,
    own::OwnSettings,
    shared,
    shared::PeerSection,
    source::Source,
    write::{Listing, NetworkFiles, plain},
};
use crate::geometry::GeometrySection;
use mixwell_net::{connect::LinkTarget, network::Network};
use mixwell_pki_types::KeyHash;
use serde::{Deserialize, Serialize};
use std::{path::Path, sync::Arc};
use toml::Spanned;

/// Reads a `client.toml`, and our own settings beside it. `epoch_seconds` takes precedence over
/// both files.
///
/// # Errors
/// If a file can't be read, or a setting is missing or wrong; the error names its line.
pub fn read_client(path: &Path, epoch_seconds: Option<u64>) -> Result<Network, ConfigurationError> {
    let (source, file): (_, File) = Source::read(path)?;
    source.log_notes()?;
    let scheme = shared::signature_scheme(file.signature_scheme.as_ref(), &source)?;
    let kem = shared::link_kem(file.wire_kem_scheme.as_ref(), &source)?;
    let geometry = shared::geometry(&file.sphinx_geometry, &source)?;
    let authorities = shared::authorities(&file.voting_authority.peers, (scheme, kem), &source)?;
    let mut gateways = Vec::new();
    for section in file.pinned_gateways.map(|pinned| pinned.gateways).unwrap_or_default() {
        let scheme = match &section.signature_scheme {
            Some(name) => shared::signature_scheme(Some(name), &source)?,
            None => scheme,
        };
        if let Some(name) = &section.wire_kem_scheme
            && shared::link_kem(Some(name), &source)? != kem
        {
            return Err(source.error(name.span(), format!("the network's link KEM is {}", kem.name())));
        }
        gateways.push(LinkTarget {
            name: section.name,
            id: KeyHash::of(&shared::identity_key(scheme, &section.identity_key, &source)?),
            link_key: shared::link_key(kem, &section.link_key, &source)?,
            addresses: shared::addresses(&section.addresses, &source)?,
            other_transports: Vec::new(),
        });
    }
    let period = OwnSettings::beside(path)?.period(epoch_seconds)?;
    Ok(Network { kem, geometry, authorities: Arc::new(authorities), gateways, period })
}

impl File {
    /// The clients' file of a network, as `genconfig` writes it.
    pub(super) fn of(files: &NetworkFiles<'_>) -> Self {
        let shared = &files.shared;
        let gateway = |gateway: &Listing| GatewaySection {
            name: gateway.identifier.clone(),
            identity_key: plain(gateway.identity_pem.clone()),
            link_key: plain(gateway.link_pem.clone()),
            wire_kem_scheme: Some(plain(shared.kem.name().to_owned())),
            signature_scheme: Some(plain(shared.scheme.name().to_owned())),
            addresses: gateway.addresses(),
        };
        Self {
            wire_kem_scheme: Some(plain(shared.kem.name().to_owned())),
            signature_scheme: Some(plain(shared.scheme.name().to_owned())),
            voting_authority: VotingAuthority { peers: files.peers() },
            pinned_gateways: Some(PinnedGateways { gateways: files.gateways.iter().map(gateway).collect() }),
            sphinx_geometry: shared.geometry_section(),
        }
    }
}

#[derive(Deserialize, Serialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct File {
    #[serde(rename = "WireKEMScheme")]
    wire_kem_scheme: Option<Spanned<String>>,
    #[serde(rename = "PKISignatureScheme")]
    signature_scheme: Option<Spanned<String>>,
    voting_authority: VotingAuthority,
    pinned_gateways: Option<PinnedGateways>,
    sphinx_geometry: Spanned<GeometrySection>,
}

#[derive(Deserialize, Serialize)]
#[serde(rename_all = "PascalCase")]
struct VotingAuthority {
    peers: Vec<PeerSection>,
}

#[derive(Deserialize, Serialize)]
#[serde(rename_all = "PascalCase")]
struct PinnedGateways {
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    gateways: Vec<GatewaySection>,
}

#[derive(Deserialize, Serialize)]
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
