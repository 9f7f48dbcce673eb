//! Parsing, verifying and iterating over a consensus allocates nothing.
#![allow(
    clippy::arithmetic_side_effects,
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "a test may panic"
)]

#[allow(dead_code, reason = "each test uses a part")]
#[path = "common/network.rs"]
mod network;

use core::time::Duration;
use mixwell_pki_types::{
    Certificate, Chunk, Commit, ConsensusReader, Departure, Descriptor, Ed25519, Epoch, KeyHash, LoopStats, Period,
    Replica, ReplicaUpload, Reveal, Router, SigningKey, Upload, VerifyingKey,
    build::{DescriptorBuilder, ReplicaBuilder},
    cbor::{Item, Kind, Writer},
    certify, scheme, shared_random_value,
};
use network::{EPOCH, Pair};
use rand_chacha::{ChaCha20Rng, rand_core::SeedableRng};

fn assert_none<T>(what: &str, run: impl FnOnce() -> T) -> T {
    let mut result = None;
    let counted = allocation_counter::measure(|| result = Some(run()));
    assert_eq!(counted.count_total, 0, "{what} allocates");
    result.unwrap()
}

#[test]
fn reading_and_signing_allocate_nothing() {
    let pairs = [1, 2, 3].map(Pair::new);
    let keys = [0, 1, 2].map(|n: usize| pairs[n].verifying());
    let bytes = network::certificate(&network::document(300).encode(), &pairs);
    let gzipped = gzip(&bytes);
    let mut inflated = vec![0; bytes.len()];
    let mut memory = vec![KeyHash::default(); 64];
    let mut rng = ChaCha20Rng::from_seed([1; 32]);

    let counted = allocation_counter::measure(|| drop(core::hint::black_box(vec![0_u8; 9])));
    assert_eq!(counted.count_total, 1, "the counter counts");

    let certificate = assert_none("inflating", || {
        let mut reader = ConsensusReader::new(&mut inflated);
        Chunk::cut(&gzipped, 3108).try_for_each(|chunk| reader.push(chunk)).unwrap();
        reader.finish().unwrap()
    });
    assert_none("a consensus", || {
        let certificate = Certificate::parse(certificate).unwrap();
        let document = certificate.verify_threshold(&keys, 3, EPOCH).unwrap().document().unwrap();
        document.check(&keys, &mut memory).unwrap();
        let walked = document.nodes().map(|node| node.addresses().count() + node.mix_keys().count()).sum::<usize>();
        assert_eq!(walked, 300 * 4);
        let (gateway, service) = (document.gateways().by_name("gateway100003"), document.services().next());
        let ends = (gateway.unwrap(), service.unwrap());
        let departure = Departure { unix: Period::default().start(EPOCH), spent: Duration::ZERO };
        let mut hops = [None; 5];
        let mut delays = |_: f64, _: &mut ChaCha20Rng| Some(100);
        Router::new(document, Period::default())
            .forward(ends, true, departure, &mut delays, &mut rng, &mut hops)
            .unwrap();
    });
    let mut out = vec![0; bytes.len() + 300];
    let descriptor = network::descriptor(0, "mix").encode();
    assert_none("signing", || {
        let key: SigningKey<'_> = pairs[0].signing();
        let len = certify(b"payload", Epoch(9), &key, &mut rng, &mut out).unwrap();
        assert!(len > 0);
        Upload::sign(&descriptor, None, &key, &mut rng, &mut out).unwrap();
        let reveal = Reveal::generate(Epoch(1), &mut rng);
        let _ = shared_random_value(Epoch(1), &mut [(keys[0].hash(), reveal)], None);
    });
}

#[test]
fn the_rest_allocates_nothing() {
    let (pair, other) = (Pair::new(1), Pair::new(2));
    let (key, other_key) = (pair.signing(), other.signing());
    let descriptor = network::descriptor(0, "mix").encode();
    let replica = ReplicaBuilder {
        name: "replica".to_owned(),
        identity_key: pair.verifying().as_bytes().to_vec(),
        ..ReplicaBuilder::default()
    };
    let replica = replica.encode();
    let own = DescriptorBuilder { identity_key: pair.verifying().as_bytes().to_vec(), ..network::descriptor(1, "mix") };
    let own = own.encode();
    let mut rng = ChaCha20Rng::from_seed([2; 32]);
    let (mut first, mut second) = ([0; 9000], [0; 9000]);

    assert_none("descriptors", || {
        let descriptor = Descriptor::parse(&descriptor).unwrap();
        let _ = descriptor.check(EPOCH);
        assert!(descriptor.mix_key(EPOCH).is_some() && !descriptor.is_gateway() && !descriptor.is_service());
        assert!(descriptor.capabilities().count() == 0 && descriptor.id() == KeyHash::of(descriptor.identity_key()));
        let replica = Replica::parse(&replica).unwrap();
        assert!(replica.addresses().count() + replica.envelope_keys().count() < 9);
    });
    assert_none("uploads", || {
        let len = LoopStats::write(None, EPOCH, &mut [([3; 64], 0.5)], &mut second).unwrap();
        let stats = Item::parse(&second[..len]).unwrap();
        let len = Upload::sign(&own, Some(stats), &key, &mut rng, &mut first).unwrap();
        let upload = Upload::parse(&first[..len]).unwrap();
        assert!(upload.verify(&Ed25519).is_ok() && upload.signer().is_some());
        assert_eq!(upload.loop_stats().unwrap().ratios().count(), 1);
        let len = ReplicaUpload::sign(&replica, &key, &mut rng, &mut first).unwrap();
        assert!(ReplicaUpload::parse(&first[..len]).unwrap().verify(&Ed25519).is_ok());
    });
    assert_none("certificates", || {
        let len = certify(b"payload", Epoch(9), &key, &mut rng, &mut first).unwrap();
        let one = Certificate::parse(&first[..len]).unwrap();
        let len = one.add_own_signature(&other_key, Epoch(1), &mut rng, &mut second).unwrap();
        let both = Certificate::parse(&second[..len]).unwrap();
        let keys = [pair.verifying(), other.verifying()];
        assert!(both.verify(&keys[0], Epoch(1)).is_ok() && both.verify_all(&keys, Epoch(1)).is_ok());
        assert!(both.verify_threshold(&keys, 2, Epoch(99)).is_err() && both.signers().count() == 2);
        assert!(both.signature_by(keys[1].hash()).is_some());
    });
    assert_none("the shared random", || {
        let reveal = Reveal::generate(Epoch(1), &mut rng);
        let commit = Commit::parse(reveal.commit().as_bytes()).unwrap();
        assert!(commit.check(&Reveal::parse(reveal.as_bytes()).unwrap()).is_ok());
        assert!(commit.check(&Reveal::generate(Epoch(1), &mut rng)).is_err());
    });
    for scheme in ["ed25519", "sphincs+", "ed25519 sphincs+"].map(|name| scheme(name).unwrap()) {
        let (mut private, mut public) = (vec![0; scheme.private_len()], vec![0; scheme.public_len()]);
        let mut signature = vec![0; scheme.signature_len()];
        assert_none(scheme.name(), || {
            scheme.generate(&mut rng, &mut private, &mut public).unwrap();
            let key = SigningKey::new(&private, VerifyingKey::new(scheme, &public).unwrap()).unwrap();
            key.sign(&[b"a", b"b"], &mut rng, &mut signature).unwrap();
            assert!(key.verifying_key().verify(&[b"ab"], &signature).is_ok());
            assert!(key.verifying_key().verify(&[b"ba"], &signature).is_err());
        });
    }
    assert_none("CBOR", || {
        let mut writer = Writer::new(&mut first);
        writer.map(2).text("a").array(5).unsigned(1).negative(2).bool(true).null().float(0.5).text("b").bytes(&[1; 9]);
        let len = writer.finish().unwrap();
        let item = Item::parse(&first[..len]).unwrap();
        let Kind::Map(map) = item.kind() else { panic!("a map") };
        let mut writer = Writer::new(&mut second);
        writer.canonical(item);
        assert!(map.len() == 2 && writer.finish().is_ok_and(|canonical| canonical == len));
        assert!(Item::parse(&first[..len - 1]).is_err());
    });
}

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut out = b"\x1f\x8b\x08\x00\x00\x00\x00\x00\x00\xff".to_vec();
    out.extend(miniz_oxide::deflate::compress_to_vec(bytes, 6));
    out.extend(crc32fast::hash(bytes).to_le_bytes());
    out.extend(u32::try_from(bytes.len()).unwrap().to_le_bytes());
    out
}
