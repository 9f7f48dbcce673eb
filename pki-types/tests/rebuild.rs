//! Owned descriptors and documents encode to the bytes that they were parsed from.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic, reason = "a test may panic")]

use mixwell_pki_types::{
    Certificate, Descriptor, Document, Ed25519, Epoch, KeyHash, Replica, ReplicaUpload, SchemeError, SignatureScheme,
    SigningKey, UploadError, VerifyingKey,
    build::{DescriptorBuilder, DocumentBuilder, ReplicaBuilder, Value},
};
use mixwell_vectors::{Hex, load};
use rand_chacha::{ChaCha20Rng, rand_core::SeedableRng};
use serde::Deserialize;

#[derive(Deserialize)]
struct CertificateOnly {
    certificate: Hex,
}

#[test]
fn documents() {
    for vector in load::<CertificateOnly>("document") {
        let name = vector.name;
        let payload = Certificate::parse(&vector.test.certificate).unwrap().unverified_payload();
        let document = Document::parse(payload).unwrap();
        let mut owned = DocumentBuilder::from(&document);
        assert_eq!(owned.encode(), payload, "{name}");
        for node in document.nodes() {
            assert_eq!(DescriptorBuilder::from(&*node).encode(), node.encoded(), "{name}");
        }
        for replica in document.replicas() {
            assert_eq!(ReplicaBuilder::from(&replica).encode(), replica.encoded(), "{name}");
        }
        owned.epoch = owned.epoch.plus(1);
        let changed = owned.encode();
        assert_eq!(Document::parse(&changed).unwrap().epoch(), document.epoch().plus(1), "{name}");
    }
}

/// A replica's descriptor is kept byte for byte, including unknown fields.
#[test]
fn replicas_of_a_document_are_kept_byte_for_byte() {
    let replica = b"\xa2\x64Name\x61r\x66Colour\x63red".to_vec();
    let built = DocumentBuilder { replicas: Some(vec![replica.clone()]), ..DocumentBuilder::default() };
    let encoded = built.encode();
    let document = Document::parse(&encoded).unwrap();
    assert_eq!(document.replicas().next().unwrap().encoded(), replica);
    assert_eq!(DocumentBuilder::from(&document).encode(), encoded);
}

#[derive(Deserialize)]
struct CborOnly {
    cbor: Hex,
}

#[test]
fn descriptors() {
    for vector in load::<CborOnly>("descriptor") {
        let descriptor = Descriptor::parse(&vector.test.cbor).unwrap();
        assert_eq!(DescriptorBuilder::from(&descriptor).encode(), vector.test.cbor[..], "{}", vector.name);
    }
}

#[test]
fn keys_of_maps_are_sorted_by_length_first() {
    let parameters = ["bb", "a", "c"].map(|name| (name.to_owned(), Value::from(1_u64)));
    let descriptor = DescriptorBuilder {
        kaetzchen: Some([("echo".to_owned(), parameters.into())].into()),
        ..DescriptorBuilder::default()
    };
    let encoded = descriptor.encode();
    assert!(encoded.windows(11).any(|window| window == b"\xa3\x61a\x01\x61c\x01\x62bb\x01"[..].get(..11).unwrap()));
    assert_eq!(DescriptorBuilder::from(&Descriptor::parse(&encoded).unwrap()), descriptor);
}

#[test]
fn replicas_sign_their_uploads() {
    let (mut private, mut public) = ([0; 64], [0; 32]);
    let mut rng = ChaCha20Rng::from_seed([1; 32]);
    Ed25519.generate(&mut rng, &mut private, &mut public).unwrap();
    let key = SigningKey::new(&private, VerifyingKey::new(&Ed25519, &public).unwrap()).unwrap();
    let replica = ReplicaBuilder {
        name: "replica".to_owned(),
        replica_id: 3,
        identity_key: public.to_vec(),
        ..ReplicaBuilder::default()
    };
    let (encoded, mut out) = (replica.encode(), vec![0; 1000]);
    let len = ReplicaUpload::sign(&encoded, &key, &mut rng, &mut out).unwrap();
    out.truncate(len);
    let upload = ReplicaUpload::parse(&out).unwrap();
    let verified = upload.verify(&Ed25519).unwrap();
    assert_eq!((verified.name(), verified.replica_id(), verified.epoch()), ("replica", 3, Epoch(0)));
    assert_eq!(verified.id(), KeyHash::of(&public));
    assert_eq!(Replica::parse(&encoded).unwrap().encoded(), verified.encoded());

    // the signature covers the descriptor with null in the signature's place
    let mut signature = [0; 64];
    key.sign(&[b"\xa2\x69Signature\xf6\x71ReplicaDescriptor", &encoded], &mut rng, &mut signature).unwrap();
    assert!(out.windows(64).any(|window| window == signature));
    let at = out.windows(64).position(|window| window == signature).unwrap();
    out[at] ^= 1;
    let changed = ReplicaUpload::parse(&out).unwrap().verify(&Ed25519).map(drop);
    assert_eq!(changed, Err(UploadError::Scheme(SchemeError::Signature)));
}
