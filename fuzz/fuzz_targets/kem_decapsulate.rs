//! Ciphertexts from outside, for every KEM: an honest one gives its secret, any other an error or a
//! different secret, and the same one each time.
#![no_main]

use libfuzzer_sys::fuzz_target;
use mixwell_pq_kem::{
    Adapter, ByteArray, Kem, MlKem768, MlKem768X448, MlKem768X25519, X448, X25519, XWing,
    kem::{Ciphertext, PrivateKey, SharedSecret},
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
    let private = PrivateKey::<K>::generate(&mut rng);
    let public = private.public_key().expect("a key from a seed is good");
    let key = private.expand().expect("a key from a seed is good");
    let (mut honest, mut secret) = (Ciphertext::<K>::default(), SharedSecret::<K>::default());
    K::encapsulate(&public, &mut rng, &mut honest, &mut secret).expect("a key from a seed is good");
    let decapsulate = |ciphertext: &Ciphertext<K>| {
        let mut secret = SharedSecret::<K>::default();
        K::decapsulate(&key, ciphertext, &mut secret).map(|()| *secret.as_bytes())
    };
    assert_eq!(decapsulate(&honest), Ok(*secret.as_bytes()));

    // a ciphertext of these bytes alone, or the honest one with these bytes flipped
    let mut other = if from_scratch { Ciphertext::default() } else { honest.clone() };
    for (byte, change) in other.as_bytes_mut().as_mut().iter_mut().zip(bytes) {
        *byte ^= change;
    }
    let result = decapsulate(&other);
    assert_eq!(result, decapsulate(&other));
    assert_eq!(result == Ok(*secret.as_bytes()), other == honest, "{}", K::NAME);
    assert_ne!(result, Ok(K::SecretBytes::ZERO));
}
