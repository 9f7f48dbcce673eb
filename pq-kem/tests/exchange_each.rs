//! Batched exchanges give the same results as single ones.
#![allow(clippy::unwrap_used, reason = "tests")]

use curve25519_dalek::constants::EIGHT_TORSION;
use mixwell_pq_kem::{
    Nike, X448, X25519,
    nike::{PrivateKey, PublicKey},
};
use proptest::{collection::vec, prelude::*};
use rand_chacha::{
    ChaCha20Rng,
    rand_core::{Rng, SeedableRng},
};

type Key = [u8; 32];

fn check<const N: usize>(pairs: &[Option<(Key, Key)>]) {
    let keys: Vec<_> = pairs
        .iter()
        .map(|pair| {
            pair.map(|(private, public)| (PrivateKey::<X25519>::from_bytes(private), PublicKey::from_bytes(public)))
        })
        .collect();
    let each: [_; N] = core::array::from_fn(|i| keys.get(i).and_then(|pair| pair.as_ref()).map(|(a, b)| (a, b)));
    for (found, pair) in X25519::exchange_each(each).into_iter().zip(each) {
        let one = pair.map(|(private, public)| X25519::exchange(private, public));
        let bytes = |secret: Option<Result<_, _>>| {
            secret.map(|secret: Result<mixwell_pq_kem::nike::SharedSecret<X25519>, _>| {
                secret.map(|secret| *secret.as_bytes())
            })
        };
        assert_eq!(bytes(found), bytes(one));
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    /// Random bytes are points of the curve or of its twist, in about equal parts.
    #[test]
    fn random_keys(pairs in vec(any::<Option<(Key, Key)>>(), 19)) {
        check::<1>(&pairs);
        check::<2>(&pairs);
        check::<7>(&pairs);
        check::<8>(&pairs);
        check::<19>(&pairs);
    }

    /// Limbs of all ones or all zeros, the extreme values of a lane.
    #[test]
    fn extreme_numbers(pairs in vec((extreme(), extreme()).prop_map(Some), 8)) {
        check::<8>(&pairs);
    }
}

fn extreme() -> impl Strategy<Value = Key> {
    vec(prop_oneof![Just(0_u8), Just(0xff), Just(1), Just(0xfe), Just(0x7f), Just(0x80)], 32)
        .prop_map(|bytes| bytes.try_into().unwrap())
}

/// Points of small order, non-canonical encodings, values around p and 2²⁵⁵.
#[test]
fn remarkable_points() {
    let p_plus = |offset: u8| {
        let mut bytes = [0xff; 32];
        bytes[0] = 0xed_u8.wrapping_add(offset);
        bytes[31] = 0x7f;
        bytes
    };
    let mut points: Vec<Key> = (0..19).map(p_plus).chain((246..=255).map(p_plus)).collect();
    points.extend(EIGHT_TORSION.iter().map(|point| point.to_montgomery().to_bytes()));
    points.extend((0..20).map(|low| core::array::from_fn(|i| if i == 0 { low } else { 0 })));
    points.extend([[0xff; 32], [0x80; 32]]);
    let with_top_bit: Vec<Key> = points
        .iter()
        .map(|point| {
            let mut point = *point;
            point[31] ^= 0x80;
            point
        })
        .collect();
    points.extend(with_top_bit);
    for private in [[0; 32], [0xff; 32], [0x5a; 32]] {
        let pairs: Vec<_> = points.iter().map(|point| Some((private, *point))).collect();
        pairs.chunks(8).for_each(check::<8>);
    }
}

/// RFC 7748, section 5.2: a thousand iterations, each result an input of the next.
#[test]
fn iterated_in_every_lane() {
    let mut rng = ChaCha20Rng::seed_from_u64(1);
    let mut keys = [[0; 32]; 8];
    for key in &mut keys {
        rng.fill_bytes(key);
    }
    keys[3] = core::array::from_fn(|i| if i == 0 { 9 } else { 0 });
    let mut us = keys;
    for _ in 0..1000 {
        let pairs = core::array::from_fn::<_, 8, _>(|i| {
            (PrivateKey::<X25519>::from_bytes(keys[i]), PublicKey::from_bytes(us[i]))
        });
        let secrets = X25519::exchange_each(pairs.each_ref().map(|(private, public)| Some((private, public))));
        us = keys;
        keys = secrets.map(|secret| *secret.unwrap().unwrap().as_bytes());
    }
    let published = "684cf59ba83309552800ef566f2f4d3c1c3887c49360e3875f2eb94d99532c51";
    assert_eq!(hex::encode(keys[3]), published);
}

#[test]
fn other_schemes_take_turns() {
    let mut rng = ChaCha20Rng::seed_from_u64(2);
    let [a, b] = [(); 2].map(|()| PrivateKey::<X448>::generate(&mut rng));
    let public = b.public_key();
    let [empty, secret] = X448::exchange_each([None, Some((&a, &public))]);
    assert!(empty.is_none());
    assert_eq!(secret.unwrap().unwrap().as_bytes(), a.exchange(&public).unwrap().as_bytes());
}
