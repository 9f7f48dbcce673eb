//! Runs one hot path a given number of times; `benches/instructions` counts its instructions under
//! valgrind.
//!
//! `instructions` lists the paths; `instructions NAME TIMES` runs one.
#![allow(clippy::expect_used, clippy::indexing_slicing, reason = "a measurement")]

#[allow(dead_code, unreachable_pub, reason = "shared with the tests of the crate")]
#[path = "../../pki-types/tests/common/network.rs"]
mod network;

use core::hint::black_box;
use mixwell_aez::{Aez, Backend};
use mixwell_benches::link::{Ends, SIZES};
use mixwell_mixdelay::{Instant, Limits, Rate, ServerQueue};
use mixwell_pki_types::Certificate;
use mixwell_pq_kem::{Kem as KemScheme, MlKem768, Nike, X25519, X25519Backend, XWing, hazmat::limit_x25519, kem, nike};
use mixwell_sphinx::{Geometry, Hop, Kem, Message, NodeId, Path, RecipientId, Scheme, Sphinx, SurbId};
use mixwell_wire::Command;
use rand_chacha::{ChaCha20Rng, rand_core::SeedableRng};

const HOPS: usize = 5;

/// A hot path by name, and the function that runs it a number of times.
type HotPath = (&'static str, fn(u32));

const ALL: &[HotPath] = &[
    ("unwrap x25519 2000 bytes", |times| unwrap::<X25519>(2000, nike_pair, times)),
    ("unwrap x25519 30000 bytes", |times| unwrap::<X25519>(30_000, nike_pair, times)),
    ("unwrap MLKEM768 2000 bytes", |times| unwrap::<Kem<MlKem768>>(2000, kem_pair, times)),
    ("unwrap XWING 2000 bytes", |times| unwrap::<Kem<XWing>>(2000, kem_pair, times)),
    ("wrap x25519 2000 bytes", wrap),
    ("new_surb x25519", new_surb),
    ("AEZ 2048 bytes portable", |times| aez(Backend::Portable, times)),
    ("AEZ 2048 bytes AES-NI", |times| aez(Backend::AesNi, times)),
    ("exchange x25519 portable", |times| exchange::<1>(X25519Backend::Portable, times)),
    ("four exchanges x25519 AVX2", |times| exchange::<4>(X25519Backend::Avx2, times)),
    ("public key x25519", public_key),
    ("decapsulate MLKEM768", decapsulate::<MlKem768>),
    ("decapsulate XWING", decapsulate::<XWing>),
    ("handshake XWING, both sides", handshake),
    ("seal and open send_packet", command),
    ("verify and read a consensus of 100 nodes", consensus),
    ("insert and release, 1000 held", queue),
    ("draw a hop's delay", delay),
];

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [name, times] = arguments.as_slice() else {
        return ALL.iter().for_each(|(name, _)| println!("{name}"));
    };
    let (_, run) = ALL.iter().find(|(known, _)| known == name).expect("a known name");
    run(times.parse().expect("a number of times"));
}

fn repeat(times: u32, mut operation: impl FnMut()) {
    (0..times).for_each(|_| operation());
}

fn rng() -> ChaCha20Rng {
    ChaCha20Rng::seed_from_u64(1)
}

fn nike_pair(rng: &mut ChaCha20Rng) -> (nike::PublicKey<X25519>, nike::PrivateKey<X25519>) {
    let key = nike::PrivateKey::generate(rng);
    (key.public_key(), key)
}

fn kem_pair<K: KemScheme>(rng: &mut ChaCha20Rng) -> (kem::PublicKey<K>, K::Expanded) {
    let key = kem::PrivateKey::<K>::generate(rng);
    (key.public_key().expect("a good key"), key.expand().expect("a good key"))
}

/// Calls `work` with a path to five hops.
fn on_path<S: Scheme>(keys: &[S::PublicKey], work: impl FnOnce(&Path<'_, S>)) {
    let hop = |(i, public_key)| Hop { id: NodeId([i; 32]), public_key, delay_millis: Some(100) };
    let hops: Vec<_> = (0..).zip(keys).map(hop).collect();
    work(&Path { hops: &hops, recipient: RecipientId([9; 32]) });
}

fn unwrap<S: Scheme>(user: usize, pair: fn(&mut ChaCha20Rng) -> (S::PublicKey, S::PrivateKey), times: u32) {
    let mut rng = rng();
    let (public, private): (Vec<_>, Vec<_>) = (0..HOPS).map(|_| pair(&mut rng)).unzip();
    let sphinx = Sphinx::<S>::new(Geometry::of::<S>(HOPS, user, true).expect("a geometry")).expect("its scheme");
    let mut packet = vec![0; sphinx.geometry().packet_len()];
    let message = Message { surb: None, user_payload: b"hello" };
    on_path(&public, |path| sphinx.wrap_message(path, &message, &mut rng, &mut packet).expect("a good path"));
    let mut buffer = packet.clone();
    repeat(times, || {
        buffer.copy_from_slice(&packet);
        black_box(sphinx.open(&mut buffer, &private[0]).expect("a good packet").finish().expect("a good payload"));
    });
}

fn x25519() -> (Sphinx<X25519>, Vec<nike::PublicKey<X25519>>, ChaCha20Rng) {
    let mut rng = rng();
    let keys = (0..HOPS).map(|_| nike_pair(&mut rng).0).collect();
    let geometry = Geometry::of::<X25519>(HOPS, 2000, true).expect("a geometry");
    (Sphinx::new(geometry).expect("its scheme"), keys, rng)
}

fn wrap(times: u32) {
    let (sphinx, keys, mut rng) = x25519();
    let mut packet = vec![0; sphinx.geometry().packet_len()];
    let message = Message { surb: None, user_payload: &[7; 2000] };
    on_path(&keys, |path| {
        repeat(times, || sphinx.wrap_message(path, &message, &mut rng, &mut packet).expect("a good path"));
    });
}

fn new_surb(times: u32) {
    let (sphinx, keys, mut rng) = x25519();
    let mut surb = vec![0; sphinx.geometry().surb_len()];
    on_path(&keys, |path| {
        repeat(times, || {
            black_box(sphinx.new_surb(path, SurbId([1; 16]), &mut rng, &mut surb).expect("a good path"));
        });
    });
}

fn aez(backend: Backend, times: u32) {
    let mut message = vec![1; 2048];
    repeat(times, || {
        let aez = Aez::with_backend(black_box(&[7; 48]), backend).expect("an available backend");
        aez.encrypt(&[9; 16], &mut message);
    });
}

/// A full batch of exchanges, by a back end that valgrind supports.
fn exchange<const N: usize>(backend: X25519Backend, times: u32) {
    limit_x25519(&[backend]);
    assert_eq!(X25519Backend::available().next(), Some(backend), "the back end");
    let (public, private) = nike_pair(&mut rng());
    repeat(times, || _ = black_box(X25519::exchange_each([Some((black_box(&private), &public)); N])));
}

fn public_key(times: u32) {
    let (_, private) = nike_pair(&mut rng());
    repeat(times, || _ = black_box(black_box(&private).public_key()));
}

fn decapsulate<K: KemScheme>(times: u32) {
    let mut rng = rng();
    let (public, key) = kem_pair::<K>(&mut rng);
    let (mut ciphertext, mut secret) = (kem::Ciphertext::default(), kem::SharedSecret::default());
    K::encapsulate(&public, &mut rng, &mut ciphertext, &mut secret).expect("a good key");
    repeat(times, || K::decapsulate(&key, black_box(&ciphertext), &mut secret).expect("a good ciphertext"));
}

fn handshake(times: u32) {
    let mut ends = Ends::<XWing>::new(SIZES);
    repeat(times, || _ = black_box(ends.sessions()));
}

fn command(times: u32) {
    let [mut client, mut gateway] = Ends::<XWing>::new(SIZES).sessions();
    let packet = vec![7; 3082];
    let command = Command::SendPacket(&packet);
    let mut buffer = vec![0; client.sender.frame_len(&command).expect("a command of this end")];
    repeat(times, || {
        client.sender.seal(&command, &mut buffer).expect("a command of this end");
        let (header, body) = buffer.split_first_chunk_mut().expect("a header and a body");
        black_box(gateway.receiver.open_length(header).expect("a good length").open(body).expect("a good command"));
    });
}

fn consensus(times: u32) {
    let pairs = [1, 2, 3].map(network::Pair::new);
    let keys = [0, 1, 2].map(|n: usize| pairs[n].verifying());
    let bytes = network::certificate(&network::document(100).encode(), &pairs);
    repeat(times, || {
        let certificate = Certificate::parse(black_box(&bytes)).expect("a certificate");
        let verified = certificate.verify_threshold(&keys, 2, network::EPOCH).expect("all signed");
        black_box(verified.document().expect("a document"));
    });
}

/// A mean delay of one second; every millisecond one packet arrives and all due packets leave.
fn queue(times: u32) {
    let mut queue = ServerQueue::new(Limits::for_epoch_millis(20 * 60 * 1000), 10_000);
    let (mut rng, rate) = (rng(), Rate::per_milli(0.001).expect("a rate"));
    let mut now = 0;
    let mut step = || {
        now += 1;
        let at = Instant::from_millis(now);
        let delay = rate.hop_delay_millis(&mut rng);
        assert!(queue.insert(at, at, delay, now, &mut rng).is_none(), "room in the queue");
        while black_box(queue.poll(at, &mut rng)).is_some() {}
    };
    repeat(5000, &mut step);
    repeat(times, step);
}

fn delay(times: u32) {
    let (mut rng, rate) = (rng(), Rate::per_milli(0.001).expect("a rate"));
    repeat(times, || _ = black_box(rate.hop_delay_millis(&mut rng)));
}
