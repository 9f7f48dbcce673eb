//! Measures the operations of a KEM.

use crate::{measure::measure as row, rng::Predictable};
use cortex_m_semihosting::hprintln;
use mixwell_pq_kem::{
    Kem,
    kem::{Ciphertext, KeySource, PrivateKey, SharedSecret},
};

pub(crate) fn measure<K: Kem>() {
    let mut rng = Predictable(2);
    let (mut ciphertext, mut sent, mut got) =
        (Ciphertext::<K>::default(), SharedSecret::default(), SharedSecret::default());

    hprintln!("{} (KEM), an expanded key has {} bytes", K::NAME, size_of::<K::Expanded>());
    let private = row("generate", || PrivateKey::<K>::generate(&mut rng));
    let public = private.public_key().expect("a good key");
    let mut key = K::Expanded::default();
    row("expand", || K::expand_into(KeySource::Private(&private), None, &mut key)).expect("a good key");
    row("encapsulate", || K::encapsulate(&public, &mut rng, &mut ciphertext, &mut sent)).expect("a good key");
    row("decapsulate", || K::decapsulate(&key, &ciphertext, &mut got)).expect("a good ciphertext");
    assert_eq!(sent.as_bytes().as_ref(), got.as_bytes().as_ref());
}
