//! The values and sections that several kinds of configurations share.

use super::{
    ConfigurationError, Note,
    geometry::GeometrySection,
    source::Source,
    write::{Listing, SharedSettings, plain},
};
use mixwell_net::{
    address::{Address, AddressError, ListedAddress},
    authorities::{Authorities, Authority},
    keys::LinkKem,
    pem,
    pem::Kind,
};
use mixwell_pki_types::{SignatureScheme, scheme};
use mixwell_sphinx::Geometry;
use serde::{Deserialize, Serialize};
use std::path::Path;
use toml::Spanned;

/// A signature scheme; `Ed25519` by default.
pub(super) fn signature_scheme(
    name: Option<&Spanned<String>>,
    source: &Source,
) -> Result<&'static dyn SignatureScheme, ConfigurationError> {
    let Some(name) = name else { return Ok(&mixwell_pki_types::Ed25519) };
    let found = scheme(name.get_ref());
    found.ok_or_else(|| source.error(name.span(), format!("unknown signature scheme {:?}", name.get_ref())))
}

/// A KEM of links; `XWING` by default.
pub(super) fn link_kem(name: Option<&Spanned<String>>, source: &Source) -> Result<LinkKem, ConfigurationError> {
    let Some(name) = name else { return Ok(LinkKem::default()) };
    let found = LinkKem::by_name(name.get_ref());
    found.ok_or_else(|| source.error(name.span(), format!("unknown KEM {:?}", name.get_ref())))
}

/// An identity public key in PEM form.
pub(super) fn identity_key(
    scheme: &dyn SignatureScheme,
    text: &Spanned<String>,
    source: &Source,
) -> Result<Vec<u8>, ConfigurationError> {
    let key = pem::decode(scheme.name(), Kind::Public, scheme.public_len(), text.get_ref().as_bytes());
    Ok(key.map_err(|error| source.error(text.span(), "identity public key").caused_by(error))?.to_vec())
}

/// A link public key in PEM form.
pub(super) fn link_key(kem: LinkKem, text: &Spanned<String>, source: &Source) -> Result<Vec<u8>, ConfigurationError> {
    let key = kem.public_from_pem(text.get_ref());
    key.map_err(|error| source.error(text.span(), "link public key").caused_by(error))
}

/// Addresses to dial. Those of unknown transports are skipped, if there are others.
pub(super) fn addresses(
    list: &Spanned<Vec<Spanned<String>>>,
    source: &Source,
) -> Result<Vec<Address>, ConfigurationError> {
    let mut usable = Vec::new();
    for text in list.get_ref() {
        match text.get_ref().parse() {
            Ok(address) => usable.push(address),
            Err(error @ AddressError::Scheme) => {
                tracing::info!(address = text.get_ref(), %error, "ignored an address");
            }
            Err(error) => return Err(source.error(text.span(), format!("{:?}", text.get_ref())).caused_by(error)),
        }
    }
    if usable.is_empty() {
        return Err(source.error(list.span(), "no usable address"));
    }
    Ok(usable)
}

/// The addresses that a node publishes. Those of unknown transports are skipped, with a remark, if
/// there are others.
pub(super) fn listed_addresses(
    list: &Spanned<Vec<Spanned<String>>>,
    is_gateway: bool,
    (source, notes): (&Source, &mut Vec<Note>),
) -> Result<Vec<ListedAddress>, ConfigurationError> {
    let mut listed = Vec::new();
    for text in list.get_ref() {
        match text.get_ref().parse() {
            Ok(ListedAddress::Onion(_)) if !is_gateway => {
                return Err(source.error(text.span(), AddressError::OnionOffGateway));
            }
            Ok(address) => listed.push(address),
            Err(error @ AddressError::Scheme) if is_of_the_reference(text.get_ref()) => {
                notes.push(source.doubt(text.span(), format!("{:?} is not published: {error}", text.get_ref())));
            }
            Err(error) => return Err(source.error(text.span(), format!("{:?}", text.get_ref())).caused_by(error)),
        }
    }
    if listed.is_empty() {
        return Err(source.error(list.span(), "no usable address"));
    }
    Ok(listed)
}

/// Whether the reference's nodes support the transport of a URL.
fn is_of_the_reference(address: &str) -> bool {
    let scheme = address.split(':').next().unwrap_or_default();
    ["quic", "ws", "wss"].iter().any(|known| scheme.eq_ignore_ascii_case(known))
}

/// The section `[SphinxGeometry]`.
pub(super) fn geometry(section: &Spanned<GeometrySection>, source: &Source) -> Result<Geometry, ConfigurationError> {
    Geometry::from_fields(&section.get_ref().fields())
        .map_err(|error| source.error(section.span(), "SphinxGeometry").caused_by(error))
}

/// Reads the geometry of any configuration.
///
/// # Errors
/// If the file can't be read, or its geometry is missing or wrong.
pub fn read_geometry(path: &Path) -> Result<Geometry, ConfigurationError> {
    #[derive(Deserialize)]
    #[serde(rename_all = "PascalCase")]
    struct File {
        sphinx_geometry: Spanned<GeometrySection>,
    }
    let (source, file): (_, File) = Source::read(path)?;
    geometry(&file.sphinx_geometry, &source)
}

/// An authority in the files of clients, nodes and other authorities.
#[derive(Debug, Deserialize, Serialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct PeerSection {
    identifier: Spanned<String>,
    identity_public_key: Spanned<String>,
    #[serde(rename = "PKISignatureScheme")]
    signature_scheme: Option<Spanned<String>>,
    link_public_key: Spanned<String>,
    #[serde(rename = "WireKEMScheme")]
    wire_kem_scheme: Option<Spanned<String>>,
    addresses: Spanned<Vec<Spanned<String>>>,
}

impl PeerSection {
    pub(super) fn of(shared: &SharedSettings, authority: &Listing) -> Self {
        Self {
            identifier: plain(authority.identifier.clone()),
            identity_public_key: plain(authority.identity_pem.clone()),
            signature_scheme: Some(plain(shared.scheme.name().to_owned())),
            link_public_key: plain(authority.link_pem.clone()),
            wire_kem_scheme: Some(plain(shared.kem.name().to_owned())),
            addresses: authority.addresses(),
        }
    }
}

/// All authorities, with the schemes named at the top of the configuration.
pub(super) fn authorities(
    sections: &[PeerSection],
    (scheme, kem): (&'static dyn SignatureScheme, LinkKem),
    source: &Source,
) -> Result<Authorities, ConfigurationError> {
    let mut list: Vec<Authority> = Vec::new();
    for section in sections {
        let own_scheme = signature_scheme(section.signature_scheme.as_ref(), source)?;
        if let Some(name) = &section.signature_scheme
            && own_scheme.name() != scheme.name()
        {
            return Err(source.error(name.span(), format!("the network's signature scheme is {}", scheme.name())));
        }
        if let Some(name) = &section.wire_kem_scheme
            && link_kem(Some(name), source)? != kem
        {
            return Err(source.error(name.span(), format!("the network's link KEM is {}", kem.name())));
        }
        let identity = identity_key(scheme, &section.identity_public_key, source)?;
        let authority = Authority::new(
            section.identifier.get_ref().clone(),
            identity,
            link_key(kem, &section.link_public_key, source)?,
            addresses(&section.addresses, source)?,
        );
        if list.iter().any(|other: &Authority| other.peer.name == authority.peer.name) {
            let reason = format!("another authority is called {:?}", authority.peer.name);
            return Err(source.error(section.identifier.span(), reason));
        }
        if list.iter().any(|other| other.peer.id == authority.peer.id) {
            return Err(source.error(section.identity_public_key.span(), "another authority has the same identity key"));
        }
        list.push(authority);
    }
    if list.is_empty() {
        return Err(source.lacks("no authority is configured"));
    }
    if list.len() > MAX_AUTHORITIES {
        return Err(source.lacks(format!("{} authorities are configured, want at most {MAX_AUTHORITIES}", list.len())));
    }
    Ok(Authorities::new(scheme, kem, list))
}

/// Maximum number of keys with which a certificate is verified.
const MAX_AUTHORITIES: usize = mixwell_pki_types::MAX_KEYS;
