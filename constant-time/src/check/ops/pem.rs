//! Private keys as PEM: the key and the characters of the body are secret; the lengths of its lines
//! are public.

use super::Operation;
use crate::memcheck::{SecretRng, assert_secret, secret};
use mixwell_pq_kem::{X25519, XWing, kem, nike, pem};

pub(super) fn all() -> Vec<Operation> {
    vec![
        Operation::new("PEM X25519 private key: encode, decode", || {
            let key = nike::PrivateKey::<X25519>::generate(&mut SecretRng::new(1));
            let again: nike::PrivateKey<X25519> = round_trip(&key);
            assert_secret(again.as_bytes());
        }),
        Operation::new("PEM XWING private key: encode, decode", || {
            let key = kem::PrivateKey::<XWing>::generate(&mut SecretRng::new(1));
            let again: kem::PrivateKey<XWing> = round_trip(&key);
            assert_secret(again.as_bytes().as_ref());
        }),
    ]
}

fn round_trip<K: pem::PemKey>(key: &K) -> K {
    let mut text = vec![0; pem::encoded_len::<K>()];
    pem::encode(key, &mut text).expect("room");
    assert_secret(&text);
    crate::memcheck::public(&mut text[..]);
    let mut text = String::from_utf8(text).expect("ASCII").into_bytes();
    for line in text.split_mut(|byte| *byte == b'\n').filter(|line| !line.starts_with(b"-")) {
        secret(line);
    }
    pem::decode(&text).unwrap_or_else(|error| panic!("{error}"))
}
