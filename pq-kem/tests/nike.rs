//! Every vector of `nike.json`.
#![cfg(all(feature = "pem", feature = "x25519", feature = "x448"))]
#![allow(
    missing_docs,
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    clippy::similar_names,
    reason = "a test"
)]

use mixwell_pq_kem::{
    ByteArray, Nike, X448, X25519,
    nike::{PreparedKey, PrivateKey, PublicKey},
    pem,
};
use mixwell_vectors::{Hex, load};
use serde::Deserialize;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Test {
    scheme: String,
    alice_private: Hex,
    alice_public: Hex,
    alice_public_blinded_by_bob_private: Hex,
    alice_public_pem: String,
    bob_private: Hex,
    bob_public: Hex,
    shared: Hex,
}

#[test]
fn vectors() {
    for vector in load::<Test>("nike") {
        match vector.test.scheme.as_str() {
            "x25519" => check::<X25519>(&vector.name, &vector.test),
            "x448" => check::<X448>(&vector.name, &vector.test),
            other => panic!("{}: unknown scheme {other}", vector.name),
        }
    }
}

fn check<N: Nike>(name: &str, test: &Test) {
    let private = |hex: &Hex| PrivateKey::<N>::from_bytes(*N::PrivateBytes::from_slice(hex).expect(name));
    let public = |hex: &Hex| PublicKey::<N>::from_bytes(*N::PublicBytes::from_slice(hex).expect(name));
    let (alice, bob) = (private(&test.alice_private), private(&test.bob_private));
    let alice_public = public(&test.alice_public);
    assert_eq!(alice.public_key(), alice_public, "{name}");
    assert_eq!(bob.public_key(), public(&test.bob_public), "{name}");
    assert_eq!(alice.exchange(&bob.public_key()).expect(name).as_bytes().as_ref(), &*test.shared, "{name}");
    assert_eq!(bob.exchange(&alice_public).expect(name).as_bytes().as_ref(), &*test.shared, "{name}");
    let blinded = N::blind(&alice_public, &bob).expect(name);
    assert_eq!(blinded, public(&test.alice_public_blinded_by_bob_private), "{name}");
    // and in a batch of at least two pairs, so that lanes are used where the processor has them
    let bob_public = bob.public_key();
    let pairs = [Some((&alice, &bob_public)), Some((&bob, &alice_public)), None, Some((&alice, &bob_public))];
    let prepared = N::Prepared::new(&alice_public);
    assert_eq!(prepared.exchange(&bob).expect(name).as_bytes().as_ref(), &*test.shared, "{name}");
    for (secret, pair) in N::exchange_each(pairs).into_iter().zip(pairs) {
        assert_eq!(secret.is_some(), pair.is_some(), "{name}");
        if let Some(secret) = secret {
            assert_eq!(secret.expect(name).as_bytes().as_ref(), &*test.shared, "{name}: one of several");
        }
    }
    for blinded in N::blind_each([Some((&alice_public, &bob)); 9]).into_iter().flatten() {
        assert_eq!(blinded.expect(name), public(&test.alice_public_blinded_by_bob_private), "{name}: one of several");
    }
    let mut text = [0; 200];
    assert_eq!(pem::encode(&alice_public, &mut text), Ok(test.alice_public_pem.as_str()), "{name}");
    assert_eq!(pem::decode(test.alice_public_pem.as_bytes()), Ok(alice_public), "{name}");
}
