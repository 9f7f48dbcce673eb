//! `mixwell geometry`: prints or checks the lengths of a network's packets.

use crate::{
    error::Error,
    hex::hex,
    input,
    network_error::NetworkError,
    scheme,
    scheme::SchemeName,
    style::{DIM, GOOD},
};
use clap::Args;
use mixwell_sphinx::{Geometry, MAX_HOPS};
use std::{
    io,
    io::Write,
    path::{Path, PathBuf},
};

/// Maximum length of a configuration file; real ones are far smaller.
const MAX_CONFIGURATION_BYTES: u64 = 16 << 20;

/// Print the lengths of a network's packets as TOML, or check those in a file
///
/// A network has one geometry. Prints it as the section `[SphinxGeometry]` of configuration files.
/// With --check, reads such a section from a file, recomputes every length, and reports the first
/// one that differs.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Arguments {
    /// The NIKE or KEM of the packets; `mixwell schemes` lists them
    #[arg(long, value_parser = SchemeName::parse, default_value = "x25519")]
    scheme: SchemeName,

    /// Maximum number of hops of a path
    #[arg(long, value_name = "NUMBER", default_value_t = 5, value_parser = clap::value_parser!(u8).range(1..=MAX_HOPS as i64))]
    hops: u8,

    /// User payload bytes in each packet
    #[arg(long, value_name = "BYTES", default_value_t = 2000)]
    payload: usize,

    /// Leave no room for a SURB in the payload
    #[arg(long)]
    no_surb: bool,

    /// Print only the geometry's hash, as in a consensus (`SphinxGeometryHash`)
    #[arg(long)]
    hash: bool,

    /// Check the section `[SphinxGeometry]` of a TOML file, such as a client.toml; `-` is standard
    /// input
    #[arg(long, value_name = "FILE", conflicts_with_all = ["scheme", "hops", "payload", "no_surb"])]
    check: Option<PathBuf>,
}

const EXAMPLES: &str = "\
Examples:
  mixwell geometry                                       5 hops, x25519, 2000 bytes of user payload
  mixwell geometry --scheme xwing --payload 30000        packets of a KEM network
  mixwell geometry --hops 5 --hash                       the hash in the consensus of such a network
  mixwell geometry --check client.toml                   checks the geometry in a configuration
  mixwell geometry | mixwell geometry --check - --hash   the same hash, computed from the TOML";

/// Prints a geometry, or checks one.
pub(crate) fn run(arguments: &Arguments) -> Result<(), Error> {
    let text = if let Some(path) = &arguments.check {
        let geometry = read(path)?;
        if arguments.hash { hash_line(&geometry) } else { verdict(path, &geometry) }
    } else {
        let scheme = arguments.scheme.run(scheme::Info);
        let geometry = Geometry::new(scheme, usize::from(arguments.hops), arguments.payload, !arguments.no_surb)?;
        if arguments.hash {
            hash_line(&geometry)
        } else {
            mixwell_config::geometry::write(&geometry.fields()).map_err(NetworkError::from)?
        }
    };
    let mut out = anstream::stdout().lock();
    out.write_all(text.as_bytes()).and_then(|()| out.flush()).map_err(Error::Output)
}

fn read(path: &Path) -> Result<Geometry, Error> {
    let bytes = input::read(path, MAX_CONFIGURATION_BYTES)?;
    let failed = |error| Error::Read(input::name(path).to_path_buf(), error);
    if bytes.len() as u64 > MAX_CONFIGURATION_BYTES {
        return Err(failed(io::ErrorKind::FileTooLarge.into()));
    }
    let text = String::from_utf8(bytes).map_err(|error| failed(io::Error::new(io::ErrorKind::InvalidData, error)))?;
    let section = mixwell_config::geometry::read(&text)
        .map_err(|error| Error::Toml(input::name(path).to_path_buf(), error))?
        .ok_or_else(|| Error::NoGeometry(input::name(path).to_path_buf()))?;
    Geometry::from_fields(&section.fields())
        .map_err(|error| Error::FileGeometry(input::name(path).to_path_buf(), error))
}

fn verdict(path: &Path, geometry: &Geometry) -> String {
    let surb = if geometry.has_surb() { "with room for a SURB" } else { "without room for a SURB" };
    format!(
        "{GOOD}ok{GOOD:#} {path}: {scheme}, {hops} hops, packets of {packet} bytes that carry {user} for the user {surb}\n\
         {DIM}hash {hash}{DIM:#}\n",
        path = input::name(path).display(),
        scheme = geometry.scheme(),
        hops = geometry.hops(),
        packet = geometry.packet_len(),
        user = geometry.user_forward_payload_len(),
        hash = hex(&geometry.hash()),
    )
}

fn hash_line(geometry: &Geometry) -> String {
    hex(&geometry.hash()) + "\n"
}
