//! The signers of a document, verified or only claimed.

use mixwell_pki_types::{Certificate, KeyHash, Verified, VerifyingKey};
use serde::Serialize;

/// The certificate around a document.
#[derive(Serialize)]
pub(super) struct Signed {
    key_type: String,
    /// The first epoch in which it is no longer valid.
    expires_with_epoch: u64,
    /// Whether enough of the given authorities have signed.
    verified: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    threshold: Option<usize>,
    signers: Vec<Signer>,
    /// Given authorities without a valid signature.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    missing: Vec<String>,
}

#[derive(Serialize)]
struct Signer {
    key_hash: String,
    signature: &'static str,
}

impl Signed {
    /// The signers that the certificate claims.
    pub(super) fn claimed(certificate: &Certificate<'_>) -> Self {
        Self {
            key_type: certificate.key_type().to_owned(),
            expires_with_epoch: certificate.expiration().0,
            verified: false,
            threshold: None,
            signers: certificate.signers().map(|key| Signer::new(key, "not verified")).collect(),
            missing: Vec::new(),
        }
    }

    /// The signers as verified with the given keys.
    pub(super) fn verified(
        certificate: &Certificate<'_>,
        verified: &Verified<'_>,
        keys: &[VerifyingKey<'_>],
        threshold: usize,
    ) -> Self {
        let signature = |signer: KeyHash| match keys.iter().position(|key| key.hash() == signer) {
            Some(index) if verified.good().contains(index) => "good",
            Some(_) => "bad",
            None => "not of a given authority",
        };
        let hash = |index| keys.get(index).map(|key: &VerifyingKey<'_>| key.hash().to_string());
        Self {
            verified: true,
            threshold: Some(threshold),
            signers: certificate.signers().map(|key| Signer::new(key, signature(key))).collect(),
            missing: verified.missing().iter().filter_map(hash).collect(),
            ..Self::claimed(certificate)
        }
    }
}

impl Signer {
    fn new(key: KeyHash, signature: &'static str) -> Self {
        Self { key_hash: key.to_string(), signature }
    }
}
