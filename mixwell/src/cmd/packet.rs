//! `mixwell packet`: inspects a Sphinx packet, with and without keys.

mod hops;

use crate::{
    error::Error,
    hex::hex,
    input,
    network_error::NetworkError,
    output,
    style::{DIM, HEADING},
};
use clap::Args;
use core::fmt::Write as _;
use hops::Hops;
use mixwell_config::read_geometry;
use mixwell_sphinx::{Geometry, with_scheme};
use std::{io, path::PathBuf};
use zeroize::Zeroizing;

/// Inspect a Sphinx packet
///
/// Without keys, prints the parts of the packet that anyone can see. With the private mix keys of
/// hops, in path order, also prints the routing commands of each hop and the packet that it
/// forwards.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Arguments {
    /// The packet, in binary or hexadecimal; `-` is standard input
    packet: PathBuf,

    /// A file with the section `[SphinxGeometry]` of the packet's network, such as a client.toml
    #[arg(long, value_name = "FILE")]
    config: PathBuf,

    /// The private mix key of a hop, as PEM; repeat for each hop, in path order
    #[arg(long, value_name = "FILE")]
    key: Vec<PathBuf>,

    /// Write the packet or payload that remains after the last key to a file
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
}

const EXAMPLES: &str = "\
Examples:
  mixwell packet letter.packet --config client.toml
  mixwell packet letter.packet --config client.toml --key mix1/mix/mix-203.private.pem --out next.packet";

/// Reads the packet and prints its contents.
pub(crate) fn run(arguments: &Arguments) -> Result<(), Error> {
    let geometry = read_geometry(&arguments.config).map_err(NetworkError::from)?;
    let mut packet = Zeroizing::new(read(arguments, &geometry)?);
    let mut text = outside(&geometry, &packet);
    let hops = Hops { geometry, keys: &arguments.key, packet: &mut packet, text: &mut text };
    let done = with_scheme(geometry.scheme(), hops).unwrap_or(Ok(()));
    // print the hops before a failed one too
    output::print(&text)?;
    done?;
    if let Some(path) = &arguments.out {
        std::fs::write(path, &*packet).map_err(|error| Error::Write(path.clone(), error))?;
    }
    Ok(())
}

/// The packet's bytes.
fn read(arguments: &Arguments, geometry: &Geometry) -> Result<Vec<u8>, Error> {
    let want = geometry.packet_len();
    // hexadecimal is twice as long, and may have line breaks
    let bytes = input::read(&arguments.packet, (want as u64).saturating_mul(4))?;
    let wrong = |got: usize| {
        let reason = format!("{got} bytes, want {want}: no packet of this geometry");
        Error::Read(input::name(&arguments.packet).to_path_buf(), io::Error::new(io::ErrorKind::InvalidData, reason))
    };
    if bytes.len() == want {
        return Ok(bytes);
    }
    let packet = unhex(&bytes).filter(|packet| packet.len() == want);
    packet.ok_or_else(|| wrong(bytes.len()))
}

fn unhex(text: &[u8]) -> Option<Vec<u8>> {
    let digits: Option<Vec<u8>> = text
        .iter()
        .filter(|byte| !byte.is_ascii_whitespace())
        .map(|byte| char::from(*byte).to_digit(16).and_then(|digit| u8::try_from(digit).ok()))
        .collect();
    let (pairs, rest) = digits.as_ref()?.as_chunks::<2>();
    rest.is_empty().then(|| pairs.iter().map(|[high, low]| high << 4 | low).collect())
}

/// The part that anyone can see.
fn outside(geometry: &Geometry, packet: &[u8]) -> String {
    let (header, payload) = packet.split_at_checked(geometry.header_len()).unwrap_or_default();
    let (version, rest) = header.split_at_checked(2).unwrap_or_default();
    let (element, rest) = rest.split_at_checked(geometry.scheme().element_len()).unwrap_or_default();
    let (routing, mac) = rest.split_at_checked(geometry.routing_info_len()).unwrap_or_default();
    let mut text = format!("{HEADING}packet{HEADING:#} of {} bytes, {}\n", packet.len(), geometry.scheme());
    for (name, part) in [
        ("version", version),
        ("group element", element),
        ("routing info", routing),
        ("MAC", mac),
        ("payload", payload),
    ] {
        let shown = part.get(..SHOWN_BYTES.min(part.len())).unwrap_or_default();
        let more = if shown.len() < part.len() { "…" } else { "" };
        let _ = writeln!(text, "  {name:<14}{:>6} bytes  {DIM}{}{more}{DIM:#}", part.len(), hex(shown));
    }
    text
}

const SHOWN_BYTES: usize = 32;

#[cfg(test)]
mod tests {
    use super::unhex;

    #[test]
    fn hexadecimal() {
        assert_eq!(unhex(b"00 fF\n7a\n"), Some(vec![0, 255, 0x7a]));
        for bad in [&b"0"[..], b"0g", b"\xff\xff"] {
            assert_eq!(unhex(bad), None);
        }
    }
}
