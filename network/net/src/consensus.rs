//! A consensus signed by enough authorities, with its bytes.

use crate::authorities::Authorities;
use core::{error::Error, fmt};
use mixwell_pki_types::{
    Certificate, CertificateError, Document, DocumentError, DocumentFault, Epoch, KeyHash, VerifyError, VerifyingKey,
};

/// A verified consensus.
pub struct Consensus {
    certificate: Vec<u8>,
    payload: Vec<u8>,
    epoch: Epoch,
    signers: Vec<KeyHash>,
}

impl Consensus {
    /// Verifies that a threshold of the authorities signed a certificate, and that it holds a
    /// well-formed document of `epoch`. If a geometry's hash is given, the document must be for a
    /// network with that geometry.
    ///
    /// # Errors
    /// [`ConsensusFault`].
    pub fn verify(
        certificate: Vec<u8>,
        authorities: &Authorities,
        (epoch, now): (Epoch, Epoch),
        geometry_hash: Option<&[u8; 32]>,
    ) -> Result<Self, ConsensusFault> {
        let keys = authorities.keys();
        let verified = Certificate::parse(&certificate)?.verify_threshold(&keys, authorities.threshold(), now)?;
        let document = verified.document()?;
        if document.epoch() != epoch {
            return Err(ConsensusFault::Epoch { got: document.epoch(), want: epoch });
        }
        if !document.has_shared_random_value() {
            return Err(ConsensusFault::NoSharedRandom);
        }
        document.check(&keys, &mut vec![KeyHash::default(); document.nodes().len()])?;
        if geometry_hash.is_some_and(|hash| hash != document.sphinx_geometry_hash()) {
            return Err(ConsensusFault::Geometry);
        }
        let payload = verified.payload().to_vec();
        let signers = verified.good().iter().filter_map(|index| keys.get(index)).map(VerifyingKey::hash).collect();
        Ok(Self { certificate, payload, epoch, signers })
    }

    /// The document.
    ///
    /// # Errors
    /// None in practice, since [`verify`](Self::verify) has parsed it. Each call parses it again,
    /// which takes some microseconds per node.
    pub fn document(&self) -> Result<Document<'_>, DocumentError> {
        Document::parse(&self.payload)
    }

    /// The consensus's epoch.
    #[must_use]
    pub const fn epoch(&self) -> Epoch {
        self.epoch
    }

    /// The certificate as it was received.
    #[must_use]
    pub fn certificate(&self) -> &[u8] {
        &self.certificate
    }

    /// The authorities that signed.
    #[must_use]
    pub fn signers(&self) -> &[KeyHash] {
        &self.signers
    }
}

impl fmt::Debug for Consensus {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Consensus({}, {} signers, ..)", self.epoch, self.signers.len())
    }
}

/// The reason why a certificate is not the expected consensus.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum ConsensusFault {
    /// The bytes are not a certificate.
    Certificate(CertificateError),
    /// Too few authorities signed it.
    Signatures(VerifyError),
    /// Its payload is not a document.
    Document(DocumentError),
    /// The document is not well formed.
    Content(DocumentFault),
    /// The document is for another epoch than the requested one.
    Epoch {
        /// The document's epoch.
        got: Epoch,
        /// The requested epoch.
        want: Epoch,
    },
    /// The document has no shared random value: authorities certify such documents while they vote
    /// on a consensus.
    NoSharedRandom,
    /// The document is for a network with another Sphinx geometry.
    Geometry,
}

impl fmt::Display for ConsensusFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Certificate(error) => error.fmt(f),
            Self::Signatures(error) => error.fmt(f),
            Self::Document(error) => error.fmt(f),
            Self::Content(error) => error.fmt(f),
            Self::Epoch { got, want } => write!(f, "consensus is for epoch {got}, want {want}"),
            Self::NoSharedRandom => f.write_str("document has no shared random value, so it is not a consensus"),
            Self::Geometry => f.write_str("consensus has another Sphinx geometry"),
        }
    }
}

impl Error for ConsensusFault {}

macro_rules! from {
    ($($variant:ident($error:ty)),+) => {$(
        impl From<$error> for ConsensusFault {
            fn from(error: $error) -> Self {
                Self::$variant(error)
            }
        }
    )+};
}

from!(Certificate(CertificateError), Signatures(VerifyError), Document(DocumentError), Content(DocumentFault));
