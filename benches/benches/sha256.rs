//! The cost of SHA-256's parts of a packet: the keys of a hop and the MAC over a header, alone and
//! several at once.
//!
//! `cargo bench -p mixwell-benches --bench sha256`; it fails if a back end for several messages
//! exceeds its limit. With `RUSTFLAGS='--cfg sha2_256_backend="soft"'`, single messages do without
//! the processor's SHA instructions.
#![allow(clippy::unwrap_used, reason = "a benchmark")]

use hmac::{Hmac, KeyInit, Mac};
use mixwell_benches::side_by_side;
use mixwell_pq_kem::{MlKem768, X25519};
use mixwell_sha256::{Backend, hkdf_expand_each_by, hmac_each_by};
use mixwell_sphinx::{Geometry, Kem, Scheme};
use sha2::Sha256;
use std::{hint::black_box, process::ExitCode};

const INFO: &[u8] = b"katzenpost-kdf-v0-hkdf-sha256";

fn main() -> ExitCode {
    println!("the keys of a hop and the MAC over a header, µs a packet; the least of many samples, taken in turns\n");
    let holds = [measure::<X25519>("x25519", 4.0), measure::<Kem<MlKem768>>("MLKEM768", 16.0)];
    if holds.contains(&false) { ExitCode::FAILURE } else { ExitCode::SUCCESS }
}

/// Whether the back ends for several messages stay within `limit` µs per packet.
fn measure<S: Scheme>(name: &str, limit: f64) -> bool {
    let geometry = Geometry::of::<S>(5, 2000, true).unwrap();
    let header = vec![7; geometry.header_len() - 32];
    println!("{name}, {} bytes of header:", header.len());
    let mut by_crates = || {
        keys_by_crate(black_box(&[1; 32]));
        let mut mac = Hmac::<Sha256>::new_from_slice(black_box(&[1; 32])).unwrap();
        mac.update(black_box(&header));
        black_box(mac.finalize().into_bytes());
    };
    let [crates] = side_by_side([&mut by_crates]);
    println!("  the crates `hmac` and `sha2`: {:.2}", crates / 1e3);
    let mut holds = true;
    for backend in Backend::available() {
        let lanes = backend.lanes();
        let mut ours = || by(backend, &header);
        let [nanos] = side_by_side([&mut ours]);
        let micros = nanos / 1e3 / f64::from(u8::try_from(lanes).unwrap());
        let verdict = match lanes {
            1 => "",
            _ if micros <= limit => ", holds",
            _ => ", EXCEEDED",
        };
        holds &= verdict != ", EXCEEDED";
        println!("  {backend:?}, {lanes} at once: {micros:.2}{verdict}");
    }
    holds
}

fn by(backend: Backend, header: &[u8]) {
    let (keys, headers) = ([&[1; 32][..]; 16], [[header]; 16]);
    let (mut expanded, mut tags) = ([[[0; 32]; 5]; 16], [[0; 32]; 16]);
    let keys = &black_box(keys)[..backend.lanes()];
    assert!(hkdf_expand_each_by(Some(backend), keys, INFO, &mut expanded));
    assert!(hmac_each_by(Some(backend), keys, black_box(&headers), &mut tags));
    black_box((expanded, tags));
}

fn keys_by_crate(secret: &[u8]) {
    let keyed = Hmac::<Sha256>::new_from_slice(secret).unwrap();
    let mut previous = [0; 32];
    for counter in 1..=5_u8 {
        let mut mac = keyed.clone();
        mac.update(if counter == 1 { &[] } else { &previous });
        mac.update(INFO);
        mac.update(&[counter]);
        previous = mac.finalize().into_bytes().into();
    }
    black_box(previous);
}
