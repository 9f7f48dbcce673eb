//! PKI types.
#![no_std]

pub mod cbor;
mod certificate;
mod decode;
mod epoch;
mod hash;
mod scheme;
mod shared_random;
#[cfg(feature = "sphincs")]
mod sphincs;

pub use certificate::{Certificate, CertificateError, KeySet, MAX_KEYS, SignError, Verified, VerifyError, certify};
pub use decode::DecodeError;
pub use epoch::{BeforeZero, Epoch, EpochTime, Period};
pub use hash::KeyHash;
#[cfg(feature = "sphincs")]
pub use scheme::Ed25519Sphincs;
pub use scheme::{Ed25519, Encoding, SchemeError, SignatureScheme, SigningKey, VerifyingKey, scheme};
pub use shared_random::{Commit, Reveal, SharedRandomError, shared_random_value};
#[cfg(feature = "sphincs")]
pub use sphincs::Sphincs;
