//! Keys from outside, binary and PEM: a key that parses is encoded identically, and a key that
//! expands works.
#![no_main]

use libfuzzer_sys::fuzz_target;
use mixwell_pq_kem::{
    Adapter, ByteArray, Kem, MlKem768, MlKem768X448, MlKem768X25519, X448, X25519, XWing,
    kem::{Ciphertext, PrivateKey, PublicKey, SharedSecret},
    pem::{self, PemKey},
};
use rand_chacha::{ChaCha8Rng, rand_core::SeedableRng};

fuzz_target!(|input: (u8, u64, bool, &[u8])| {
    let (scheme, seed, from_scratch, bytes) = input;
    match scheme % 6 {
        0 => check::<Adapter<X25519>>(seed, from_scratch, bytes),
        1 => check::<Adapter<X448>>(seed, from_scratch, bytes),
        2 => check::<MlKem768>(seed, from_scratch, bytes),
        3 => check::<XWing>(seed, from_scratch, bytes),
        4 => check::<MlKem768X25519>(seed, from_scratch, bytes),
        _ => check::<MlKem768X448>(seed, from_scratch, bytes),
    }
});

fn check<K: Kem>(seed: u64, from_scratch: bool, bytes: &[u8]) {
    let mut rng = ChaCha8Rng::seed_from_u64(seed);
    let mut private = PrivateKey::<K>::generate(&mut rng);
    let mut public = private.public_key().expect("a key from a seed is good");
    read_pem(&public, bytes);
    read_pem(&private, bytes);

    if from_scratch {
        private = PrivateKey::default();
        public = PublicKey::default();
    }
    for (byte, change) in private.as_bytes_mut().as_mut().iter_mut().zip(bytes) {
        *byte ^= change;
    }
    for (byte, change) in public.as_bytes_mut().as_mut().iter_mut().zip(bytes) {
        *byte ^= change;
    }

    let (mut ciphertext, mut secret) = (Ciphertext::<K>::default(), SharedSecret::<K>::default());
    let _ = K::encapsulate(&public, &mut rng, &mut ciphertext, &mut secret);

    // an accepted private key is consistent: a secret encapsulated to its public key arrives
    let expanded = private.expand();
    assert_eq!(expanded.is_ok(), private.public_key().is_ok());
    let (Ok(key), Ok(public)) = (expanded, private.public_key()) else { return };
    K::encapsulate(&public, &mut rng, &mut ciphertext, &mut secret).expect("its public key is good");
    let mut same = SharedSecret::<K>::default();
    K::decapsulate(&key, &ciphertext, &mut same).expect("the ciphertext is honest");
    assert_eq!(secret.as_bytes(), same.as_bytes());
}

/// Encodes a key, flips some of its text, and parses it: either an error, or the text of the key
/// that was parsed.
fn read_pem<P: PemKey>(key: &P, changes: &[u8]) {
    let mut text = [0; 2500];
    let len = pem::encode(key, &mut text).expect("the buffer is large").len();
    let text = &mut text[..len];
    for change in changes.chunks_exact(3).take(4) {
        text[usize::from(u16::from_le_bytes([change[0], change[1]])) % len] ^= change[2];
    }
    if let Ok(read) = pem::decode::<P>(text) {
        let mut again = [0; 2500];
        let again = pem::encode(&read, &mut again).expect("the buffer is large");
        assert_eq!(again.as_bytes(), text);
        assert_eq!(P::Bytes::LEN, read.to_pem_bytes().as_ref().len());
    }
}
