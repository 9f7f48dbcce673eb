//! Descriptors and their uploads: the reference's vectors, and rejected input.
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

use fields::{DescriptorFields, canonical};
use mixwell_pki_types::{
    AddressFault, DecodeError, Descriptor, DescriptorFault, Ed25519, Epoch, KeyHash, LoopStats, SchemeError,
    SignatureScheme, SigningKey, Upload, UploadError, VerifyingKey,
    cbor::{BufferTooSmall, Item},
    scheme,
};
use mixwell_vectors::{Hex, ReplayRng, load};
use serde::Deserialize;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Test {
    kind: String,
    epoch: u64,
    cbor: Hex,
    well_formed: bool,
    why: Option<String>,
    fields: Option<DescriptorFields>,
    signed_upload: Option<Hex>,
    identity_private_key: Option<Hex>,
}

/// Whether a fault is the one that a vector's reason describes.
fn stated(why: &str, fault: DescriptorFault, epoch: Epoch) -> bool {
    use DescriptorFault as F;
    match why {
        "no name" => fault == F::Name { len: 0 },
        "name of 33 bytes" => fault == F::Name { len: 33 },
        "no link key" => fault == F::NoLinkKey,
        "no identity key" => fault == F::NoIdentityKey,
        "no mix key for the epoch" => fault == F::NoMixKey { epoch },
        "mix key of an old epoch" => matches!(fault, F::MixKeyEpoch { of, .. } if of < epoch),
        "mix key too far ahead" => matches!(fault, F::MixKeyEpoch { of, .. } if of > epoch.plus(2)),
        "no addresses" => fault == F::NoAddresses,
        "empty address list" => matches!(fault, F::EmptyTransport { .. }),
        "unknown scheme" => matches!(fault, F::Address { fault: AddressFault::Scheme, .. }),
        "no port" => matches!(fault, F::Address { fault: AddressFault::Port, .. }),
        "onion on a mix" => matches!(fault, F::Address { fault: AddressFault::OnionOffGateway, .. }),
        "kaetzchen on a mix" => fault == F::CapabilityOffService,
        "kaetzchen without endpoint" => matches!(fault, F::NoEndpoint { .. }),
        "endpoint not text" => matches!(fault, F::EndpointNotText { .. }),
        "endpoint too long" => matches!(fault, F::EndpointLength { len: 33, .. }),
        // a reason outside this project's own vectors: any fault will do
        _ => true,
    }
}

#[test]
fn vectors() {
    for vector in load::<Test>("descriptor") {
        let (name, test) = (vector.name, vector.test);
        assert_eq!(test.kind, "mix", "{name}");
        let epoch = Epoch(test.epoch);
        let descriptor = Descriptor::parse(&test.cbor).unwrap();
        assert_eq!(descriptor.encoded(), &test.cbor[..], "{name}");
        assert_eq!(canonical(&test.cbor), test.cbor[..], "{name}");
        if let Some(fields) = &test.fields {
            fields.check(&descriptor, &name);
        }
        assert_eq!(descriptor.check(epoch).is_ok(), test.well_formed, "{name}: {:?}", test.why);
        if let (Err(fault), Some(why)) = (descriptor.check(epoch), &test.why) {
            assert!(stated(why, fault, epoch), "{name}: {why}, not {fault}");
        }
        if let Some(upload) = &test.signed_upload {
            check_upload(&test, &descriptor, upload, &name);
        }
    }
}

/// The scheme of an identity key, determined by its length.
fn scheme_of(descriptor: &Descriptor<'_>) -> &'static dyn SignatureScheme {
    let all = ["Ed25519", "Sphincs+", "Ed25519 Sphincs+"].into_iter().filter_map(scheme);
    all.into_iter().find(|scheme| scheme.public_len() == descriptor.identity_key().len()).unwrap()
}

fn check_upload(test: &Test, descriptor: &Descriptor<'_>, bytes: &[u8], name: &str) {
    let upload = Upload::parse(bytes).unwrap();
    let scheme = scheme_of(descriptor);
    assert_eq!(upload.verify(scheme).unwrap().encoded(), &test.cbor[..], "{name}");
    assert_eq!(upload.signer(), Some(descriptor.id()), "{name}");
    assert_eq!(canonical(bytes), bytes, "{name}");

    if scheme.name() != Ed25519.name() {
        return;
    }
    // signing again gives the same bytes if the scheme is deterministic
    let stats = upload.loop_stats().map(|stats| {
        let mut ratios: Vec<_> = stats.ratios().map(|(segment, ratio)| (*segment, ratio)).rev_sorted();
        let mut out = vec![0; 200 + 80 * ratios.len()];
        let len = LoopStats::write(stats.mix().as_ref(), stats.epoch(), &mut ratios, &mut out).unwrap();
        out.truncate(len);
        out
    });
    let stats = stats.as_deref().map(|bytes| Item::parse(bytes).unwrap());
    let private = test.identity_private_key.as_ref().unwrap();
    let key = VerifyingKey::new(&Ed25519, descriptor.identity_key()).unwrap();
    let key = SigningKey::new(private, key).unwrap();
    let sign = |out: &mut [u8]| Upload::sign(&test.cbor, stats, &key, &mut ReplayRng::new(&[]), out);
    let mut out = vec![0; bytes.len() + 9];
    let len = sign(&mut out).unwrap();
    assert_eq!(&out[..len], bytes, "{name}");
    assert_eq!(sign(&mut []), Err(UploadError::Buffer(BufferTooSmall { need: len, have: 0 })), "{name}");

    // every byte matters except the name of a null field: an unknown field and an absent one read
    // the same
    let mut changed = bytes.to_vec();
    let name_of_first = 1..=b"LoopStats".len() + 1;
    for at in (0..bytes.len()).filter(|at| !name_of_first.contains(at)) {
        changed[at] ^= 1;
        let verified = Upload::parse(&changed).is_ok_and(|upload| upload.verify(&Ed25519).is_ok());
        assert!(!verified, "{name}: byte {at}");
        changed[at] ^= 1;
    }
}

trait RevSorted {
    /// The ratios in descending order, which is not their encoded order.
    fn rev_sorted(self) -> Vec<([u8; 64], f64)>;
}

impl<I: Iterator<Item = ([u8; 64], f64)>> RevSorted for I {
    fn rev_sorted(self) -> Vec<([u8; 64], f64)> {
        let mut all: Vec<_> = self.collect();
        all.sort_by_key(|(segment, _)| core::cmp::Reverse(*segment));
        all
    }
}

#[test]
fn kinds_are_checked() {
    let kind = |field, got, want| DecodeError::Kind { field, got, want };
    for (bytes, want) in [
        (&b"\x80"[..], kind("MixDescriptor", "a list", "a map")),
        (b"\xa1\x64Name\x41a", kind("Name", "a byte string", "a text")),
        (b"\xa1\x6aLoadWeight\x19\x01\x00", kind("LoadWeight", "a larger number", "a number below 256")),
        (b"\xa1\x6dIsGatewayNode\x01", kind("IsGatewayNode", "an unsigned number", "true or false")),
        (b"\xa1\x67MixKeys\xa1\x61a\x41a", kind("MixKeys", "a text", "an unsigned number")),
        (b"\xa1\x67MixKeys\xa1\x01\x61a", kind("MixKeys", "a text", "a byte string")),
        (b"\xa1\x69Addresses\xa1\x61a\x61a", kind("Addresses", "a text", "a list")),
        (b"\xa1\x69Addresses\xa1\x61a\x81\x01", kind("Addresses", "an unsigned number", "a text")),
        (b"\xa1\x69Kaetzchen\xa1\x61a\x01", kind("Kaetzchen", "an unsigned number", "a map")),
        (b"\xa1\x69Kaetzchen\xa1\x61a\xa1\x01\x01", kind("Kaetzchen", "an unsigned number", "a text")),
        (b"\xa1\x67MixKeys\xa2\x00\x41a\xf6\x41b", kind("MixKeys", "a map with null as a key", "a map")),
    ] {
        assert_eq!(Descriptor::parse(bytes).unwrap_err(), want);
    }
    // absent, null and unknown fields
    let sparse = Descriptor::parse(b"\xa3\x64Name\xf6\x65Other\x01\x02\x03").unwrap();
    assert_eq!((sparse.name(), sparse.mix_keys().count(), sparse.addresses().count()), ("", 0, 0));
}

#[test]
fn uploads_by_the_wrong_key() {
    let unsigned = b"\xa1\x6dMixDescriptor\x41\xa0";
    assert_eq!(Upload::parse(unsigned).unwrap().verify(&Ed25519).unwrap_err(), UploadError::NotSigned);
    let Some(vector) = load::<Test>("descriptor").into_iter().find(|vector| vector.test.signed_upload.is_some()) else {
        return;
    };
    let (test, mut bytes) = (&vector.test, vector.test.signed_upload.clone().unwrap().0);
    let node = Descriptor::parse(&test.cbor).unwrap().id();
    let at = bytes.windows(32).position(|window| window == node.0).unwrap();
    bytes[at..at + 32].fill(7);
    let signer = KeyHash([7; 32]);
    assert_eq!(Upload::parse(&bytes).unwrap().verify(&Ed25519).unwrap_err(), UploadError::Signer { signer, node });
    bytes[at..at + 32].copy_from_slice(&node.0);
    let last = bytes.len() - 1;
    bytes[last] ^= 1;
    let changed = Upload::parse(&bytes).map(|upload| upload.verify(&Ed25519).map(drop));
    assert!(!matches!(changed, Ok(Ok(()))));
    assert_eq!(SchemeError::Signature.to_string(), "signature is bad");
}
