//! What packets cost beside what their primitives cost, in one run, against the limits that we hold ourselves to.
//!
//! `cargo bench -p mixwell-benches --bench limits`

use aes::Aes256;
use ctr::{
    Ctr128BE,
    cipher::{KeyIvInit, StreamCipher},
};
use hmac::{Hmac, KeyInit, Mac};
use mixwell_aez::Aez;
use mixwell_benches::side_by_side;
use mixwell_pq_kem::{X25519, nike::PrivateKey};
use mixwell_sphinx::{Action, Geometry, Hop, Message, NodeId, Path, RecipientId, Sphinx};
use rand_chacha::{ChaCha20Rng, rand_core::SeedableRng};
use sha2::{Digest, Sha256, Sha512_256};
use std::hint::black_box;

const HOPS: usize = 5;
const USER_PAYLOAD: usize = 2000;

fn main() {
    let geometry = Geometry::of::<X25519>(HOPS, USER_PAYLOAD, true).expect("a geometry");
    let sphinx = Sphinx::<X25519>::new(geometry).expect("its scheme");
    let mut rng = ChaCha20Rng::seed_from_u64(1);
    let mix_keys = [(); HOPS].map(|()| PrivateKey::<X25519>::generate(&mut rng));
    let public_keys = mix_keys.each_ref().map(PrivateKey::public_key);
    let hops: Vec<_> = (0..)
        .zip(&public_keys)
        .map(|(i, public_key)| Hop { id: NodeId([i; 32]), public_key, delay_millis: Some(100) })
        .collect();
    let path = Path { hops: &hops, recipient: RecipientId([9; 32]) };
    let message = Message { surb: None, user_payload: &[7; USER_PAYLOAD] };
    let mut sent = vec![0; geometry.packet_len()];
    sphinx.wrap_message(&path, &message, &mut rng, &mut sent).expect("a path");

    let mut packet = sent.clone();
    let mut unwrap = || {
        packet.copy_from_slice(&sent);
        let action = sphinx.open(&mut packet, &mix_keys[0]).expect("a good packet").finish();
        assert!(matches!(action, Ok(Action::Forward { .. })));
    };
    let mut wrapped = sent.clone();
    let mut wrap = || sphinx.wrap_message(&path, &message, &mut rng, &mut wrapped).expect("a path");

    // the primitives, as they come
    let dh = |n: usize| {
        move || {
            for _ in 0..n {
                black_box(x25519_dalek::x25519(black_box([3; 32]), black_box([9; 32])));
            }
        }
    };
    let mut payload = vec![0; geometry.payload_len()];
    let mut aez = || Aez::new(black_box(&[1; 48])).decrypt(&[2; 16], black_box(&mut payload));
    let mut kdf = || kdf(black_box(&[1; 32]));
    let header = vec![0; geometry.header_len() - 32];
    let mut mac = || {
        let mut mac = Hmac::<Sha256>::new_from_slice(black_box(&[1; 32])).expect("any key");
        mac.update(black_box(&header));
        black_box(mac.finalize().into_bytes());
    };
    let mut routing_info = vec![0; geometry.routing_info_len() + geometry.per_hop_routing_info_len()];
    let mut ctr =
        || Ctr128BE::<Aes256>::new(black_box(&[1; 32]).into(), &[2; 16].into()).apply_keystream(&mut routing_info);
    let mut hash = || {
        black_box(Sha512_256::digest(black_box([1; 32])));
    };

    let [unwrap, two_dh, aez, kdf, mac, ctr, hash, wrap, eight_dh] = side_by_side([
        &mut unwrap,
        &mut dh(2),
        &mut aez,
        &mut kdf,
        &mut mac,
        &mut ctr,
        &mut hash,
        &mut wrap,
        &mut dh(8),
    ]);

    println!("5 hops, {USER_PAYLOAD} bytes for the user, packets of {} bytes", geometry.packet_len());
    let us = |ns: f64| ns / 1000.0;
    println!(
        "two X25519 {:.1} µs, AEZ {:.2} µs, KDF {:.2} µs, MAC {:.2} µs, CTR {:.2} µs, hash {:.2} µs",
        us(two_dh),
        us(aez),
        us(kdf),
        us(mac),
        us(ctr),
        us(hash)
    );
    report("unwrap / its primitives", unwrap, two_dh + aez + kdf + mac + ctr + hash, 1.15);
    report("wrap / eight X25519", wrap, eight_dh, 1.0);
}

fn kdf(secret: &[u8]) {
    let keyed = Hmac::<Sha256>::new_from_slice(secret).expect("any key");
    let mut previous = Vec::new();
    for counter in 1..=5u8 {
        let mut mac = keyed.clone();
        mac.update(&previous);
        mac.update(b"katzenpost-kdf-v0-hkdf-sha256");
        mac.update(&[counter]);
        previous = mac.finalize().into_bytes().to_vec();
    }
    black_box(previous);
}

fn report(what: &str, ns: f64, floor: f64, limit: f64) {
    let ratio = ns / floor;
    let verdict = if ratio <= limit { "holds" } else { "EXCEEDED" };
    println!(
        "{what}: {:.1} µs / {:.1} µs = {ratio:.3}, limit {limit}: {verdict}; {:.0} packets/s",
        ns / 1e3,
        floor / 1e3,
        1e9 / ns
    );
}
