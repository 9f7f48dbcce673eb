//! `mixwell document`: prints a consensus or a vote as JSON.

mod authorities;
mod bytes;
mod error;
mod json;
mod node;
mod parameter;
mod signed;

pub(crate) use bytes::{Content, read};
pub(crate) use error::DocumentError;

use crate::{error::Error, input};
use authorities::Authority;
use clap::Args;
use mixwell_pki_types::{Document, Epoch, KeyHash};
use signed::Signed;
use std::{io::Write, path::PathBuf};

/// Print a consensus or a vote as JSON: its nodes by layer, hashes of their keys, rates, signers
///
/// FILE is a certificate or a bare document, either of which may be gzipped, as gateways send it.
/// Without keys of authorities, the signers are those that the certificate claims. With keys, the
/// document is printed only if enough of these authorities have validly signed it and it is
/// well-formed.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Arguments {
    /// The file; `-` is standard input
    file: PathBuf,

    /// The public key of an authority, as PEM; repeat for each authority
    #[arg(long, value_name = "PEM")]
    authority: Vec<PathBuf>,

    /// Number of authorities that must have signed [default: more than half of them]
    #[arg(long, value_name = "NUMBER", requires = "authority")]
    threshold: Option<usize>,

    /// The epoch in which the certificate must be valid [default: the document's own]
    #[arg(long, value_name = "NUMBER", requires = "authority")]
    epoch: Option<u64>,
}

const EXAMPLES: &str = "\
Examples:
  mixwell document consensus.cbor                            prints it without verification
  mixwell document consensus.cbor --authority auth1.pem --authority auth2.pem --authority auth3.pem
                                                             prints it if two of the three signed it
  mixwell document - --authority auth1.pem < vote.cbor       an authority's vote
  mixwell document consensus.cbor | jq '.layers[][].name'    the names of the mixes";

/// Reads, verifies and prints.
pub(crate) fn run(arguments: &Arguments) -> Result<(), Error> {
    let mut authorities = Vec::new();
    for path in &arguments.authority {
        authorities.push(Authority::read(path)?);
    }
    let bytes = read(&arguments.file)?;
    let text = describe(&bytes, arguments, &authorities)
        .map_err(|error| Error::Document(input::name(&arguments.file).to_path_buf(), error))?;
    let mut out = anstream::stdout().lock();
    out.write_all(text.as_bytes()).and_then(|()| out.flush()).map_err(Error::Output)
}

fn describe(bytes: &[u8], arguments: &Arguments, authorities: &[Authority]) -> Result<String, DocumentError> {
    let content = Content::parse(bytes)?;
    let document = Document::parse(content.payload())?;
    let mut memory = vec![KeyHash::default(); document.nodes().len()];
    if authorities.is_empty() {
        let signers = content.certificate().map(|certificate| Signed::claimed(&certificate));
        return Ok(json::write(&document, signers.as_ref(), document.check_without_keys(&mut memory).err()));
    }
    let certificate = content.certificate().ok_or(DocumentError::NotSigned)?;
    let keys = authorities.iter().map(Authority::key).collect::<Result<Vec<_>, _>>()?;
    let threshold = arguments.threshold.unwrap_or_else(|| mixwell_pki_types::majority(keys.len()));
    let epoch = arguments.epoch.map_or(document.epoch(), Epoch);
    let verified = certificate.verify_threshold(&keys, threshold, epoch)?;
    // checks too that the certificate's expiration and scheme match the document's
    let document = verified.document()?;
    document.check(&keys, &mut memory)?;
    Ok(json::write(&document, Some(&Signed::verified(&certificate, &verified, &keys, threshold)), None))
}
