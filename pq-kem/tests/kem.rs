//! Every vector of `kem.json`, and properties of every KEM.
#![cfg(all(feature = "pem", feature = "xwing", feature = "mlkem768-x25519", feature = "mlkem768-x448"))]
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
    Adapter, ByteArray, Kem, MlKem768, MlKem768X448, MlKem768X25519, X448, X25519, XWing,
    kem::{Ciphertext, DecapsulateError, KeyError, KeySource, PrivateKey, PublicKey, Seed, SharedSecret},
    pem,
};
use mixwell_vectors::{Hex, load};
use rand_chacha::{ChaCha20Rng, rand_core::SeedableRng};
use serde::Deserialize;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Test {
    scheme: String,
    seed: Hex,
    private_key: Hex,
    private_pem: Option<String>,
    public_key: Hex,
    public_pem: String,
    ciphertext: Hex,
    shared_secret: Hex,
    tampered_ciphertext: Hex,
    tampered_shared_secret: Option<Hex>,
}

#[test]
fn vectors() {
    for vector in load::<Test>("kem") {
        let check = match vector.test.scheme.as_str() {
            "x25519" => check::<Adapter<X25519>>,
            "x448" => check::<Adapter<X448>>,
            "MLKEM768" => check::<MlKem768>,
            "XWING" => check::<XWing>,
            "MLKEM768-X25519" => check::<MlKem768X25519>,
            "MLKEM768-X448" => check::<MlKem768X448>,
            other => panic!("{}: unknown scheme {other}", vector.name),
        };
        check(&vector.name, &vector.test);
    }
}

fn bytes<A: ByteArray>(hex: &Hex) -> A {
    *A::from_slice(hex).expect("the vector has the scheme's length")
}

fn decapsulate<K: Kem>(key: &K::Expanded, ciphertext: &Ciphertext<K>) -> Result<K::SecretBytes, DecapsulateError> {
    let mut secret = SharedSecret::<K>::default();
    K::decapsulate(key, ciphertext, &mut secret).map(|()| *secret.as_bytes())
}

fn check<K: Kem>(name: &str, test: &Test) {
    let private = K::from_seed(&Seed::from_bytes(bytes(&test.seed)));
    assert_eq!(private.as_bytes().as_ref(), &*test.private_key, "{name}");
    let public = private.public_key().expect(name);
    assert_eq!(public.as_bytes().as_ref(), &*test.public_key, "{name}");

    let key = private.expand().expect(name);
    let secret = decapsulate::<K>(&key, &Ciphertext::from_bytes(bytes(&test.ciphertext)));
    assert_eq!(secret, Ok(bytes(&test.shared_secret)), "{name}");
    let tampered = decapsulate::<K>(&key, &Ciphertext::from_bytes(bytes(&test.tampered_ciphertext)));
    let want = test.tampered_shared_secret.as_ref().map(bytes).ok_or(DecapsulateError);
    assert_eq!(tampered, want, "{name}");

    let mut text = vec![0; 2500];
    assert_eq!(pem::encode(&public, &mut text), Ok(test.public_pem.as_str()), "{name}");
    assert_eq!(pem::decode(test.public_pem.as_bytes()), Ok(public), "{name}");
    if let Some(private_pem) = &test.private_pem {
        assert_eq!(pem::encode(&private, &mut text), Ok(private_pem.as_str()), "{name}");
        let read = pem::decode::<PrivateKey<K>>(private_pem.as_bytes()).expect(name);
        assert_eq!(read.as_bytes(), private.as_bytes(), "{name}");
    }
}

fn counting<A: ByteArray>() -> A {
    let mut bytes = A::ZERO;
    bytes.as_mut().iter_mut().zip((3..=250).cycle()).for_each(|(byte, number)| *byte = number);
    bytes
}

fn round_trip<K: Kem>() {
    let mut rng = ChaCha20Rng::seed_from_u64(7);
    let private = PrivateKey::<K>::generate(&mut rng);
    let public = private.public_key().unwrap();
    let key = private.expand().unwrap();
    let (mut ciphertext, mut secret) = (Ciphertext::<K>::default(), SharedSecret::<K>::default());
    K::encapsulate(&public, &mut rng, &mut ciphertext, &mut secret).unwrap();
    assert_eq!(decapsulate::<K>(&key, &ciphertext), Ok(*secret.as_bytes()));
    assert_ne!(secret.as_bytes(), &K::SecretBytes::ZERO);

    // both keys from a seed at once, overwriting another key
    let seed = || Seed::<K>::from_bytes(counting());
    let (mut public, mut place) = (PublicKey::<K>::default(), key);
    assert_eq!(decapsulate::<K>(&K::Expanded::default(), &ciphertext), Err(DecapsulateError), "an empty key");
    K::expand_into(KeySource::Seed(&seed()), Some(&mut public), &mut place).unwrap();
    assert_eq!(seed().public_key(), Ok(public.clone()), "{}", K::NAME);
    let private = K::from_seed(&seed());
    assert_eq!(private.public_key(), Ok(public.clone()), "{}", K::NAME);
    K::encapsulate(&public, &mut rng, &mut ciphertext, &mut secret).unwrap();
    assert_eq!(decapsulate::<K>(&place, &ciphertext), Ok(*secret.as_bytes()), "{}", K::NAME);
    let key = private.expand().unwrap();
    assert_eq!(decapsulate::<K>(&key, &ciphertext), Ok(*secret.as_bytes()), "{}", K::NAME);
    // and the private key alone
    let mut place = K::Expanded::default();
    K::expand_into(KeySource::Seed(&seed()), None, &mut place).unwrap();
    assert_eq!(decapsulate::<K>(&place, &ciphertext), Ok(*secret.as_bytes()), "{}", K::NAME);

    // a changed ciphertext gives a different secret
    for at in [0, K::CiphertextBytes::LEN >> 1, K::CiphertextBytes::LEN - 1] {
        let mut tampered = ciphertext.clone();
        tampered.as_bytes_mut().as_mut()[at] ^= 1;
        assert_ne!(decapsulate::<K>(&key, &tampered), Ok(*secret.as_bytes()), "{} byte {at}", K::NAME);
    }
}

#[test]
fn every_kem_agrees_with_itself() {
    round_trip::<Adapter<X25519>>();
    round_trip::<Adapter<X448>>();
    round_trip::<MlKem768>();
    round_trip::<XWing>();
    round_trip::<MlKem768X25519>();
    round_trip::<MlKem768X448>();
}

/// A public key whose first coefficient is q or more is rejected by every scheme that includes
/// ML-KEM.
#[test]
fn the_modulus_is_checked() {
    fn check<K: Kem>(ml_kem_at: usize) {
        let mut rng = ChaCha20Rng::seed_from_u64(8);
        let mut public = PrivateKey::<K>::generate(&mut rng).public_key().unwrap();
        public.as_bytes_mut().as_mut()[ml_kem_at..ml_kem_at + 2].copy_from_slice(&[0xff, 0xff]);
        let (mut ciphertext, mut secret) = (Ciphertext::<K>::default(), SharedSecret::<K>::default());
        assert_eq!(K::encapsulate(&public, &mut rng, &mut ciphertext, &mut secret), Err(KeyError), "{}", K::NAME);
    }
    check::<MlKem768>(0);
    check::<XWing>(0);
    check::<MlKem768X25519>(32);
    check::<MlKem768X448>(56);
}

/// The public key that is returned with an expanded private key belongs to it.
#[test]
fn an_expanded_key_and_its_public_key_at_once() {
    fn check<K: Kem>() {
        let mut rng = ChaCha20Rng::seed_from_u64(11);
        let private = PrivateKey::<K>::generate(&mut rng);
        let (mut public, mut key) = (PublicKey::default(), K::Expanded::default());
        K::expand_into(KeySource::Private(&private), Some(&mut public), &mut key).unwrap();
        assert_eq!(public, private.public_key().unwrap());
        let (mut ciphertext, mut secret) = (Ciphertext::<K>::default(), SharedSecret::<K>::default());
        K::encapsulate(&public, &mut rng, &mut ciphertext, &mut secret).unwrap();
        assert_eq!(decapsulate::<K>(&key, &ciphertext).unwrap().as_ref(), secret.as_bytes().as_ref(), "{}", K::NAME);
    }
    check::<Adapter<X25519>>();
    check::<MlKem768>();
    check::<XWing>();
    check::<MlKem768X448>();
}

/// A private key contains its public key: one that does not match the seed is rejected.
#[test]
fn a_private_key_with_another_public_key_is_refused() {
    fn check<K: Kem>(at: usize) {
        let mut private = PrivateKey::<K>::generate(&mut ChaCha20Rng::seed_from_u64(9));
        private.as_bytes_mut().as_mut()[at] ^= 1;
        assert!(private.expand().is_err(), "{}", K::NAME);
        assert_eq!(private.public_key(), Err(KeyError), "{}", K::NAME);
        let mut key = PrivateKey::<K>::generate(&mut ChaCha20Rng::seed_from_u64(9)).expand().unwrap();
        assert_eq!(K::expand_into(KeySource::Private(&private), None, &mut key), Err(KeyError), "{}", K::NAME);
        let empty = decapsulate::<K>(&key, &Ciphertext::from_bytes(counting()));
        assert_eq!(empty, Err(DecapsulateError), "{}", K::NAME);
        let mut key = PrivateKey::<K>::generate(&mut ChaCha20Rng::seed_from_u64(9)).expand().unwrap();
        let mut public = PublicKey::default();
        assert_eq!(
            K::expand_into(KeySource::Private(&private), Some(&mut public), &mut key),
            Err(KeyError),
            "{}",
            K::NAME
        );
        let empty = decapsulate::<K>(&key, &Ciphertext::from_bytes(counting()));
        assert_eq!(empty, Err(DecapsulateError), "{}", K::NAME);
        // a valid key can be expanded in its place again
        let mut rng = ChaCha20Rng::seed_from_u64(10);
        private.as_bytes_mut().as_mut()[at] ^= 1;
        K::expand_into(KeySource::Private(&private), Some(&mut public), &mut key).unwrap();
        let (mut ciphertext, mut secret) = (Ciphertext::<K>::default(), SharedSecret::<K>::default());
        K::encapsulate(&public, &mut rng, &mut ciphertext, &mut secret).unwrap();
        assert_eq!(decapsulate::<K>(&key, &ciphertext).unwrap().as_ref(), secret.as_bytes().as_ref(), "{}", K::NAME);
    }
    for at in [0, 600, 1183, 1184, 1215] {
        check::<MlKem768>(at);
        check::<XWing>(at);
        check::<MlKem768X25519>(32 + at);
        check::<MlKem768X448>(56 + at);
    }
}

/// A point of small order is an error for the adapter and the hybrids built on it; X-Wing accepts
/// it, as its draft specifies.
#[test]
fn small_order_points() {
    fn check<K: Kem>(point: core::ops::Range<usize>, refused: bool) {
        let mut rng = ChaCha20Rng::seed_from_u64(10);
        let private = PrivateKey::<K>::generate(&mut rng);
        let mut public = private.public_key().unwrap();
        let (mut ciphertext, mut secret) = (Ciphertext::<K>::default(), SharedSecret::<K>::default());
        K::encapsulate(&public, &mut rng, &mut ciphertext, &mut secret).unwrap();

        let len = K::CiphertextBytes::LEN;
        let at = if point.start == 0 { 0..point.end } else { len - point.len()..len };
        ciphertext.as_bytes_mut().as_mut()[at].fill(0);
        let decapsulated = decapsulate::<K>(&private.expand().unwrap(), &ciphertext);
        assert_eq!(decapsulated.err(), refused.then_some(DecapsulateError), "{}", K::NAME);

        public.as_bytes_mut().as_mut()[point].fill(0);
        let encapsulated = K::encapsulate(&public, &mut rng, &mut ciphertext, &mut secret);
        assert_eq!(encapsulated.err(), refused.then_some(KeyError), "{}", K::NAME);
    }
    check::<Adapter<X25519>>(0..32, true);
    check::<Adapter<X448>>(0..56, true);
    check::<MlKem768X25519>(0..32, true);
    check::<MlKem768X448>(0..56, true);
    check::<XWing>(1184..1216, false);
}

#[test]
fn keys_do_not_print() {
    let private = PrivateKey::<XWing>::from_bytes([0x41; 1248]);
    let secret = SharedSecret::<XWing>::from_bytes([0x41; 32]);
    let expanded = XWing::from_seed(&Seed::from_bytes([0x41; 32])).expand().unwrap();
    let hybrid = MlKem768X25519::from_seed(&Seed::from_bytes([0x41; 96])).expand().unwrap();
    let adapter = PrivateKey::<Adapter<X25519>>::from_bytes([0x41; 32]).expand().unwrap();
    for text in [
        format!("{private:?}"),
        format!("{secret:?}"),
        format!("{expanded:?}"),
        format!("{hybrid:?}"),
        format!("{adapter:?}"),
    ] {
        assert!(text.ends_with("(..)") && !text.contains("41") && !text.contains("65"), "{text}");
    }
    assert_eq!(
        format!("{:?}", PublicKey::<Adapter<X25519>>::from_bytes([0x41; 32])).len(),
        "PublicKey<x25519>()".len() + 64
    );
}
