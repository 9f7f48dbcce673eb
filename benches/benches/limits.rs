//! The cost of packets compared with that of their primitives in the same run. Fails if a limit is
//! exceeded.
//!
//! `cargo bench -p mixwell-benches --bench limits`

use aes::Aes256;
use ctr::{
    Ctr128BE,
    cipher::{KeyIvInit, StreamCipher},
};
use hmac::{Hmac, KeyInit, Mac};
use mixwell_aez::{Aez, Backend};
use mixwell_benches::{Windows, side_by_side};
use mixwell_pq_kem::{
    Adapter, Kem as KemScheme, MlKem768, MlKem768X448, MlKem768X25519, X448, X25519, X25519Backend, XWing,
    hazmat::limit_x25519, kem, nike::PrivateKey,
};
use mixwell_sphinx::{Action, Geometry, Hop, Kem, Message, NodeId, Opened, Path, RecipientId, Scheme, Sphinx};
use rand_chacha::{ChaCha20Rng, rand_core::SeedableRng};
use sha2::{Digest, Sha256, Sha512_256};
use std::{
    hint::black_box,
    mem::swap,
    process::ExitCode,
    sync::atomic::{AtomicUsize, Ordering::Relaxed},
};

const HOPS: usize = 5;
const USER_PAYLOAD: usize = 2000;

/// Limits: unwrapping less its symmetric parts against one X25519 of x25519-dalek, by the back end
/// that a single packet's exchange and blinding have.
const X25519_UNWRAP_LIMITS: [(X25519Backend, f64); 2] = [(X25519Backend::Adx, 0.90), (X25519Backend::Portable, 1.3)];
/// Limit: wrapping against one X25519 of x25519-dalek, by the best back end.
const X25519_WRAP_LIMIT: f64 = 3.9;
/// Limit: unwrapping against decapsulation and the symmetric parts.
const KEM_UNWRAP_LIMIT: f64 = 1.15;
/// Limits: AEZ with AES instructions against the C crate, and with VAES in 512-bit registers and a
/// key for each message. (Under one key the C crate expands it beforehand; the last limit allows
/// for that and for variation between runs.)
const AEZ_LIMIT: f64 = 1.0;
const VAES_LIMIT: f64 = 0.5;
const ONE_KEY_LIMIT: f64 = 1.02;

fn main() -> ExitCode {
    println!(
        "{HOPS} hops, {USER_PAYLOAD} bytes of user payload; minimum of at least 60 samples each, taken in turns\n"
    );
    // 2 KiB, 30 KiB, and the payload of the packets below
    for len in [2048, 2606, 30 << 10] {
        Backend::available().filter(|backend| *backend != Backend::Portable).for_each(|backend| aez(backend, len));
    }
    for (backend, limit) in X25519_UNWRAP_LIMITS {
        if X25519Backend::available().any(|available| available == backend) {
            nike(backend, limit);
        } else {
            println!("x25519 by {backend:?}: not measured, this processor or build does not have it");
        }
    }
    kem::<Adapter<X25519>>();
    kem::<Adapter<X448>>();
    kem::<MlKem768>();
    kem::<XWing>();
    kem::<MlKem768X25519>();
    kem::<MlKem768X448>();
    match EXCEEDED.load(Relaxed) {
        0 => ExitCode::SUCCESS,
        exceeded => {
            eprintln!("\n{exceeded} of the limits exceeded");
            ExitCode::FAILURE
        }
    }
}

fn nike(backend: X25519Backend, limit: f64) {
    let all: Vec<_> = X25519Backend::available().collect();
    let is_best = all.iter().find(|backend| backend.lanes() == 1) == Some(&backend);
    if !is_best {
        limit_x25519(&[backend]);
    }
    let network = Network::<X25519>::new(|rng| {
        let key = PrivateKey::generate(rng);
        (key.public_key(), key)
    });
    let path = network.hops();
    let (mut rng, mut packet) = (rng(), network.packet.clone());
    let mut wrap = || network.wrap(&path, &mut rng, &mut packet);
    let mut unwrap = network.unwrap();
    let mut symmetric = symmetric(&network.geometry);
    let mut eight = network.unwrap_eight();
    let [wrap, unwrap, eight, symmetric, x25519] =
        Windows::new([&mut wrap, &mut unwrap, &mut eight, &mut symmetric, &mut dh]).minima();
    println!(
        "one X25519 of x25519-dalek: {:.1} µs; symmetric parts of an unwrap: {:.1} µs",
        x25519 / 1e3,
        symmetric / 1e3
    );
    let ratio = (unwrap - symmetric) / x25519;
    println!(
        "x25519 unwrap by {backend:?}: {:.1} µs = {ratio:.3} × one X25519 + symmetric parts, limit {limit}: {}; \
         {:.0} packets/s on a core",
        unwrap / 1e3,
        verdict(ratio, limit),
        1e9 / unwrap
    );
    if !is_best {
        limit_x25519(&all);
        return;
    }
    let each = eight / 8.0;
    println!(
        "x25519 unwrap, eight at once: {:.1} µs each = {:.3} × one alone; {:.0} packets/s on a core",
        each / 1e3,
        each / unwrap,
        1e9 / each
    );
    report("x25519 wrap", wrap, "one X25519", x25519, X25519_WRAP_LIMIT);
}

fn kem<K: KemScheme>() {
    let network = Network::<Kem<K>>::new(|rng| {
        let key = kem::PrivateKey::<K>::generate(rng);
        (key.public_key().expect("a valid key"), key.expand().expect("a good key"))
    });
    let mut unwrap = network.unwrap();
    let mut symmetric = symmetric(&network.geometry);
    let (mut ciphertext, mut secret) = (kem::Ciphertext::default(), kem::SharedSecret::default());
    K::encapsulate(&network.public_keys[0], &mut rng(), &mut ciphertext, &mut secret).expect("a valid key");
    let mut decapsulate = || {
        let mut secret = kem::SharedSecret::<K>::default();
        K::decapsulate(black_box(&network.private_keys[0]), black_box(&ciphertext), &mut secret)
            .expect("a valid ciphertext");
        black_box(secret.as_bytes());
    };
    let [unwrap, symmetric, decapsulate] = side_by_side([&mut unwrap, &mut symmetric, &mut decapsulate]);
    let what = format!("{} (KEM) unwrap", K::NAME);
    report(&what, unwrap, "decapsulation + symmetric parts", decapsulate + symmetric, KEM_UNWRAP_LIMIT);
}

/// Each message is the output of the last one, so that no two overlap in the processor.
fn aez(backend: Backend, len: usize) {
    const KEY: [u8; 48] = [7; 48];
    const NONCE: [u8; 16] = [9; 16];
    let (mut message, mut theirs, mut out) = (vec![1; len], vec![1; len], vec![0; len]);
    let (mut message2, mut theirs2, mut out2) = (message.clone(), theirs.clone(), out.clone());
    let (aez, c) = (Aez::with_backend(&KEY, backend).expect("an available backend"), aez::Aez::new(&KEY));
    let mut ours_one_key = || aez.encrypt(black_box(&NONCE), &mut message);
    let mut c_one_key = || {
        c.encrypt(black_box(&NONCE), None, &theirs, &mut out);
        swap(&mut theirs, &mut out);
    };
    let mut ours_key_each =
        || Aez::with_backend(black_box(&KEY), backend).expect("an available backend").encrypt(&NONCE, &mut message2);
    let mut c_key_each = || {
        aez::Aez::new(black_box(&KEY)).encrypt(&NONCE, None, &theirs2, &mut out2);
        swap(&mut theirs2, &mut out2);
    };
    let [ours, theirs, ours_each, theirs_each] =
        side_by_side([&mut ours_one_key, &mut c_one_key, &mut ours_key_each, &mut c_key_each]);
    let limit = if backend == Backend::Vaes512 { VAES_LIMIT } else { AEZ_LIMIT };
    println!(
        "AEZ of {len} bytes with {backend:?}, a key for each message: {ours_each:.0} ns = {:.3} × (the C crate: \
         {theirs_each:.0} ns), limit {limit}: {}; under one key {ours:.0} ns = {:.3} × {theirs:.0} ns, limit {ONE_KEY_LIMIT}: {}",
        ours_each / theirs_each,
        verdict(ours_each / theirs_each, limit),
        ours / theirs,
        verdict(ours / theirs, ONE_KEY_LIMIT)
    );
}

/// Number of limits exceeded.
static EXCEEDED: AtomicUsize = AtomicUsize::new(0);

fn verdict(ratio: f64, limit: f64) -> &'static str {
    if ratio <= limit {
        return "holds";
    }
    EXCEEDED.fetch_add(1, Relaxed);
    "EXCEEDED"
}

fn report(what: &str, ns: f64, floor_of: &str, floor: f64, limit: f64) {
    let ratio = ns / floor;
    let verdict = verdict(ratio, limit);
    println!(
        "{what}: {:.1} µs = {ratio:.3} × ({floor_of}: {:.1} µs), limit {limit}: {verdict}; {:.0} packets/s on a core",
        ns / 1e3,
        floor / 1e3,
        1e9 / ns
    );
}

/// The keys of a path, and a packet for it.
struct Network<S: Scheme> {
    geometry: Geometry,
    sphinx: Sphinx<S>,
    public_keys: Vec<S::PublicKey>,
    private_keys: Vec<S::PrivateKey>,
    packet: Vec<u8>,
}

impl<S: Scheme> Network<S> {
    fn new(key_pair: impl Fn(&mut ChaCha20Rng) -> (S::PublicKey, S::PrivateKey)) -> Self {
        let geometry = Geometry::of::<S>(HOPS, USER_PAYLOAD, true).expect("a geometry");
        let mut rng = rng();
        let (public_keys, private_keys) = (0..HOPS).map(|_| key_pair(&mut rng)).unzip();
        let sphinx = Sphinx::new(geometry).expect("its scheme");
        let mut network = Self { geometry, sphinx, public_keys, private_keys, packet: vec![] };
        let mut packet = vec![0; geometry.packet_len()];
        network.wrap(&network.hops(), &mut rng, &mut packet);
        network.packet = packet;
        network
    }

    fn hops(&self) -> Vec<Hop<'_, S>> {
        let hop = |(i, public_key)| Hop { id: NodeId([i; 32]), public_key, delay_millis: Some(100) };
        (0..).zip(&self.public_keys).map(hop).collect()
    }

    fn wrap(&self, hops: &[Hop<'_, S>], rng: &mut ChaCha20Rng, packet: &mut [u8]) {
        let path = Path { hops, recipient: RecipientId([9; 32]) };
        let message = Message { surb: None, user_payload: &[7; USER_PAYLOAD] };
        self.sphinx.wrap_message(&path, &message, rng, packet).expect("a valid path");
    }

    /// Unwraps a packet as a forwarding hop does.
    fn unwrap(&self) -> impl FnMut() {
        let mut packet = self.packet.clone();
        move || {
            packet.copy_from_slice(&self.packet);
            let action = self.sphinx.open(&mut packet, &self.private_keys[0]).expect("a valid packet").finish();
            assert!(matches!(action, Ok(Action::Forward { .. })));
        }
    }
}

impl Network<X25519> {
    /// Unwraps eight packets at once.
    fn unwrap_eight(&self) -> impl FnMut() {
        let mut packets = [(); 8].map(|()| self.packet.clone());
        move || {
            for packet in &mut packets {
                packet.copy_from_slice(&self.packet);
            }
            let batch = packets.each_mut().map(|packet| Some(&mut packet[..]));
            let opened = self.sphinx.open_each(batch, &self.private_keys[0]);
            let actions = Opened::finish_each(opened.map(|opened| Some(opened?.expect("a valid packet"))));
            assert!(actions.iter().all(|action| matches!(action, Some(Ok(Action::Forward { .. })))));
        }
    }
}

fn rng() -> ChaCha20Rng {
    ChaCha20Rng::seed_from_u64(1)
}

fn dh() {
    black_box(x25519_dalek::x25519(black_box([3; 32]), black_box([9; 32])));
}

/// The symmetric parts of an unwrap: one AEZ pass, KDF, MAC, CTR and hash of its lengths.
fn symmetric(geometry: &Geometry) -> impl FnMut() {
    let mut payload = vec![0; geometry.payload_len()];
    let header = vec![0; geometry.header_len() - 32];
    let mut routing_info = vec![0; geometry.routing_info_len() + geometry.per_hop_routing_info_len()];
    let element = vec![1; geometry.scheme().element_len()];
    move || {
        Aez::new(black_box(&[1; 48])).decrypt(&[2; 16], black_box(&mut payload));
        kdf(black_box(&[1; 32]));
        let mut mac = Hmac::<Sha256>::new_from_slice(black_box(&[1; 32])).expect("any key");
        mac.update(black_box(&header));
        black_box(mac.finalize().into_bytes());
        Ctr128BE::<Aes256>::new(black_box(&[1; 32]).into(), &[2; 16].into()).apply_keystream(&mut routing_info);
        black_box(Sha512_256::digest(black_box(&element)));
    }
}

fn kdf(secret: &[u8]) {
    let keyed = Hmac::<Sha256>::new_from_slice(secret).expect("any key");
    let mut previous = [0; 32];
    for counter in 1..=5u8 {
        let mut mac = keyed.clone();
        mac.update(if counter == 1 { &[] } else { &previous });
        mac.update(b"katzenpost-kdf-v0-hkdf-sha256");
        mac.update(&[counter]);
        previous = mac.finalize().into_bytes().into();
    }
    black_box(previous);
}
