//! KEMs: seeds, private keys and random bytes are secret; public keys and ciphertexts are public
//! once generated.

use super::Operation;
use crate::memcheck::{SecretRng, assert_secret, public};
use mixwell_pq_kem::{
    Adapter, Kem, MlKem768, MlKem768X448, MlKem768X25519, X448, X25519, XWing,
    kem::{Ciphertext, PrivateKey, PublicKey, SharedSecret},
};

pub(super) fn all() -> Vec<Operation> {
    [
        of::<Adapter<X25519>>(),
        of::<Adapter<X448>>(),
        of::<MlKem768>(),
        of::<XWing>(),
        of::<MlKem768X25519>(),
        of::<MlKem768X448>(),
    ]
    .into_iter()
    .flatten()
    .collect()
}

fn of<K: Kem>() -> Vec<Operation> {
    let name = |what: &str| format!("KEM {}: {what}", K::NAME);
    vec![
        Operation::new(name("generate"), || {
            let private = PrivateKey::<K>::generate(&mut SecretRng::new(1));
            assert_secret(private.as_bytes().as_ref());
            assert_secret(private.public_key().expect("a good key").as_bytes().as_ref());
        }),
        Operation::new(name("encapsulate"), || {
            let (_, ciphertext, secret) = encapsulated::<K>();
            assert_secret(secret.as_bytes().as_ref());
            assert_secret(ciphertext.as_bytes().as_ref());
        }),
        Operation::new(name("decapsulate"), || decapsulate::<K>(0)),
        Operation::new(name("decapsulate what was tampered with"), || decapsulate::<K>(1)),
    ]
}

/// The whole content of an expanded key depends on secrets, since its seed does.
fn decapsulate<K: Kem>(flip: u8) {
    let (private, mut ciphertext, _) = encapsulated::<K>();
    public(ciphertext.as_bytes_mut());
    ciphertext.as_bytes_mut().as_mut()[0] ^= flip;
    let key = private.expand().expect("a good key");
    let mut secret = SharedSecret::<K>::default();
    K::decapsulate(&key, &ciphertext, &mut secret).expect("a good ciphertext");
    assert_secret(secret.as_bytes().as_ref());
}

fn encapsulated<K: Kem>() -> (PrivateKey<K>, Ciphertext<K>, SharedSecret<K>) {
    let private = PrivateKey::<K>::generate(&mut SecretRng::new(1));
    let mut public_key: PublicKey<K> = private.public_key().expect("a good key");
    public(public_key.as_bytes_mut());
    let (mut ciphertext, mut secret) = (Ciphertext::default(), SharedSecret::default());
    K::encapsulate(&public_key, &mut SecretRng::new(2), &mut ciphertext, &mut secret).expect("a good key");
    (private, ciphertext, secret)
}
