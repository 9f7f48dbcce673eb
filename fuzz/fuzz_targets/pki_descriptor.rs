//! Descriptors and uploads from scratch, or valid ones with bytes changed. A descriptor that parses
//! is encoded identically, and an upload verifies only as it was signed.
#![no_main]

#[allow(dead_code)]
#[path = "../../pki-types/tests/common/network.rs"]
mod network;

use libfuzzer_sys::fuzz_target;
use mixwell_pki_types::{
    Descriptor, Ed25519, Replica, ReplicaUpload, Upload,
    build::{DescriptorBuilder, ReplicaBuilder},
};
use network::{EPOCH, Pair};
use rand_chacha::{ChaCha20Rng, rand_core::SeedableRng};
use std::sync::LazyLock;

static PAIR: LazyLock<Pair> = LazyLock::new(|| Pair::new(1));

static DESCRIPTOR: LazyLock<Vec<u8>> = LazyLock::new(|| {
    let identity_key = PAIR.verifying().as_bytes().to_vec();
    let echo = [("endpoint".to_owned(), "+echo".into()), ("cost".to_owned(), 0.5.into())].into();
    let kaetzchen = Some([("echo".to_owned(), echo)].into());
    // short keys, so that most changes hit bytes that the parser distinguishes
    let short = DescriptorBuilder { identity_key, link_key: vec![1; 4], ..network::descriptor(1, "service") };
    DescriptorBuilder { is_service: true, kaetzchen, ..short }.encode()
});

static UPLOAD: LazyLock<Vec<u8>> = LazyLock::new(|| sign(&DESCRIPTOR));

fn sign(descriptor: &[u8]) -> Vec<u8> {
    let mut out = vec![0; descriptor.len() + 400];
    let mut rng = ChaCha20Rng::from_seed([0; 32]);
    let len = Upload::sign(descriptor, None, &PAIR.signing(), &mut rng, &mut out).expect("it fits");
    out.truncate(len);
    out
}

fuzz_target!(|input: (u8, Vec<(u16, u8)>, &[u8])| {
    let (start, changes, rest) = input;
    let mut bytes = match start % 3 {
        0 => Vec::new(),
        1 => DESCRIPTOR.clone(),
        _ => UPLOAD.clone(),
    };
    bytes.extend(rest);
    for (at, change) in changes {
        if let Some(byte) = bytes.get_mut(usize::from(at)) {
            *byte ^= change;
        }
    }
    if let Ok(descriptor) = Descriptor::parse(&bytes) {
        let built = DescriptorBuilder::from(&descriptor);
        let encoded = built.encode();
        let again = Descriptor::parse(&encoded).expect("what is written is read");
        assert_eq!(DescriptorBuilder::from(&again), built);
        assert_eq!(again.check(EPOCH), descriptor.check(EPOCH));
        for capability in descriptor.capabilities() {
            assert_eq!(
                capability.endpoint().is_none(),
                capability.parameters().all(|(name, value)| {
                    name != "endpoint" || !matches!(value.kind(), mixwell_pki_types::cbor::Kind::Text(_))
                })
            );
        }
        // any descriptor can be signed, and the upload verifies if the descriptor names the signing
        // key
        let own = descriptor.identity_key() == PAIR.verifying().as_bytes();
        let upload = sign(&bytes);
        let verified = Upload::parse(&upload).expect("what is written is read").verify(&Ed25519);
        assert_eq!(verified.is_ok(), own);
    }
    if let Ok(upload) = Upload::parse(&bytes)
        && let Ok(verified) = upload.verify(&Ed25519)
        && verified.identity_key() == PAIR.verifying().as_bytes()
    {
        assert_eq!(verified.encoded(), &DESCRIPTOR[..]);
        assert!(upload.loop_stats().is_none());
    }
    if let Ok(replica) = Replica::parse(&bytes) {
        let built = ReplicaBuilder::from(&replica);
        assert_eq!(ReplicaBuilder::from(&Replica::parse(&built.encode()).expect("what is written is read")), built);
    }
    if let Ok(upload) = ReplicaUpload::parse(&bytes) {
        let named = upload.unverified_descriptor().identity_key() == PAIR.verifying().as_bytes();
        assert!(!named || upload.verify(&Ed25519).is_err(), "no replica was signed");
    }
});
