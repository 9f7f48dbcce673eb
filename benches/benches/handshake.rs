//! Handshakes per second, both sides, and what they cost beside the KEM operations in them. The aim is 1.15 times as much;
//! plain ML-KEM-768, the cheapest KEM, does not leave that little room for hashing and AEAD.
//!
//! `cargo bench -p mixwell-benches --bench handshake`
#![allow(clippy::expect_used, clippy::indexing_slicing, clippy::arithmetic_side_effects, reason = "a benchmark")]

use core::hint::black_box;
use mixwell_benches::side_by_side;
use mixwell_pq_kem::{
    Adapter, Kem, MlKem768, MlKem768X448, MlKem768X25519, X448, X25519, XWing,
    kem::{Ciphertext, PrivateKey, SharedSecret},
};
use mixwell_wire::{Ad, Link, LinkKey, Messages, PacketSizes, initiator::Initiator, responder::Responder};
use rand_chacha::{ChaCha20Rng, rand_core::SeedableRng};

fn main() {
    println!("{:<16} {:>14} {:>14} {:>12} {:>6}", "KEM", "handshake, µs", "its KEM, µs", "handshakes/s", "ratio");
    measure::<XWing>();
    measure::<MlKem768X25519>();
    measure::<MlKem768X448>();
    measure::<MlKem768>();
    measure::<Adapter<X25519>>();
    measure::<Adapter<X448>>();
}

fn measure<K: Kem>() {
    let mut rng = ChaCha20Rng::seed_from_u64(1);
    let [client_key, gateway_key] =
        [(); 2].map(|()| LinkKey::<K>::new(&PrivateKey::generate(&mut rng)).expect("a fresh key"));
    let sizes = PacketSizes { packet: 3082, forward_payload: 2574, user_forward_payload: 2000 };
    let mut buffer = vec![0; Messages::<K>::MAX_LEN];
    let mut handshake_rng = rng.clone();
    let mut handshake = || {
        let rng = &mut handshake_rng;
        let client = Initiator::new(&client_key, Ad::client(&[1; 32]), Link::client(sizes));
        let (client, message) = client.write(rng, &mut buffer).expect("message 1");
        let gateway = Responder::new(&gateway_key, Ad::node(&[2; 32]), Link::gateway(sizes));
        let gateway = gateway.read(message).expect("message 1");
        let (gateway, _) = gateway.write(rng, 0, &mut buffer).expect("message 2");
        let client = client.read(&mut buffer[..Messages::<K>::LEN_2]).expect("message 2");
        let (client, _) = client.accept().write(rng, &mut buffer).expect("message 3");
        let gateway = gateway.read(&mut buffer[..Messages::<K>::LEN_3]).expect("message 3");
        let (gateway, _) = gateway.accept().write(rng, &mut buffer).expect("message 4");
        black_box((client.read(&mut buffer[..Messages::<K>::LEN_4]).expect("message 4"), gateway));
    };

    // one ephemeral key pair, three encapsulations, three decapsulations
    let mut kem = || {
        let ephemeral = PrivateKey::<K>::generate(&mut rng);
        let public = K::public_key(&ephemeral).expect("a fresh key");
        let expanded = K::expand(&ephemeral).expect("a fresh key");
        for _ in 0..3 {
            let (mut ciphertext, mut secret) = (Ciphertext::default(), SharedSecret::default());
            K::encapsulate(&public, &mut rng, &mut ciphertext, &mut secret).expect("a good key");
            K::decapsulate(&expanded, black_box(&ciphertext), &mut secret).expect("a good ciphertext");
            black_box(secret);
        }
    };
    let [handshake, kem] = side_by_side([&mut handshake, &mut kem]).map(|nanos| nanos / 1e3);
    println!("{:<16} {handshake:>14.1} {kem:>14.1} {:>12.0} {:>6.2}", K::NAME, 1e6 / handshake, handshake / kem);
}
