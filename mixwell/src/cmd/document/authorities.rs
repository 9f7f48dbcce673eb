//! Public keys of authorities, from PEM files.

use crate::{cmd::document::DocumentError, error::Error, input};
use mixwell_net::pem::{self, Kind};
use mixwell_pki_types::{SchemeError, SignatureScheme, VerifyingKey, scheme};
use std::path::Path;

/// An authority's public key.
pub(super) struct Authority {
    scheme: &'static dyn SignatureScheme,
    public: Vec<u8>,
}

impl Authority {
    /// Reads a PEM text `<SCHEME> PUBLIC KEY` of any signature scheme.
    pub(super) fn read(path: &Path) -> Result<Self, Error> {
        let text = input::read(path, MAX_PEM_BYTES)?;
        Self::of_pem(&text).map_err(|error| Error::Document(input::name(path).to_path_buf(), error))
    }

    fn of_pem(text: &[u8]) -> Result<Self, DocumentError> {
        let found = pem::scheme_name(Kind::Public, text).and_then(scheme).ok_or(DocumentError::NoPublicKey)?;
        let public = pem::decode(found.name(), Kind::Public, found.public_len(), text).map_err(DocumentError::Pem)?;
        let authority = Self { scheme: found, public: public.to_vec() };
        authority.key()?;
        Ok(authority)
    }

    /// The key.
    pub(super) fn key(&self) -> Result<VerifyingKey<'_>, SchemeError> {
        VerifyingKey::new(self.scheme, &self.public)
    }
}

/// Maximum length of a PEM file; keys are far shorter.
const MAX_PEM_BYTES: u64 = 1 << 16;
