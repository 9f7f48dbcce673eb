//! Reading, verifying and walking a consensus takes nothing from the allocator.
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
    Certificate, Chunk, ConsensusReader, Departure, Epoch, KeyHash, Period, Reveal, Router, SigningKey, Upload,
    certify, shared_random_value,
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

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut out = b"\x1f\x8b\x08\x00\x00\x00\x00\x00\x00\xff".to_vec();
    out.extend(miniz_oxide::deflate::compress_to_vec(bytes, 6));
    out.extend(crc32fast::hash(bytes).to_le_bytes());
    out.extend(u32::try_from(bytes.len()).unwrap().to_le_bytes());
    out
}
