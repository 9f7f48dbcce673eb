//! `mixwell schemes`: lists the values of `--scheme`.

use crate::{
    error::Error,
    scheme::{Info, SchemeName},
    style::{DIM, HEADING},
};
use clap::Args;
use mixwell_sphinx::Geometry;
use std::{io, io::Write};

/// Path length of the packets whose header and packet lengths are listed.
const HOPS: usize = 5;
const USER_PAYLOAD: usize = 2000;

/// List the schemes with their sizes in bytes
///
/// With a NIKE (non-interactive key exchange), a packet has one group element, which each hop
/// blinds. With a KEM (key encapsulation mechanism), it has a ciphertext for each hop; some KEMs
/// are believed to withstand quantum computers.
#[derive(Debug, Args)]
pub(crate) struct Arguments {}

/// Prints the table.
pub(crate) fn run(_: &Arguments) -> Result<(), Error> {
    let mut out = anstream::stdout().lock();
    print(&mut out)?.and_then(|()| out.flush()).map_err(Error::Output)
}

fn print(out: &mut impl Write) -> Result<io::Result<()>, Error> {
    let mut lines = vec![format!(
        "{HEADING}{:<15} {:<20} {:>4} {:>4} {:>4} {:>7} {:>6} {:>6} {:>6}{HEADING:#}",
        "scheme", "in a geometry", "pk", "sk", "seed", "element", "secret", "header", "packet"
    )];
    for scheme in SchemeName::all() {
        let info = scheme.run(Info);
        let lengths = scheme.lengths();
        let geometry = Geometry::new(info, HOPS, USER_PAYLOAD, true)?;
        lines.push(format!(
            "{:<15} {:<4} {:<15} {:>4} {:>4} {:>4} {:>7} {:>6} {:>6} {:>6}",
            scheme.to_string(),
            if info.is_kem() { "KEM" } else { "NIKE" },
            info.name(),
            lengths.public_len,
            lengths.private_len,
            lengths.seed_len.map_or_else(|| "-".to_owned(), |len| len.to_string()),
            info.element_len(),
            lengths.secret_len,
            geometry.header_len(),
            geometry.packet_len(),
        ));
    }
    lines.push(format!(
        "{DIM}Lengths in bytes. pk, sk: public and private key. Seed: what a KEM's key\n\
         pair is derived from. Element: the group element, a NIKE's public key or a\n\
         KEM's ciphertext. Header and packet: {HOPS} hops, {USER_PAYLOAD} bytes of user payload and\n\
         a SURB.{DIM:#}"
    ));
    Ok(lines.iter().try_for_each(|line| writeln!(out, "{line}")))
}
