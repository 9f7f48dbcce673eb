//! Statements in a canonical form that only their author can produce.

use blake2::{Blake2b256, Digest as _};
use mixwell_pki_types::{
    Certificate, Epoch, KeyHash, SignError,
    build::encode,
    cbor::{Item, Kind, Map, Writer},
};
use std::collections::BTreeMap;

/// The hash of an author and the signed content. It does not include the signature, so that a
/// scheme with several signatures for one message cannot make one statement look like two. It
/// includes the author, because authorities that agree certify the same document.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Digest(pub(super) [u8; 32]);

impl Digest {
    pub(super) fn of(author: KeyHash, certificate: &Certificate<'_>) -> Self {
        let hasher = Blake2b256::new_with_prefix(author.0);
        let hasher = hasher.chain_update(certificate.expiration().0.to_le_bytes());
        Self(hasher.chain_update(certificate.unverified_payload()).finalize().into())
    }
}

impl core::fmt::Debug for Digest {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        KeyHash(self.0).fmt(f)
    }
}

/// The certificate with only its author's signature, without those that others may have added.
pub(super) fn with_one_signature(certificate: &Certificate<'_>, author: KeyHash) -> Option<Vec<u8>> {
    let signature = certificate.signature_by(author)?;
    let payload = certificate.unverified_payload();
    Some(with_signatures(certificate.key_type(), certificate.expiration(), payload, &[(author, signature)].into()))
}

/// A certificate with the given signatures.
pub(super) fn with_signatures(
    key_type: &str,
    expiration: Epoch,
    payload: &[u8],
    signatures: &BTreeMap<KeyHash, &[u8]>,
) -> Vec<u8> {
    encode(|writer| {
        writer.map(5).text("KeyType").text(key_type).text("Version").unsigned(0);
        writer.text("Certified").bytes(payload).text("Expiration").unsigned(expiration.0);
        writer.text("Signatures").map(signatures.len());
        for (signer, signature) in signatures {
            write_signature(writer.bytes(&signer.0), *signer, signature);
        }
    })
}

fn write_signature(writer: &mut Writer<'_>, signer: KeyHash, signature: &[u8]) {
    writer.map(2).text("Payload").bytes(signature).text("PublicKeySum256").bytes(&signer.0);
}

/// A signature over a consensus, as the certificate of a `sig` command holds it.
pub(super) fn encode_signature(signer: KeyHash, signature: &[u8]) -> Vec<u8> {
    encode(|writer| write_signature(writer, signer, signature))
}

/// The signer and the signature that [`encode_signature`] wrote.
pub(super) fn decode_signature(bytes: &[u8]) -> Option<(KeyHash, &[u8])> {
    let Kind::Map(fields) = Item::parse(bytes).ok()?.kind() else { return None };
    let Kind::Bytes(signer) = field(fields, "PublicKeySum256")?.kind() else { return None };
    let Kind::Bytes(signature) = field(fields, "Payload")?.kind() else { return None };
    Some((KeyHash(signer.try_into().ok()?), signature))
}

fn field<'a>(mut fields: Map<'a>, name: &str) -> Option<Item<'a>> {
    fields.find(|(key, _)| matches!(key.kind(), Kind::Text(text) if text == name)).map(|(_, value)| value)
}

/// The output of a function that writes into a buffer: called once to measure, once to write.
pub(super) fn into_vec(mut write: impl FnMut(&mut [u8]) -> Result<usize, SignError>) -> Result<Vec<u8>, SignError> {
    match write(&mut []) {
        Err(SignError::Buffer(error)) => {
            let mut out = vec![0; error.need];
            write(&mut out).map(|_| out)
        }
        Err(error) => Err(error),
        Ok(_) => Ok(Vec::new()),
    }
}
