//! Cost of a packet, by scheme and payload: unwrapping at a hop, one packet or eight at once,
//! wrapping, making a SURB, replying through it, reading the reply. Five hops; criterion prints
//! packets per second on one core (`elem/s`).
//!
//! `cargo bench -p mixwell-benches --bench packets`; an argument selects by a part of the name
//! (`unwrap`, `XWING/30000`)
#![allow(missing_docs, clippy::expect_used, reason = "a benchmark")]

use criterion::{BenchmarkGroup, Criterion, Throughput, criterion_group, criterion_main, measurement::WallTime};
use mixwell_pq_kem::{Kem as KemScheme, MlKem768, MlKem768X448, MlKem768X25519, Nike, X448, X25519, XWing, kem, nike};
use mixwell_sphinx::{Geometry, Hop, Kem, Message, NodeId, Opened, Path, RecipientId, Scheme, Sphinx, SurbId};
use rand_chacha::{ChaCha20Rng, rand_core::SeedableRng};
use std::{hint::black_box, time::Duration};

const HOPS: usize = 5;
/// User payload in bytes.
const PAYLOADS: [usize; 3] = [500, 2000, 30_000];

fn packets(criterion: &mut Criterion) {
    for payload in PAYLOADS {
        nike::<X25519>(criterion, payload);
        nike::<X448>(criterion, payload);
        kem::<MlKem768>(criterion, payload);
        kem::<XWing>(criterion, payload);
        kem::<MlKem768X25519>(criterion, payload);
        kem::<MlKem768X448>(criterion, payload);
    }
}

fn nike<N>(criterion: &mut Criterion, payload: usize)
where
    N: Nike + Scheme<PublicKey = nike::PublicKey<N>, PrivateKey = nike::PrivateKey<N>>,
{
    measure::<N>(criterion, N::NAME, payload, |rng| {
        let key = nike::PrivateKey::generate(rng);
        (key.public_key(), key)
    });
}

fn kem<K: KemScheme>(criterion: &mut Criterion, payload: usize) {
    measure::<Kem<K>>(criterion, K::NAME, payload, |rng| {
        let key = kem::PrivateKey::<K>::generate(rng);
        (key.public_key().expect("a fresh key"), key.expand().expect("a fresh key"))
    });
}

fn measure<S: Scheme>(
    criterion: &mut Criterion,
    name: &str,
    payload: usize,
    key_pair: impl Fn(&mut ChaCha20Rng) -> (S::PublicKey, S::PrivateKey),
) {
    let mut rng = ChaCha20Rng::seed_from_u64(1);
    let geometry = Geometry::of::<S>(HOPS, payload, true).expect("a geometry");
    let sphinx = Sphinx::<S>::new(geometry).expect("its scheme");
    let (public_keys, keys): (Vec<_>, Vec<_>) = (0..HOPS).map(|_| key_pair(&mut rng)).unzip();
    let hop = |(i, public_key)| Hop { id: NodeId([i; 32]), public_key, delay_millis: Some(100) };
    let hops: Vec<_> = (0..).zip(&public_keys).map(hop).collect();
    let path = Path { hops: &hops, recipient: RecipientId([9; 32]) };
    let text = vec![7; payload];
    let message = Message { surb: None, user_payload: &text };
    let mut packet = vec![0; geometry.packet_len()];
    sphinx.wrap_message(&path, &message, &mut rng, &mut packet).expect("a valid path");
    let first_key = keys.first().expect("five hops");
    let mut group = group(criterion, name, payload);

    let mut buffer = packet.clone();
    group.bench_function("unwrap", |b| {
        b.iter(|| {
            buffer.copy_from_slice(&packet);
            let action = sphinx.open(black_box(&mut buffer), first_key).expect("a valid packet").finish();
            black_box(action.expect("a valid payload"));
        });
    });
    let mut buffers = [(); 8].map(|()| packet.clone());
    group.throughput(Throughput::Elements(8)).bench_function("unwrap eight at once", |b| {
        b.iter(|| {
            for buffer in &mut buffers {
                buffer.copy_from_slice(&packet);
            }
            let batch = buffers.each_mut().map(|buffer| Some(&mut buffer[..]));
            let opened = sphinx.open_each(black_box(batch), first_key);
            black_box(Opened::finish_each(opened.map(|opened| Some(opened?.expect("a valid packet")))));
        });
    });
    group.throughput(Throughput::Elements(1));
    group.bench_function("wrap", |b| {
        b.iter(|| sphinx.wrap_message(&path, &message, &mut rng, black_box(&mut buffer)).expect("a valid path"));
    });
    let mut surb = vec![0; geometry.surb_len()];
    group.bench_function("make a SURB", |b| {
        b.iter(|| black_box(sphinx.new_surb(&path, SurbId([3; 16]), &mut rng, &mut surb).expect("a valid path")));
    });
    let answer = vec![5; geometry.forward_payload_len()];
    group.bench_function("answer through a SURB", |b| {
        b.iter(|| black_box(sphinx.wrap_reply(&surb, &answer, &mut buffer).expect("a valid SURB")));
    });
    let surb_keys = sphinx.new_surb(&path, SurbId([3; 16]), &mut rng, &mut surb).expect("a valid path");
    let reply = reply(&sphinx, &keys, &surb, &answer);
    let mut buffer = reply.clone();
    group.bench_function("read an answer", |b| {
        b.iter(|| {
            buffer.copy_from_slice(&reply);
            let keys = sphinx.surb_keys(surb_keys.as_bytes()).expect("as it was");
            black_box(keys.open(&mut buffer).expect("its answer"));
        });
    });
    group.finish();
}

/// The payload of a reply as it arrives back through the hops.
fn reply<S: Scheme>(sphinx: &Sphinx<S>, keys: &[S::PrivateKey], surb: &[u8], answer: &[u8]) -> Vec<u8> {
    let mut packet = vec![0; sphinx.geometry().packet_len()];
    sphinx.wrap_reply(surb, answer, &mut packet).expect("a valid SURB");
    for key in keys {
        let _ = sphinx.open(&mut packet, key).expect("a valid packet").finish().expect("a good payload");
    }
    packet.split_off(sphinx.geometry().header_len())
}

fn group<'c>(criterion: &'c mut Criterion, name: &str, payload: usize) -> BenchmarkGroup<'c, WallTime> {
    let mut group = criterion.benchmark_group(format!("{name}/{payload}"));
    group.throughput(Throughput::Elements(1));
    group
}

criterion_group! {
    name = benches;
    config = Criterion::default()
        .sample_size(10)
        .warm_up_time(Duration::from_millis(100))
        .measurement_time(Duration::from_millis(400));
    targets = packets
}
criterion_main!(benches);
