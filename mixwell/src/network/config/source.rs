//! The text of a configuration, and the parts that all of them have.

use crate::geometry::GeometrySection;
use core::{fmt, ops::Range, time::Duration};
use mixwell_net::rendezvous::Limits;
use mixwell_net::{
    address::Address,
    authorities::{Authorities, Authority},
    files,
    keys::LinkKem,
    pem::{self, Kind},
};
use mixwell_pki_types::{Period, SignatureScheme, scheme};
use mixwell_sphinx::Geometry;
use serde::{Deserialize, de::DeserializeOwned};
use std::path::{Path, PathBuf};
use toml::Spanned;

/// A configuration as it was read.
pub(super) struct Source {
    path: PathBuf,
    text: String,
}

/// What is wrong with a configuration, and where.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct ConfigurationError {
    path: PathBuf,
    /// From 1; `None` if it is not about a line.
    line: Option<usize>,
    reason: String,
}

impl Source {
    /// Reads a file, and what it says into `T`. Keys that `T` does not have are passed over with a note.
    pub(super) fn read<T: DeserializeOwned>(path: &Path) -> Result<(Self, T), ConfigurationError> {
        let whole = |reason: String| ConfigurationError { path: path.to_path_buf(), line: None, reason };
        let bytes = files::read_bounded(path, MAX_BYTES).map_err(|error| whole(error.to_string()))?;
        let text = String::from_utf8(bytes).map_err(|error| whole(error.utf8_error().to_string()))?;
        let source = Self { path: path.to_path_buf(), text };
        let read = source.parse(|ignored| {
            tracing::info!(file = %path.display(), setting = ignored, "not used here");
        })?;
        Ok((source, read))
    }

    fn parse<T: DeserializeOwned>(&self, mut ignored: impl FnMut(&str)) -> Result<T, ConfigurationError> {
        let syntax = |error: toml::de::Error| ConfigurationError {
            path: self.path.clone(),
            line: error.span().map(|span| self.line(span.start)),
            reason: error.message().to_owned(),
        };
        let deserializer = toml::Deserializer::parse(&self.text).map_err(syntax)?;
        serde_ignored::deserialize(deserializer, |path| ignored(&path.to_string())).map_err(syntax)
    }

    /// An error at a value.
    pub(super) fn error(&self, span: Range<usize>, reason: impl fmt::Display) -> ConfigurationError {
        ConfigurationError { path: self.path.clone(), line: Some(self.line(span.start)), reason: reason.to_string() }
    }

    /// An error that is not about a value that is there.
    pub(super) fn lacks(&self, reason: impl fmt::Display) -> ConfigurationError {
        ConfigurationError { path: self.path.clone(), line: None, reason: reason.to_string() }
    }

    /// A path as the configuration has it, from the folder that the configuration is in.
    pub(super) fn folder_of(&self, path: &Path) -> PathBuf {
        self.path.parent().map_or_else(|| path.to_path_buf(), |folder| folder.join(path))
    }

    fn line(&self, offset: usize) -> usize {
        let before = self.text.get(..offset).unwrap_or_default();
        before.matches('\n').count().saturating_add(1)
    }
}

impl fmt::Display for ConfigurationError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.path.display())?;
        if let Some(line) = self.line {
            write!(f, ":{line}")?;
        }
        write!(f, ": {}", self.reason)
    }
}

impl core::error::Error for ConfigurationError {}

/// `[Mixwell]`: what the reference has no setting for.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct Own {
    epoch_seconds: Option<Spanned<u64>>,
    packets_per_second: Option<Spanned<u32>>,
    boxes: Option<Spanned<u32>>,
    box_seconds: Option<Spanned<u64>>,
}

impl Own {
    /// The length of an epoch: 20 minutes if nothing is said.
    pub(super) fn period(own: Option<&Self>, source: &Source) -> Result<Period, ConfigurationError> {
        let Some(seconds) = own.and_then(|own| own.epoch_seconds.as_ref()) else { return Ok(Period::default()) };
        let good = (SHORTEST_EPOCH_SECONDS..=LONGEST_EPOCH_SECONDS).contains(seconds.get_ref());
        let period = good.then(|| Period::new(Duration::from_secs(*seconds.get_ref()))).flatten();
        period.ok_or_else(|| {
            let reason = format!("EpochSeconds: want {SHORTEST_EPOCH_SECONDS} to {LONGEST_EPOCH_SECONDS}");
            source.error(seconds.span(), reason)
        })
    }
}

impl Own {
    /// The packets a second, on average of an epoch, that a node remembers against replay.
    pub(super) fn packets_per_second(own: Option<&Self>, source: &Source) -> Result<u32, ConfigurationError> {
        let Some(packets) = own.and_then(|own| own.packets_per_second.as_ref()) else { return Ok(PACKETS_PER_SECOND) };
        let good = (1..=MOST_PACKETS_PER_SECOND).contains(packets.get_ref()).then_some(*packets.get_ref());
        let reason = || format!("PacketsPerSecond: want 1 to {MOST_PACKETS_PER_SECOND}");
        good.ok_or_else(|| source.error(packets.span(), reason()))
    }
}

impl Own {
    /// How many boxes a rendezvous service holds, and for how long.
    pub(super) fn boxes(own: Option<&Self>, period: Period, source: &Source) -> Result<Limits, ConfigurationError> {
        let mut limits = Limits::for_period(period.duration());
        let Some(own) = own else { return Ok(limits) };
        if let Some(boxes) = &own.boxes {
            let good = (1..=MOST_BOXES).contains(boxes.get_ref());
            let reason = || source.error(boxes.span(), format!("Boxes: want 1 to {MOST_BOXES}"));
            let boxes = usize::try_from(*boxes.get_ref()).ok().filter(|_| good);
            limits.boxes = boxes.ok_or_else(reason)?;
        }
        if let Some(seconds) = &own.box_seconds {
            if !(1..=LONGEST_EPOCH_SECONDS).contains(seconds.get_ref()) {
                let reason = format!("BoxSeconds: want 1 to {LONGEST_EPOCH_SECONDS}");
                return Err(source.error(seconds.span(), reason));
            }
            limits.life = Duration::from_secs(*seconds.get_ref());
        }
        Ok(limits)
    }
}

/// A scheme of signatures; `Ed25519` if nothing is said.
pub(super) fn signature_scheme(
    name: Option<&Spanned<String>>,
    source: &Source,
) -> Result<&'static dyn SignatureScheme, ConfigurationError> {
    let Some(name) = name else { return Ok(&mixwell_pki_types::Ed25519) };
    let found = scheme(name.get_ref());
    found.ok_or_else(|| source.error(name.span(), format!("no signature scheme {:?} is known here", name.get_ref())))
}

/// A KEM of links; `XWING` if nothing is said.
pub(super) fn link_kem(name: Option<&Spanned<String>>, source: &Source) -> Result<LinkKem, ConfigurationError> {
    let Some(name) = name else { return Ok(LinkKem::default()) };
    let found = LinkKem::by_name(name.get_ref());
    found.ok_or_else(|| source.error(name.span(), format!("no KEM {:?} is known here", name.get_ref())))
}

/// An identity public key in PEM form.
pub(super) fn identity_key(
    scheme: &dyn SignatureScheme,
    text: &Spanned<String>,
    source: &Source,
) -> Result<Vec<u8>, ConfigurationError> {
    let key = pem::decode(scheme.name(), Kind::Public, scheme.public_len(), text.get_ref().as_bytes());
    Ok(key.map_err(|error| source.error(text.span(), error))?.to_vec())
}

/// A link public key in PEM form.
pub(super) fn link_key(kem: LinkKem, text: &Spanned<String>, source: &Source) -> Result<Vec<u8>, ConfigurationError> {
    kem.public_from_pem(text.get_ref()).map_err(|error| source.error(text.span(), error))
}

/// Addresses; those of transports that this tool does not speak are passed over with a note, if there are others.
pub(super) fn addresses(
    list: &Spanned<Vec<Spanned<String>>>,
    source: &Source,
) -> Result<Vec<Address>, ConfigurationError> {
    let mut usable = Vec::new();
    for text in list.get_ref() {
        match text.get_ref().parse() {
            Ok(address) => usable.push(address),
            Err(error @ mixwell_net::address::AddressError::Scheme) => {
                tracing::info!(address = text.get_ref(), %error, "not used here");
            }
            Err(error) => return Err(source.error(text.span(), format!("{:?}: {error}", text.get_ref()))),
        }
    }
    if usable.is_empty() {
        return Err(source.error(list.span(), "no address that can be used here"));
    }
    Ok(usable)
}

/// The section `[SphinxGeometry]`.
pub(super) fn geometry(section: &Spanned<GeometrySection>, source: &Source) -> Result<Geometry, ConfigurationError> {
    Geometry::from_fields(&section.get_ref().fields())
        .map_err(|error| source.error(section.span(), format!("SphinxGeometry: {error}")))
}

/// Reads the geometry of any configuration.
pub(crate) fn read_geometry(path: &Path) -> Result<Geometry, ConfigurationError> {
    #[derive(Deserialize)]
    #[serde(rename_all = "PascalCase")]
    struct File {
        sphinx_geometry: Spanned<GeometrySection>,
    }
    let (source, file): (_, File) = Source::read(path)?;
    geometry(&file.sphinx_geometry, &source)
}

/// An authority, as clients, nodes and other authorities have it.
#[derive(Debug, Deserialize)]
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

/// All authorities. They have the schemes that the configuration names at its top.
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
            return Err(source.error(name.span(), format!("the network's KEM of links is {}", kem.name())));
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
        return Err(source.lacks("no authority is named"));
    }
    if list.len() > MOST_AUTHORITIES {
        return Err(source.lacks(format!("{} authorities are named, at most {MOST_AUTHORITIES} are taken", list.len())));
    }
    Ok(Authorities::new(scheme, kem, list))
}

const MAX_BYTES: u64 = 16 << 20;
/// More than one processor core unwraps; memory is taken for what comes, 9 bytes a packet.
const PACKETS_PER_SECOND: u32 = 10_000;
const MOST_PACKETS_PER_SECOND: u32 = 1_000_000;
/// 32 GB of boxes of 2000 bytes.
const MOST_BOXES: u32 = 1 << 24;
const SHORTEST_EPOCH_SECONDS: u64 = 2;
const LONGEST_EPOCH_SECONDS: u64 = 7 * 24 * 60 * 60;
/// A certificate is verified for this many keys at once.
const MOST_AUTHORITIES: usize = mixwell_pki_types::MAX_KEYS;
