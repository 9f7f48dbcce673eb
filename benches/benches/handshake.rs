//! Handshakes per second, both sides, compared with their KEM operations. Fails above 1.15 times
//! those or, where BLAKE2b and ChaChaPoly over the same bytes already take more than that, above
//! 1.05 times the three together.
//!
//! `cargo bench -p mixwell-benches --bench handshake`; arguments are the names of the KEMs to
//! measure
#![allow(clippy::expect_used, clippy::indexing_slicing, clippy::arithmetic_side_effects, reason = "a benchmark")]

use blake2::{Blake2b512, Digest};
use chacha20poly1305::{AeadInOut, ChaCha20Poly1305, KeyInit, aead::inout::InOutBuf};
use core::hint::black_box;
use mixwell_benches::{
    Windows,
    link::{Ends, SIZES},
};
use mixwell_pq_kem::{
    Adapter, ByteArray, Kem, MlKem768, MlKem768X448, MlKem768X25519, X448, X25519, XWing,
    kem::{Ciphertext, KeySource, PublicKey, Seed, SharedSecret},
};
use rand_chacha::{
    ChaCha20Rng,
    rand_core::{Rng, SeedableRng},
};
use std::process::ExitCode;

/// Limit: a handshake against its KEM operations.
const LIMIT: f64 = 1.15;
/// Limit: a handshake against its KEM operations, hashing and encryption.
const WHOLE_LIMIT: f64 = 1.05;

fn main() -> ExitCode {
    println!(
        "both sides of a handshake, µs; the limit is {LIMIT} × its KEM operations, or {WHOLE_LIMIT} × all its primitives\n"
    );
    println!(
        "{:<16} {:>9} {:>9} {:>9} {:>11} {:>6} {:>6} {:>9} {:>13}",
        "KEM", "handshake", "its KEM", "BLAKE2b", "ChaChaPoly", "/ KEM", "/ all", "limit", "handshakes/s"
    );
    let hold = [
        measure::<XWing>(),
        measure::<MlKem768X25519>(),
        measure::<MlKem768X448>(),
        measure::<MlKem768>(),
        measure::<Adapter<X25519>>(),
        measure::<Adapter<X448>>(),
    ];
    if hold.contains(&false) { ExitCode::FAILURE } else { ExitCode::SUCCESS }
}

/// Prints a row and returns whether the limit holds.
fn measure<K: Kem>() -> bool {
    let chosen: Vec<String> = std::env::args().skip(1).filter(|argument| !argument.starts_with('-')).collect();
    if !chosen.is_empty() && !chosen.iter().any(|name| name.eq_ignore_ascii_case(K::NAME)) {
        return true;
    }
    let mut ends = Ends::<K>::new(SIZES);
    let mut handshake = || {
        black_box(ends.handshake());
    };

    let mut rng = ChaCha20Rng::seed_from_u64(1);
    // one ephemeral key pair, wiped after use, three encapsulations, three decapsulations
    let mut kem = || {
        let mut key = K::Expanded::default();
        let (mut seed, mut public) = (Seed::<K>::default(), PublicKey::default());
        rng.fill_bytes(seed.as_bytes_mut().as_mut());
        K::expand_into(KeySource::Seed(&seed), Some(&mut public), &mut key).expect("a fresh key");
        for _ in 0..3 {
            let (mut ciphertext, mut secret) = (Ciphertext::default(), SharedSecret::default());
            K::encapsulate(&public, &mut rng, &mut ciphertext, &mut secret).expect("a valid key");
            K::decapsulate(&key, black_box(&ciphertext), &mut secret).expect("a valid ciphertext");
            black_box(secret);
        }
    };
    let (mut hash, mut encrypt) = (hashing::<K>(), encryption::<K>());
    let windows = Windows::new([&mut handshake, &mut kem, &mut hash, &mut encrypt]);
    let [handshake, kem, hash, encrypt] = windows.minima().map(|nanos| nanos / 1e3);
    let (ratio, whole) = (windows.ratio(0, &[1]), windows.ratio(0, &[1, 2, 3]));
    let holds = ratio <= LIMIT || ratio / whole > LIMIT && whole <= WHOLE_LIMIT;
    let verdict = if holds { "holds" } else { "EXCEEDED" };
    println!(
        "{:<16} {handshake:>9.1} {kem:>9.1} {hash:>9.1} {encrypt:>11.1} {ratio:>6.3} {whole:>6.3} {verdict:>9} {:>13.0}",
        K::NAME,
        1e6 / handshake,
    );
    holds
}

const TAG: usize = 16;
const AUTHENTICATE: usize = 260;

/// The lengths of the encrypted fields of all messages, tags aside.
fn texts<K: Kem>() -> Vec<usize> {
    let (public, ciphertext) = (K::PublicBytes::LEN, K::CiphertextBytes::LEN);
    vec![public, AUTHENTICATE, ciphertext, public, AUTHENTICATE, ciphertext, 0]
}

/// All hashing of both sides and nothing else.
fn hashing<K: Kem>() -> impl FnMut() {
    let (public, ciphertext) = (K::PublicBytes::LEN, K::CiphertextBytes::LEN);
    let mut lengths = vec![1, public, 0, ciphertext, 64, 64];
    lengths.extend(texts::<K>().iter().map(|len| len + TAG));
    let buffer = vec![0; public.max(ciphertext).max(AUTHENTICATE) + TAG];
    move || {
        for _side in 0..2 {
            for len in &lengths {
                black_box(Blake2b512::new_with_prefix(black_box([7; 64])).chain_update(&buffer[..*len]).finalize());
            }
            // two HKDFs of two outputs, 10 blocks each, and two of three, 12 each; padded keys are
            // hashed once
            for _block in 0..2 * 10 + 2 * 12 {
                black_box(Blake2b512::digest(black_box([7; 128])));
            }
        }
    }
}

/// All encryption and decryption of both sides.
fn encryption<K: Kem>() -> impl FnMut() {
    let texts = texts::<K>();
    let mut buffer = vec![0; texts.iter().copied().max().unwrap_or_default()];
    move || {
        for _side in 0..2 {
            for len in &texts {
                let cipher = ChaCha20Poly1305::new(black_box(&[1; 32]).into());
                let text = InOutBuf::from(&mut buffer[..*len]);
                black_box(cipher.encrypt_inout_detached(&[2; 12].into(), &[3; 64], text).expect("a short text"));
            }
        }
    }
}
