#![doc = include_str!("../README.md")]
#![no_std]
// besides the workspace's lints: division takes secret-dependent time, and unchecked sums panic or
// wrap
#![warn(clippy::arithmetic_side_effects, clippy::integer_division_remainder_used)]
#![cfg_attr(docsrs, feature(doc_cfg))]

#[cfg(feature = "alloc")]
extern crate alloc;

#[cfg(feature = "alloc")]
pub mod build;
pub mod cbor;
mod certificate;
mod consensus;
mod decode;
mod descriptor;
mod document;
mod epoch;
mod hash;
mod path;
mod replica;
mod scheme;
mod shared_random;
#[cfg(feature = "sphincs")]
mod sphincs;
mod upload;
mod vote;

pub use certificate::{Certificate, CertificateError, KeySet, MAX_KEYS, SignError, Verified, VerifyError, certify};
pub use consensus::{Chunk, ConsensusError, ConsensusReader, GzipError};
pub use decode::DecodeError;
pub use descriptor::{AddressFault, Capability, Descriptor, DescriptorFault, Texts};
pub use document::{Document, DocumentError, DocumentFault, LIFETIME, Layer, Node, Nodes, Place, Rates};
pub use epoch::{BeforeZero, Epoch, EpochTime, Period};
pub use hash::KeyHash;
#[cfg(feature = "sphinx")]
pub use path::MixKeyLength;
pub use path::{Departure, Hop, HopDelay, PathError, Router};
pub use replica::Replica;
#[cfg(feature = "sphincs")]
pub use scheme::Ed25519Sphincs;
pub use scheme::{Ed25519, Encoding, SchemeError, SignatureScheme, SigningKey, VerifyingKey, scheme};
pub use shared_random::{Commit, Reveal, SharedRandomError, shared_random_value};
#[cfg(feature = "sphincs")]
pub use sphincs::Sphincs;
pub use upload::{LoopStats, ReplicaUpload, Upload, UploadError};
pub use vote::majority;
