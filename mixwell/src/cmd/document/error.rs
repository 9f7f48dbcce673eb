//! Errors of a document and of the keys that verify it.

use core::fmt;
use mixwell_net::pem::PemError;
use mixwell_pki_types::{CertificateError, ConsensusError, DocumentFault, SchemeError, VerifyError};

/// The reason why a document can't be printed.
#[derive(Debug)]
pub(crate) enum DocumentError {
    /// The gzipped document can't be inflated.
    Gzip(ConsensusError),
    /// The certificate is malformed.
    Certificate(CertificateError),
    /// The document is malformed, or does not match its certificate.
    Document(mixwell_pki_types::DocumentError),
    /// Authorities are named, but there is no certificate.
    NotSigned,
    /// Signatures of authorities are missing or invalid.
    Signatures(VerifyError),
    /// The document is not well-formed.
    Fault(DocumentFault),
    /// The document's network can't be simulated.
    Network(mixwell_sim::anonymity::TopologyError),
    /// An authority's key is not PEM.
    Pem(PemError),
    /// An authority's key file is PEM, but not of a public key.
    NoPublicKey,
    /// An authority's key is of the wrong length.
    Key(SchemeError),
}

impl fmt::Display for DocumentError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Gzip(error) => error.fmt(f),
            Self::Certificate(error) => error.fmt(f),
            Self::Document(error) => error.fmt(f),
            Self::NotSigned => f.write_str("the document has no certificate, so no signature to verify"),
            Self::Signatures(error) => error.fmt(f),
            Self::Fault(error) => write!(f, "the document is not well-formed: {error}"),
            Self::Network(error) => write!(f, "the document's network can't be simulated: {error}"),
            Self::Pem(error) => error.fmt(f),
            Self::NoPublicKey => f.write_str("not a PEM text with a signature public key, such as ED25519 PUBLIC KEY"),
            Self::Key(error) => error.fmt(f),
        }
    }
}

impl core::error::Error for DocumentError {}

macro_rules! from {
    ($($variant:ident($error:ty)),* $(,)?) => {
        $(impl From<$error> for DocumentError {
            fn from(error: $error) -> Self {
                Self::$variant(error)
            }
        })*
    };
}

from! {
    Gzip(ConsensusError),
    Certificate(CertificateError),
    Document(mixwell_pki_types::DocumentError),
    Signatures(VerifyError),
    Fault(DocumentFault),
    Key(SchemeError),
}
