//! Writes the files of a whole network, from the structures that read them.

use super::{authority, client, geometry::GeometrySection, own, server, shared::PeerSection};
use core::{error::Error, fmt, net::SocketAddr};
use mixwell_net::{address::Address, keys::LinkKem, node_kind::NodeKind};
use mixwell_pki_types::{Period, Rates, SignatureScheme};
use mixwell_sphinx::Geometry;
use serde::Serialize;
use toml::Spanned;

/// Settings that must be the same in every file of a network.
#[derive(Debug, Clone, Copy)]
#[expect(clippy::exhaustive_structs, reason = "a network without one of its settings has no files")]
pub struct SharedSettings {
    /// The signature scheme of authorities and nodes.
    pub scheme: &'static dyn SignatureScheme,
    /// The KEM of links.
    pub kem: LinkKem,
    /// The network's packets.
    pub geometry: Geometry,
    /// The length of an epoch, in whole seconds.
    pub period: Period,
}

/// An authority or node, as listed in the files of other members.
#[derive(Debug, Clone, PartialEq, Eq)]
#[expect(clippy::exhaustive_structs, reason = "an entry without one of its settings is refused when it is read")]
pub struct Listing {
    /// The `Identifier`, unique in the network.
    pub identifier: String,
    /// The identity public key, in PEM form.
    pub identity_pem: String,
    /// The link public key, in PEM form.
    pub link_pem: String,
    /// The address at which the member accepts connections.
    pub address: Address,
}

/// The members of a network, from which each one's file is written.
#[derive(Debug, Clone, Copy)]
#[expect(clippy::exhaustive_structs, reason = "a network without one of its parts has no files")]
pub struct NetworkFiles<'a> {
    /// The settings that are the same in every file.
    pub shared: SharedSettings,
    /// The authorities, which every file lists.
    pub authorities: &'a [Listing],
    /// The gateways; clients pin all of them.
    pub gateways: &'a [Listing],
    /// The mixes.
    pub mixes: &'a [Listing],
    /// The service nodes.
    pub services: &'a [Listing],
    /// The number of layers of mixes.
    pub layers: u8,
    /// The rates that authorities vote for.
    pub rates: Rates,
}

/// A configuration that TOML can't express, such as a length of 2^63 bytes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WriteError(toml::ser::Error);

impl NetworkFiles<'_> {
    /// The `authority.toml` of one of the authorities, whose data folder is the file's own.
    ///
    /// # Errors
    /// If a setting is out of TOML's range.
    pub fn authority(&self, own: &Listing) -> Result<String, WriteError> {
        text(&authority::File::of(self, own))
    }

    /// The `katzenpost.toml` of a node, whose data folder is the file's own; `metrics` is a
    /// loopback address.
    ///
    /// # Errors
    /// If a setting is out of TOML's range.
    pub fn server(&self, own: &Listing, kind: NodeKind, metrics: Option<SocketAddr>) -> Result<String, WriteError> {
        text(&server::File::of(self, own, kind, metrics))
    }

    /// The `client.toml` of every client: authorities and gateways.
    ///
    /// # Errors
    /// If a setting is out of TOML's range.
    pub fn client(&self) -> Result<String, WriteError> {
        text(&client::File::of(self))
    }

    /// The `mixwell.toml` beside each of the other files.
    ///
    /// # Errors
    /// If a setting is out of TOML's range.
    pub fn own(&self) -> Result<String, WriteError> {
        let text = text(&own::File::of(self.shared.period))?;
        Ok(format!("# Settings that Katzenpost's programs do not have.\n{text}"))
    }

    pub(super) fn peers(&self) -> Vec<PeerSection> {
        self.authorities.iter().map(|authority| PeerSection::of(&self.shared, authority)).collect()
    }
}

impl SharedSettings {
    pub(super) fn geometry_section(&self) -> Spanned<GeometrySection> {
        plain(GeometrySection::from(&self.geometry.fields()))
    }
}

impl Listing {
    pub(super) fn addresses(&self) -> Spanned<Vec<Spanned<String>>> {
        plain(vec![plain(self.address.to_string())])
    }
}

/// A value that is not in a file yet, and so has no position.
pub(super) fn plain<T>(value: T) -> Spanned<T> {
    Spanned::new(0..0, value)
}

/// A file's text in the layout of Katzenpost's tools.
pub(super) fn text(file: &impl Serialize) -> Result<String, WriteError> {
    let text = toml::to_string_pretty(file).map_err(WriteError)?;
    let laid_out = lay_out(&text);
    // a name of several lines could be indented by mistake: then keep the layout of TOML's own
    // writer
    let value = |text: &str| toml::from_str::<toml::Table>(text);
    let is_same = value(&laid_out).is_ok_and(|laid_out| value(&text).is_ok_and(|text| text == laid_out));
    Ok(if is_same { laid_out } else { text })
}

/// Indents the settings of sections, and writes PEM texts as literal strings, `'''`.
fn lay_out(text: &str) -> String {
    let mut out = String::with_capacity(text.len() + text.len() / 16);
    let mut indent = "";
    let mut lines = text.lines().peekable();
    while let Some(line) = lines.next() {
        if line.starts_with('[') {
            indent = "  ";
            out.push_str(line);
        } else if let Some(key) = line.strip_suffix("\"\"\"")
            && lines.peek().is_some_and(|next| next.starts_with("-----BEGIN "))
        {
            out.extend([indent, key, "'''\n"]);
            for line in lines.by_ref().take_while(|line| *line != "\"\"\"") {
                out.extend([line, "\n"]);
            }
            out.push_str("'''");
        } else if line.is_empty() || line == "]" {
            out.push_str(line);
        } else {
            out.extend([indent, line]);
        }
        out.push('\n');
    }
    out
}

impl fmt::Display for WriteError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the configuration can't be written as TOML")
    }
}

impl Error for WriteError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        Some(&self.0)
    }
}

#[cfg(test)]
mod tests;
