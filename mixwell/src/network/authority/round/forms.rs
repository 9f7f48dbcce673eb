//! The bytes of certificates and signatures, of which nobody but their signer can make a second form.

use mixwell_pki_types::{
    Certificate, KeyHash, SignError,
    build::encode,
    cbor::{Item, Kind, Map, Writer},
};

/// A certificate with the signature of one signer and nothing else, so that nobody else can make two of it that differ.
pub(super) fn normalised(certificate: &[u8], signer: KeyHash) -> Option<Vec<u8>> {
    let read = Certificate::parse(certificate).ok()?;
    let signature = read.signature_by(signer)?;
    let write = |writer: &mut Writer<'_>| {
        writer.map(5).text("KeyType").text(read.key_type()).text("Version").unsigned(0);
        writer.text("Certified").bytes(read.unverified_payload()).text("Expiration").unsigned(read.expiration().0);
        writer.text("Signatures").map(1).bytes(&signer.0);
        write_signature(writer, signer, signature);
    };
    Some(encode(write))
}

fn write_signature(writer: &mut Writer<'_>, signer: KeyHash, signature: &[u8]) {
    writer.map(2).text("Payload").bytes(signature).text("PublicKeySum256").bytes(&signer.0);
}

pub(super) fn encode_signature(signer: KeyHash, signature: &[u8]) -> Vec<u8> {
    encode(|writer| write_signature(writer, signer, signature))
}

pub(super) fn decode_signature(bytes: &[u8]) -> Option<(KeyHash, &[u8])> {
    let Kind::Map(fields) = Item::parse(bytes).ok()?.kind() else { return None };
    let Kind::Bytes(signer) = field(fields, "PublicKeySum256")?.kind() else { return None };
    let Kind::Bytes(signature) = field(fields, "Payload")?.kind() else { return None };
    Some((KeyHash(signer.try_into().ok()?), signature))
}

fn field<'a>(mut fields: Map<'a>, name: &str) -> Option<Item<'a>> {
    fields.find(|(key, _)| matches!(key.kind(), Kind::Text(text) if text == name)).map(|(_, value)| value)
}

/// Measures with an empty buffer, then writes.
pub(super) fn grow(mut write: impl FnMut(&mut [u8]) -> Result<usize, SignError>) -> Result<Vec<u8>, SignError> {
    match write(&mut []) {
        Err(SignError::Buffer(error)) => {
            let mut out = vec![0; error.need];
            write(&mut out).map(|_| out)
        }
        Err(error) => Err(error),
        Ok(_) => Ok(Vec::new()),
    }
}
