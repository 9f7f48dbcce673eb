//! The content of a file: a certificate or a bare document, gzipped or not.

use crate::{cmd::document::DocumentError, error::Error, input};
use mixwell_pki_types::{
    Certificate, Chunk, ConsensusReader,
    cbor::{Item, Kind},
};
use std::{io, path::Path};

/// Reads a file, and inflates it if it is gzipped.
pub(crate) fn read(path: &Path) -> Result<Vec<u8>, Error> {
    let bytes = input::read(path, MAX_BYTES as u64)?;
    let name = || input::name(path).to_path_buf();
    if bytes.len() > MAX_BYTES {
        return Err(Error::Read(name(), io::ErrorKind::FileTooLarge.into()));
    }
    if !bytes.starts_with(&GZIP) {
        return Ok(bytes);
    }
    inflate(&bytes).map_err(|error| Error::Document(name(), error))
}

fn inflate(gzipped: &[u8]) -> Result<Vec<u8>, DocumentError> {
    let mut out = vec![0; MAX_BYTES];
    let mut reader = ConsensusReader::new(&mut out);
    reader.push(Chunk { number: 0, total: 1, bytes: gzipped })?;
    let len = reader.finish()?.len();
    out.truncate(len);
    Ok(out)
}

/// The kind of content.
pub(crate) enum Content<'a> {
    Certificate(Certificate<'a>),
    Document(&'a [u8]),
}

impl<'a> Content<'a> {
    /// Distinguishes the two by the certificate's field with the certified bytes.
    pub(crate) fn parse(bytes: &'a [u8]) -> Result<Self, DocumentError> {
        let is_certificate = Item::parse(bytes).is_ok_and(|item| match item.kind() {
            Kind::Map(fields) => fields.get("Certified").is_some(),
            _ => false,
        });
        Ok(if is_certificate { Self::Certificate(Certificate::parse(bytes)?) } else { Self::Document(bytes) })
    }

    /// The document's encoding, whether it is signed or not.
    pub(crate) const fn payload(&self) -> &'a [u8] {
        match self {
            Self::Certificate(certificate) => certificate.unverified_payload(),
            Self::Document(bytes) => bytes,
        }
    }

    /// The certificate, if there is one.
    pub(crate) const fn certificate(&self) -> Option<Certificate<'a>> {
        match self {
            Self::Certificate(certificate) => Some(*certificate),
            Self::Document(_) => None,
        }
    }
}

/// The first bytes of a gzip stream.
const GZIP: [u8; 2] = [0x1f, 0x8b];

/// Maximum inflated length; a consensus of ten thousand nodes has a quarter of it.
const MAX_BYTES: usize = 64 << 20;
