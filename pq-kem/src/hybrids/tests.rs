//! A combination of three KEMs, two of which need padding.

#![allow(clippy::unwrap_used, reason = "a test")]

use crate::{
    Adapter, Kem, MlKem768, X448, X25519,
    kem::{Ciphertext, DecapsulateError, KeyError, KeySource, PrivateKey, PublicKey, Seed, SharedSecret},
};
use rand_chacha::{ChaCha20Rng, rand_core::SeedableRng};

combine! {
    /// Components of three lengths, the longest in the middle.
    struct Three(ThreeKey) = "three": x25519: Adapter<X25519>, ml_kem: MlKem768, x448: Adapter<X448>
}

fn decapsulate(key: &ThreeKey, ciphertext: &Ciphertext<Three>) -> Result<[u8; 32], DecapsulateError> {
    let mut secret = SharedSecret::default();
    Three::decapsulate(key, ciphertext, &mut secret).map(|()| *secret.as_bytes())
}

#[test]
fn three_components() {
    let mut rng = ChaCha20Rng::seed_from_u64(1);
    let seed = Seed::<Three>::from_bytes([5; 128]);
    let private = Three::from_seed(&seed);
    let public = private.public_key().unwrap();
    assert_eq!(seed.public_key().as_ref(), Ok(&public));
    let (mut ciphertext, mut secret) = (Ciphertext::default(), SharedSecret::default());
    Three::encapsulate(&public, &mut rng, &mut ciphertext, &mut secret).unwrap();

    for source in [KeySource::Seed(&seed), KeySource::Private(&private)] {
        let (mut own, mut key) = (PublicKey::default(), ThreeKey::default());
        assert_eq!(decapsulate(&key, &ciphertext), Err(DecapsulateError), "an empty key");
        Three::expand_into(source, Some(&mut own), &mut key).unwrap();
        assert_eq!((own, decapsulate(&key, &ciphertext)), (public.clone(), Ok(*secret.as_bytes())));
    }
    // the three ciphertexts start at 0, 32 and 1120
    for at in [0, 32, 1119, 1120, 1175] {
        let mut tampered = ciphertext.clone();
        tampered.as_bytes_mut()[at] ^= 1;
        assert_ne!(decapsulate(&private.expand().unwrap(), &tampered), Ok(*secret.as_bytes()), "byte {at}");
    }
}

#[test]
fn a_bad_component_empties_the_key() {
    let mut rng = ChaCha20Rng::seed_from_u64(2);
    let private = PrivateKey::<Three>::generate(&mut rng);
    let (mut ciphertext, mut secret) = (Ciphertext::default(), SharedSecret::default());
    Three::encapsulate(&private.public_key().unwrap(), &mut rng, &mut ciphertext, &mut secret).unwrap();
    let mut key = private.expand().unwrap();
    let mut bad = PrivateKey::<Three>::from_bytes(*private.as_bytes());
    bad.as_bytes_mut()[32] ^= 1;
    assert_eq!(Three::expand_into(KeySource::Private(&bad), None, &mut key), Err(KeyError));
    assert_eq!(decapsulate(&key, &ciphertext), Err(DecapsulateError));
}
