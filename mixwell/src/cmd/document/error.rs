//! Faults of a document, and of the keys that it is verified by.

use core::fmt;
use mixwell_net::pem::PemError;
use mixwell_pki_types::{CertificateError, ConsensusError, DocumentFault, SchemeError, VerifyError};

/// The reason why a document can't be printed.
#[derive(Debug)]
pub(crate) enum DocumentError {
    /// It is gzipped, and does not inflate.
    Gzip(ConsensusError),
    /// It is a certificate that can't be read.
    Certificate(CertificateError),
    /// It can't be read, or is not the one that its certificate is for.
    Document(mixwell_pki_types::DocumentError),
    /// Authorities are named, but there is no certificate.
    NotSigned,
    /// The authorities' signatures are not there, or not good.
    Signatures(VerifyError),
    /// The document is not well-formed.
    Fault(DocumentFault),
    /// Its network can't be simulated.
    Network(mixwell_sim::anonymity::TopologyError),
    /// An authority's key is not PEM.
    Pem(PemError),
    /// An authority's key is a PEM text of something else.
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
            Self::NotSigned => f.write_str("there is no certificate around the document, so no signature to verify"),
            Self::Signatures(error) => error.fmt(f),
            Self::Fault(error) => write!(f, "the document is not well-formed: {error}"),
            Self::Network(error) => write!(f, "not of a network to simulate: {error}"),
            Self::Pem(error) => error.fmt(f),
            Self::NoPublicKey => {
                f.write_str("not the PEM text of a public key for signatures, such as ED25519 PUBLIC KEY")
            }
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
