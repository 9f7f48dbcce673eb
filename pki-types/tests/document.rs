//! Documents and consensus chunks: the reference's vectors, and rejected input.
#![allow(
    clippy::arithmetic_side_effects,
    clippy::cast_possible_truncation,
    clippy::integer_division_remainder_used,
    clippy::struct_field_names,
    reason = "a test"
)]
#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic, reason = "a test may panic")]

#[path = "common/fields.rs"]
#[allow(dead_code, reason = "each test uses a part")]
mod fields;

use fields::{DocumentFields, canonical};
use mixwell_pki_types::{
    Certificate, Chunk, ConsensusReader, Document, DocumentError, DocumentFault, Ed25519, Epoch, KeyHash, LIFETIME,
    Layer, SharedRandomError, SignatureScheme, SigningKey, VerifyError, VerifyingKey, build::DocumentBuilder, certify,
    scheme,
};
use mixwell_vectors::{Hex, ReplayRng, load};
use serde::Deserialize;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Test {
    authorities: Vec<Authority>,
    certificate: Hex,
    well_formed: bool,
    why: Option<String>,
    fields: Option<DocumentFields>,
    chunk_size: Option<usize>,
    chunks: Option<Vec<Hex>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Authority {
    public_key: Hex,
    private_key: Option<Hex>,
    identifier: Option<String>,
}

impl Test {
    fn scheme(&self) -> &'static dyn SignatureScheme {
        scheme(Certificate::parse(&self.certificate).unwrap().key_type()).unwrap()
    }

    fn keys(&self) -> Vec<VerifyingKey<'_>> {
        let scheme = self.scheme();
        self.authorities.iter().map(|authority| VerifyingKey::new(scheme, &authority.public_key).unwrap()).collect()
    }
}

/// Whether a fault is the one that a vector's reason describes.
fn stated(why: &str, fault: DocumentFault) -> bool {
    use DocumentFault as F;
    match why {
        "no topology" => fault == F::NoLayers,
        "empty layer" => matches!(fault, F::EmptyLayer { .. }),
        "no gateways" => fault == F::NoGateway,
        "no service nodes" => fault == F::NoService,
        "same identity twice" => matches!(fault, F::SameIdentity { .. }),
        "gateway not flagged" => matches!(fault, F::NotFlagged { place } if place.layer == Layer::Gateway),
        // a service node that offers services without the flag is a fault of the descriptor as well
        "service node not flagged" => {
            matches!(fault, F::NotFlagged { place } | F::Node { place, .. } if place.layer == Layer::Service)
        }
        "genesis epoch zero" => fault == F::NoGenesisEpoch,
        "no prior shared random after genesis" => fault == F::NoPriorSharedRandom,
        "reveal missing" => matches!(fault, F::NoReveal { .. }),
        "reveals swapped" => matches!(
            fault,
            F::Signature { error: VerifyError::NotSigned { .. }, .. }
                | F::SharedRandom { error: SharedRandomError::Mismatch, .. }
        ),
        "unknown authority in commits" => matches!(fault, F::UnknownAuthority { .. }),
        // a reason outside this project's own vectors: any fault will do
        _ => true,
    }
}

#[test]
fn vectors() {
    for vector in load::<Test>("document") {
        let (name, test) = (vector.name, vector.test);
        assert!(test.authorities.iter().all(|authority| authority.identifier.as_deref() != Some("")), "{name}");
        let keys = test.keys();
        let certificate = Certificate::parse(&test.certificate).unwrap();
        assert_eq!(canonical(&test.certificate), test.certificate[..], "{name}");
        // well-formed documents are signed by every authority, the others by one
        let threshold = if test.well_formed { keys.len() / 2 + 1 } else { 1 };
        let epoch = Epoch(certificate.expiration().0 - LIFETIME);
        let verified = certificate.verify_threshold(&keys, threshold, epoch).unwrap();
        let signers = keys.iter().filter(|key| certificate.verify(key, epoch).is_ok());
        assert_eq!(signers.count(), certificate.signers().count(), "{name}: every signer is an authority");
        let document = verified.document().unwrap();
        assert_eq!(canonical(verified.payload()), verified.payload(), "{name}");
        assert_eq!(document.epoch(), epoch, "{name}");
        if let Some(fields) = &test.fields {
            fields.check(&document, &name);
            check_look_ups(&document, fields, &name);
        }

        for memory in [1, 2, 1000] {
            let checked = document.check(&keys, &mut vec![KeyHash::default(); memory]);
            assert_eq!(checked.is_ok(), test.well_formed, "{name}: {:?}, {checked:?}", test.why);
            if let (Err(fault), Some(why)) = (checked, &test.why) {
                assert!(stated(why, fault), "{name}: {why}, not {fault}");
            }
        }
        if test.well_formed {
            assert_eq!(document.check(&keys, &mut []), Err(DocumentFault::NoMemory), "{name}");
        }
        check_chunks(&test, &name);
        check_signed_again(&test, certificate, &name);
    }
}

fn check_look_ups(document: &Document<'_>, fields: &DocumentFields, name: &str) {
    assert_eq!(document.nodes().len(), fields.nodes().count(), "{name}");
    for ((layer, want), node) in fields.nodes().zip(document.nodes()) {
        assert_eq!(node.name(), want.name(), "{name}");
        assert_eq!(node.place().layer.number(), layer, "{name}");
        let (id, place) = (node.id(), node.place());
        assert_eq!(document.nodes().by_name(want.name()).unwrap().place(), place, "{name}");
        assert_eq!(document.nodes().by_hash(id).unwrap().place(), place, "{name}");
        assert_eq!(document.layer_of(id), Some(place.layer), "{name}");
        let of_layer = document.layer(place.layer).unwrap();
        assert_eq!(of_layer.by_hash(id).unwrap().place(), place, "{name}");
        assert_eq!(of_layer.clone().nth(place.index).unwrap().place(), place, "{name}");
        assert_eq!(document.mixes().by_hash(id).is_some(), layer < 254, "{name}");
        assert_eq!(document.gateways().by_name(want.name()).is_some(), layer == 255, "{name}");
        assert_eq!(document.services().by_name(want.name()).is_some(), layer == 254, "{name}");
    }
    assert!(document.nodes().by_name("nobody").is_none(), "{name}");
    assert_eq!(document.layer_of(KeyHash([0; 32])), None, "{name}");
    assert!(document.layer(Layer::Mix(document.layer_count() as u8)).is_none(), "{name}");
    assert!(document.replica_by_id(255).is_none(), "{name}");
}

fn check_chunks(test: &Test, name: &str) {
    let Some(chunks) = &test.chunks else { return };
    let mut out = vec![0; test.certificate.len() + 1];
    let mut reader = ConsensusReader::new(&mut out);
    for (bytes, number) in chunks.iter().zip(0..) {
        reader.push(Chunk { number, total: chunks.len() as u32, bytes }).unwrap();
    }
    assert_eq!(reader.finish().unwrap(), &test.certificate[..], "{name}");
    let gzipped: Vec<u8> = chunks.iter().flat_map(|chunk| chunk.iter().copied()).collect();
    let cut: Vec<_> = Chunk::cut(&gzipped, test.chunk_size.unwrap()).collect();
    assert_eq!(cut.len(), chunks.len(), "{name}");
    for ((chunk, want), number) in cut.iter().zip(chunks).zip(0..) {
        assert_eq!((chunk.number, chunk.total, chunk.bytes), (number, chunks.len() as u32, &want[..]), "{name}");
    }
}

/// Signs the document again and compares the certificates, if the vector has the signers' private
/// keys and signing is deterministic.
fn check_signed_again(test: &Test, certificate: Certificate<'_>, name: &str) {
    if test.scheme().name() != Ed25519.name() {
        return;
    }
    let mut signed: Vec<u8> = Vec::new();
    for (authority, public) in test.authorities.iter().zip(test.keys()) {
        let Some(private) = &authority.private_key else { return };
        if certificate.signature_by(public.hash()).is_none() {
            continue;
        }
        let (key, rng) = (SigningKey::new(private, public).unwrap(), &mut ReplayRng::new(&[]));
        let mut out = vec![0; test.certificate.len() + 1];
        let len = match &signed[..] {
            [] => certify(certificate.unverified_payload(), certificate.expiration(), &key, rng, &mut out),
            signed => Certificate::parse(signed).unwrap().add_own_signature(&key, Epoch(0), rng, &mut out),
        };
        out.truncate(len.unwrap());
        signed = out;
    }
    assert_eq!(signed, test.certificate[..], "{name}");
}

#[test]
fn documents_and_their_certificates() {
    let Some(vector) = load::<Test>("document")
        .into_iter()
        .find(|vector| vector.test.authorities[0].private_key.is_some() && vector.test.scheme().name() == "Ed25519")
    else {
        return;
    };
    let test = &vector.test;
    let public = test.keys()[0];
    let key = SigningKey::new(test.authorities[0].private_key.as_ref().unwrap(), public).unwrap();
    let payload = Certificate::parse(&test.certificate).unwrap().unverified_payload();
    let document = Document::parse(payload).unwrap();
    let epoch = document.epoch();
    let mut out = vec![0; test.certificate.len() + 1];
    let sign = |payload: &[u8], expiration, out: &mut [u8]| {
        certify(payload, expiration, &key, &mut ReplayRng::new(&[]), out).unwrap()
    };
    let len = sign(payload, epoch.plus(LIFETIME), &mut out);
    // gateways also serve the previous epoch's document
    let now = epoch.plus(1);
    let verified = Certificate::parse(&out[..len]).unwrap().verify(&public, now).unwrap();
    assert_eq!(verified.document().unwrap().epoch(), epoch);
    assert_eq!(verified.document_for(epoch).unwrap().epoch(), epoch);
    assert_eq!(verified.document_for(now).unwrap_err(), DocumentError::Epoch { got: epoch, want: now });

    let expiration = epoch.plus(6);
    let len = sign(payload, expiration, &mut out);
    let verified = Certificate::parse(&out[..len]).unwrap().verify(&public, epoch).unwrap();
    assert_eq!(verified.document().unwrap_err(), DocumentError::Expiration { expiration, epoch });

    // a document that names a different scheme from its certificate's
    let other = DocumentBuilder { signature_scheme: "Sphincs+".to_owned(), ..(&document).into() }.encode();
    let len = sign(&other, epoch.plus(LIFETIME), &mut out);
    let verified = Certificate::parse(&out[..len]).unwrap().verify(&public, epoch).unwrap();
    assert_eq!(verified.document().unwrap_err(), DocumentError::Scheme);
}

#[test]
fn errors_say_where() {
    let one_node = |field: &[u8]| [b"\xa1", field, b"\x81\x41\x80"].concat();
    let error = |bytes: &[u8]| Document::parse(bytes).unwrap_err().to_string();
    assert_eq!(
        error(&one_node(b"\x6cGatewayNodes")),
        "cannot decode descriptor, gateway layer, node 0: MixDescriptor is a list, want a map"
    );
    assert_eq!(
        error(b"\xa1\x68Topology\x82\x80\x81\x41\xff"),
        "cannot decode descriptor, mix layer 1, node 0: item at byte 0 is of indefinite length"
    );
    assert_eq!(error(b"\xa1\x62Mu\x01"), "cannot decode document: Mu is an unsigned number, want a float");
    let layers = [&b"\xa1\x68Topology\x98\xff"[..], &[0x80; 255]].concat();
    assert_eq!(Document::parse(&layers).unwrap_err(), DocumentError::Layers { layers: 255 });
}
