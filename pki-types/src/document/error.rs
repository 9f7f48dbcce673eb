//! Faults of a document.

use super::{LIFETIME, Place};
use crate::{CertificateError, DecodeError, DescriptorFault, Epoch, KeyHash, SharedRandomError, VerifyError};
use core::fmt;

/// The reason why bytes are not a document, or do not match their certificate.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum DocumentError {
    /// The bytes cannot be decoded.
    Decode(DecodeError),
    /// A node's descriptor cannot be decoded.
    Node {
        /// The node's place.
        place: Place,
        /// The reason.
        error: DecodeError,
    },
    /// There are more than 254 layers of mixes.
    Layers {
        /// The number of layers.
        layers: usize,
    },
    /// The certificate does not expire [`LIFETIME`] epochs after the document's.
    Expiration {
        /// The certificate's expiration.
        expiration: Epoch,
        /// The document's epoch.
        epoch: Epoch,
    },
    /// The certificate's signature scheme is not the one that the document names.
    Scheme,
    /// The document is for another epoch than the requested one.
    Epoch {
        /// The document's epoch.
        got: Epoch,
        /// The requested epoch.
        want: Epoch,
    },
}

/// The reason why a document is not well-formed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum DocumentFault {
    /// The version is not `v1`.
    Version,
    /// The genesis epoch is 0.
    NoGenesisEpoch,
    /// A document after the genesis epoch has no prior shared random value.
    NoPriorSharedRandom,
    /// A commit or reveal is not by a known authority.
    UnknownAuthority {
        /// The hash under which it is listed.
        authority: KeyHash,
    },
    /// A commit or reveal is not a certificate.
    Certificate {
        /// The authority under which it is listed.
        authority: KeyHash,
        /// The reason.
        error: CertificateError,
    },
    /// A commit or reveal is not signed by the authority under which it is listed.
    Signature {
        /// The authority.
        authority: KeyHash,
        /// The reason.
        error: VerifyError,
    },
    /// A commit or reveal is not 40 bytes, or the reveal does not match the commit.
    SharedRandom {
        /// The authority.
        authority: KeyHash,
        /// The reason.
        error: SharedRandomError,
    },
    /// A commit is for another epoch than the document.
    CommitEpoch {
        /// The authority.
        authority: KeyHash,
        /// The commit's epoch.
        commit: Epoch,
        /// The document's epoch.
        epoch: Epoch,
    },
    /// A consensus has a commit without its reveal.
    NoReveal {
        /// The authority.
        authority: KeyHash,
    },
    /// A document has more reveals than commits.
    Reveals {
        /// Number of commits.
        commits: usize,
        /// Number of reveals.
        reveals: usize,
    },
    /// There is no layer of mixes.
    NoLayers,
    /// A layer of mixes is empty.
    EmptyLayer {
        /// The layer's number.
        layer: usize,
    },
    /// There is no gateway.
    NoGateway,
    /// There is no service node.
    NoService,
    /// A node's descriptor is not well-formed.
    Node {
        /// The node's place.
        place: Place,
        /// The reason.
        fault: DescriptorFault,
    },
    /// The descriptor of a node listed as a gateway or service node does not declare it to be one.
    NotFlagged {
        /// The node's place.
        place: Place,
    },
    /// Two nodes have the same identity key.
    SameIdentity {
        /// The hash of the key.
        id: KeyHash,
    },
    /// The caller's memory has no room for a single hash.
    NoMemory,
}

impl From<DecodeError> for DocumentError {
    fn from(error: DecodeError) -> Self {
        Self::Decode(error)
    }
}

impl fmt::Display for DocumentError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Decode(error) => write!(f, "cannot decode document: {error}"),
            Self::Node { place, error } => write!(f, "cannot decode descriptor, {place}: {error}"),
            Self::Layers { layers } => write!(f, "document has {layers} layers, at most 254 are taken"),
            Self::Expiration { expiration, epoch } => {
                write!(f, "certificate expires with epoch {expiration}, want {}", epoch.plus(LIFETIME))
            }
            Self::Scheme => f.write_str("certificate is of another scheme than the document names"),
            Self::Epoch { got, want } => write!(f, "document is for epoch {got}, want {want}"),
        }
    }
}

impl fmt::Display for DocumentFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Version => f.write_str("version is not v1"),
            Self::NoGenesisEpoch => f.write_str("genesis epoch is 0"),
            Self::NoPriorSharedRandom => f.write_str("no prior shared random after the genesis epoch"),
            Self::UnknownAuthority { authority } => write!(f, "shared random of an unknown authority, {authority}"),
            Self::Certificate { authority, error } => write!(f, "shared random of {authority}: {error}"),
            Self::Signature { authority, error } => write!(f, "shared random of {authority}: {error}"),
            Self::SharedRandom { authority, error } => write!(f, "shared random of {authority}: {error}"),
            Self::CommitEpoch { authority, commit, epoch } => {
                write!(f, "commit of {authority} is for epoch {commit}, want {epoch}")
            }
            Self::NoReveal { authority } => write!(f, "no reveal of {authority}"),
            Self::Reveals { commits, reveals } => write!(f, "{reveals} reveals for {commits} commits"),
            Self::NoLayers => f.write_str("no mixes"),
            Self::EmptyLayer { layer } => write!(f, "mix layer {layer} is empty"),
            Self::NoGateway => f.write_str("no gateway"),
            Self::NoService => f.write_str("no service node"),
            Self::Node { place, fault } => write!(f, "{place}: {fault}"),
            Self::NotFlagged { place } => write!(f, "{place}: descriptor does not say so"),
            Self::SameIdentity { id } => write!(f, "two nodes have the identity {id}"),
            Self::NoMemory => f.write_str("memory for no hash, want 1 or more"),
        }
    }
}

impl core::error::Error for DocumentError {}
impl core::error::Error for DocumentFault {}
