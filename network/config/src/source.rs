//! The text of a configuration, and the sections that all configurations share.

use super::{
    own::FILE,
    reference::Effect,
    write::{Listing, SharedSettings, plain},
};
use crate::geometry::GeometrySection;
use core::{error::Error, fmt, ops::Range};
use mixwell_net::{
    address::{Address, AddressError, ListedAddress},
    authorities::{Authorities, Authority},
    files,
    keys::LinkKem,
    pem,
    pem::Kind,
};
use mixwell_pki_types::{SignatureScheme, scheme};
use mixwell_sphinx::Geometry;
use serde::{Deserialize, Serialize, de::DeserializeOwned};
use std::{
    path::{Path, PathBuf},
    sync::Arc,
};
use toml::{
    Spanned,
    de::{DeArray, DeTable, DeValue},
};

/// A configuration as read.
#[derive(Debug)]
pub(super) struct Source {
    path: PathBuf,
    text: String,
    /// Paths of the settings that were not read.
    ignored: Vec<String>,
}

/// A file that can't be read, or a setting that is missing or wrong, with its line. The message
/// does not include the [`source`](Error::source).
#[derive(Debug, Clone)]
pub struct ConfigurationError {
    path: PathBuf,
    /// Counted from 1; `None` if the error is not about a line.
    line: Option<usize>,
    reason: String,
    source: Option<Arc<dyn Error + Send + Sync>>,
}

/// A remark for the operator about a configuration that is otherwise usable.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Note {
    pub(super) level: NoteLevel,
    /// With file and line.
    pub(super) text: String,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum NoteLevel {
    /// The setting is documented as unused.
    Expected,
    /// The setting may be a mistake.
    Doubtful,
}

impl Note {
    /// Logs the remark.
    pub fn log(&self) {
        match self.level {
            NoteLevel::Expected => tracing::info!("{}", self.text),
            NoteLevel::Doubtful => tracing::warn!("{}", self.text),
        }
    }
}

impl Source {
    /// Reads a file into `T`. [`notes`](Self::notes) returns remarks on settings that `T` does not
    /// have.
    pub(super) fn read<T: DeserializeOwned>(path: &Path) -> Result<(Self, T), ConfigurationError> {
        let bytes = files::read_bounded(path, MAX_BYTES)
            .map_err(|error| ConfigurationError::new(path, None, "can't be read").caused_by(error))?;
        let text = String::from_utf8(bytes)
            .map_err(|error| ConfigurationError::new(path, None, "is not UTF-8").caused_by(error.utf8_error()))?;
        let mut source = Self { path: path.to_path_buf(), text, ignored: Vec::new() };
        let mut ignored = Vec::new();
        let read = source.parse(|path| ignored.push(path.to_owned()))?;
        source.ignored = ignored;
        Ok((source, read))
    }

    fn parse<T: DeserializeOwned>(&self, mut ignored: impl FnMut(&str)) -> Result<T, ConfigurationError> {
        let syntax = |error: toml::de::Error| {
            ConfigurationError::new(&self.path, error.span().map(|span| self.line(span.start)), error.message())
        };
        let deserializer = toml::Deserializer::parse(&self.text).map_err(syntax)?;
        serde_ignored::deserialize(deserializer, |path| ignored(&path.to_string())).map_err(syntax)
    }

    /// Remarks on the settings that were not read; `effect` returns the effect of the reference's
    /// settings here.
    ///
    /// # Errors
    /// If there is a table `[Mixwell]`, which held our own settings in earlier versions.
    pub(super) fn notes(&self, effect: impl Fn(&str) -> Option<Effect>) -> Result<Vec<Note>, ConfigurationError> {
        let mut notes = Vec::new();
        for raw in &self.ignored {
            // parts of the path that serde adds for optional and spanned values
            let names: Vec<&str> = raw.split('.').filter(|name| *name != "?" && !name.starts_with('$')).collect();
            let line = self.line_of(&names);
            let path: Vec<&str> = names.into_iter().filter(|name| name.parse::<usize>().is_err()).collect();
            let path = path.join(".");
            if path == OLD_TABLE {
                let reason =
                    format!("the settings of [{OLD_TABLE}] belong in a file of their own beside this one, {FILE}");
                return Err(ConfigurationError::new(&self.path, line, reason));
            }
            let place = ConfigurationError::new(&self.path, line, &path);
            notes.push(match effect(&path) {
                Some(Effect::Unused(why)) => {
                    Note { level: NoteLevel::Expected, text: format!("{place} is not used: {why}") }
                }
                _ => Note { level: NoteLevel::Doubtful, text: format!("{place} is not a known setting") },
            });
        }
        Ok(notes)
    }

    /// Logs remarks on the settings that were not read, as settings of the reference.
    pub(super) fn log_notes(&self) -> Result<(), ConfigurationError> {
        let notes = self.notes(|_| Some(Effect::Unused("this program does not need it")))?;
        notes.iter().for_each(Note::log);
        Ok(())
    }

    /// A note about a value.
    pub(super) fn doubt(&self, span: Range<usize>, what: impl fmt::Display) -> Note {
        Note { level: NoteLevel::Doubtful, text: self.error(span, what).to_string() }
    }

    /// The line of a setting.
    fn line_of(&self, path: &[&str]) -> Option<usize> {
        let (name, parents) = path.split_last()?;
        let root = DeTable::parse(&self.text).ok()?;
        let mut table = root.get_ref();
        let mut sections: Option<&DeArray<'_>> = None;
        for parent in parents {
            let value = match sections.take() {
                None => table.get(*parent)?,
                Some(all) => all.get(parent.parse::<usize>().ok()?)?,
            };
            match value.get_ref() {
                DeValue::Table(inner) => table = inner,
                DeValue::Array(inner) => sections = Some(inner),
                _ => return None,
            }
        }
        let (key, _) = table.get_key_value(*name)?;
        Some(self.line(key.span().start))
    }

    /// An error at a value.
    pub(super) fn error(&self, span: Range<usize>, reason: impl fmt::Display) -> ConfigurationError {
        ConfigurationError::new(&self.path, Some(self.line(span.start)), reason)
    }

    /// An error that is not at an existing value.
    pub(super) fn lacks(&self, reason: impl fmt::Display) -> ConfigurationError {
        ConfigurationError::new(&self.path, None, reason)
    }

    /// Resolves a path of the configuration against its folder.
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

impl Error for ConfigurationError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        self.source.as_deref().map(|source| source as _)
    }
}

impl ConfigurationError {
    fn new(path: &Path, line: Option<usize>, reason: impl fmt::Display) -> Self {
        Self { path: path.to_path_buf(), line, reason: reason.to_string(), source: None }
    }

    /// Adds the cause to the error.
    pub(super) fn caused_by(mut self, error: impl Error + Send + Sync + 'static) -> Self {
        self.source = Some(Arc::new(error));
        self
    }
}

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

/// Maximum length of a file.
const MAX_BYTES: u64 = 16 << 20;

/// The table of our own settings in earlier versions.
const OLD_TABLE: &str = "Mixwell";
/// Maximum number of keys with which a certificate is verified.
const MAX_AUTHORITIES: usize = mixwell_pki_types::MAX_KEYS;
