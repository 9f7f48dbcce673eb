//! X25519 on each back end of this processor: RFC 7748's vectors, and comparison with
//! `x25519-dalek`.
#![cfg(all(feature = "hazmat", feature = "x25519"))]
#![allow(
    missing_docs,
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    clippy::integer_division_remainder_used,
    reason = "a test"
)]

use core::ops::RangeInclusive;
use curve25519_dalek::{EdwardsPoint, Scalar, constants::EIGHT_TORSION, scalar::clamp_integer};
use mixwell_pq_kem::{
    Nike, X25519, X25519Backend,
    hazmat::limit_x25519,
    nike::{LowOrder, PreparedKey, PrivateKey, Product, PublicKey, SharedSecret},
};
use mixwell_vectors::backends::report;
use proptest::prelude::*;
use std::sync::{Mutex, PoisonError};

type Key = [u8; 32];

/// The limit is global to the process, and tests run in parallel.
static LIMIT: Mutex<()> = Mutex::new(());

/// Runs `work` once on each back end alone.
fn by_each(work: impl Fn(X25519Backend)) {
    let _guard = LIMIT.lock().unwrap_or_else(PoisonError::into_inner);
    limit_x25519(ALL);
    let available: Vec<_> = X25519Backend::available().collect();
    assert_eq!(available.last(), Some(&X25519Backend::Portable));
    for backend in available {
        limit_x25519(&[backend]);
        let chosen: Vec<_> = X25519Backend::available().collect();
        assert_eq!(chosen[0], backend);
        assert!(chosen.iter().all(|other| [backend, X25519Backend::Portable].contains(other)));
        work(backend);
    }
    limit_x25519(ALL);
}

/// All back ends.
const ALL: &[X25519Backend] = &[
    X25519Backend::Portable,
    X25519Backend::Adx,
    X25519Backend::Avx2,
    X25519Backend::Avx512f,
    X25519Backend::Avx512Ifma,
];

/// Reports which back ends the other tests ran, for people and for CI.
#[test]
fn back_ends_that_ran() {
    let ran = Mutex::new(Vec::new());
    by_each(|backend| ran.lock().unwrap().push(backend));
    let ran = ran.into_inner().unwrap();
    report("pq-kem", |name| {
        ran.contains(&match name {
            "x25519-portable" => X25519Backend::Portable,
            "x25519-adx" => X25519Backend::Adx,
            "x25519-avx2" => X25519Backend::Avx2,
            "x25519-avx512f" => X25519Backend::Avx512f,
            "x25519-ifma" => X25519Backend::Avx512Ifma,
            _ => panic!("unknown back end {name}"),
        })
    });
}

fn bytes(secret: Result<SharedSecret<X25519>, LowOrder>) -> Key {
    secret.map_or([0; 32], |secret| *secret.as_bytes())
}

/// Each pair's exchange, alone and in a batch; nineteen pairs are two or more full sets of lanes,
/// with some left over.
fn check(pairs: &[(Key, Key)]) {
    let keys: Vec<_> = pairs
        .iter()
        .map(|(private, u)| (PrivateKey::<X25519>::from_bytes(*private), PublicKey::<X25519>::from_bytes(*u)))
        .collect();
    for (batch, pairs) in keys.chunks(19).zip(pairs.chunks(19)) {
        let each = core::array::from_fn::<_, 19, _>(|i| batch.get(i).map(|(private, public)| (private, public)));
        for ((found, (private, public)), pair) in
            X25519::exchange_each(each).into_iter().flatten().zip(batch).zip(pairs)
        {
            let want = x25519_dalek::x25519(pair.0, pair.1);
            assert_eq!(bytes(found), want, "one of several: {pair:x?}");
            assert_eq!(bytes(private.exchange(public)), want, "{pair:x?}");
            let blinded = X25519::blind(public, private).map_or([0; 32], |public| *public.as_bytes());
            assert_eq!(blinded, want, "{pair:x?}");
            let prepared = <X25519 as Nike>::Prepared::new(public);
            assert_eq!(bytes(prepared.exchange(private)), want, "prepared: {pair:x?}");
            let blinded = prepared.blind(private).map_or([0; 32], |public| *public.as_bytes());
            assert_eq!(blinded, want, "prepared: {pair:x?}");
        }
    }
}

/// Public keys, and products of keys, which are not clamped.
fn check_base(private: &Key, factor: &Key, u: &Key) {
    let key = PrivateKey::<X25519>::from_bytes(*private);
    let public = x25519_dalek::x25519(*private, x25519_dalek::X25519_BASEPOINT_BYTES);
    assert_eq!(*key.public_key().as_bytes(), public, "{private:x?}");
    let mut product = <X25519 as Nike>::Product::new(&key);
    product.multiply(&PrivateKey::from_bytes(*factor));
    assert_eq!(*product.public_key().unwrap().as_bytes(), x25519_dalek::x25519(*factor, public));
    let want = x25519_dalek::x25519(*factor, x25519_dalek::x25519(*private, *u));
    let both = product.public_key_and_exchange(&PublicKey::from_bytes(*u));
    match both {
        Ok((element, secret)) => {
            assert_eq!((element, *secret.as_bytes()), (product.public_key().unwrap(), want), "{private:x?} on {u:x?}");
        }
        Err(LowOrder) => assert_eq!(want, [0; 32], "{private:x?} on {u:x?}"),
    }
    assert_eq!(bytes(product.exchange(&PublicKey::from_bytes(*u))), want, "{private:x?} and {factor:x?} on {u:x?}");
}

/// Numbers with these lowest and top bytes and all other bytes equal.
fn numbers(lowest: RangeInclusive<u8>, others: u8, top: u8) -> impl Iterator<Item = Key> {
    lowest.map(move |low| {
        let mut bytes = [others; 32];
        (bytes[0], bytes[31]) = (low, top);
        bytes
    })
}

/// 0, 1, p − 1, p, non-canonical values up to 2²⁵⁵ − 1, also with the ignored top bit set; points
/// of small order, and sums with them.
fn remarkable_us() -> Vec<Key> {
    let mut us: Vec<Key> = numbers(0..=20, 0, 0).chain(numbers(0xe0..=0xff, 0xff, 0x7f)).collect();
    us.extend(EIGHT_TORSION.iter().map(|point| point.to_montgomery().to_bytes()));
    let point = EdwardsPoint::mul_base(&Scalar::from(123_456_789_u64));
    us.extend(EIGHT_TORSION.iter().map(|torsion| (point + torsion).to_montgomery().to_bytes()));
    let with_top_bit: Vec<Key> = us
        .iter()
        .map(|u| {
            let mut u = *u;
            u[31] |= 0x80;
            u
        })
        .collect();
    us.extend(with_top_bit);
    us
}

/// Private keys that clamping changes most, and least.
fn remarkable_privates() -> Vec<Key> {
    let mut privates = vec![[0; 32], [0xff; 32], [0x55; 32], [0xaa; 32]];
    // each bit that clamping clears or sets, and its neighbours
    for bit in [0, 1, 2, 3, 4, 253, 254, 255] {
        let mut one = [0; 32];
        one[bit / 8] |= 1 << (bit % 8);
        privates.extend([one, one.map(|byte| !byte)]);
    }
    // one less than the order of the base point, and its clamped form
    let minus_1 = (-Scalar::ONE).to_bytes();
    privates.extend([minus_1, clamp_integer(minus_1)]);
    privates
}

#[test]
fn remarkable_keys() {
    let pairs: Vec<_> =
        remarkable_privates().into_iter().flat_map(|key| remarkable_us().into_iter().map(move |u| (key, u))).collect();
    by_each(|_| {
        check(&pairs);
        for (i, private) in remarkable_privates().iter().enumerate() {
            for (k, factor) in remarkable_privates().iter().enumerate() {
                check_base(private, factor, &remarkable_us()[(7 * i + k) % remarkable_us().len()]);
            }
        }
    });
}

fn key(text: &str) -> Key {
    hex::decode(text).unwrap().try_into().unwrap()
}

/// The vectors of RFC 7748, sections 5.2 and 6.1.
#[test]
fn rfc_7748() {
    let vectors = [
        [
            "a546e36bf0527c9d3b16154b82465edd62144c0ac1fc5a18506a2244ba449ac4",
            "e6db6867583030db3594c1a424b15f7c726624ec26b3353b10a903a6d0ab1c4c",
            "c3da55379de9c6908e94ea4df28d084f32eccf03491c71f754b4075577a28552",
        ],
        [
            "4b66e9d4d1b4673c5ad22691957d6af5c11b6421e0ea01d42ca4169e7918ba0d",
            "e5210f12786811d3f4b7959d0538ae2c31dbe7106fc03c3efc4cd549c715a493",
            "95cbde9476e8907d7aade45cb4b873f88b595a68799fa152e6f8f7647aac7957",
        ],
        [
            "77076d0a7318a57d3c16c17251b26645df4c2f87ebc0992ab177fba51db92c2a",
            "de9edb7d7b7dc1b4d35b61c2ece435373f8343c85b78674dadfc7e146f882b4f",
            "4a5d9d5ba4ce2de1728e3bf480350f25e07e21c947d19e3376f09b3c1e161742",
        ],
    ]
    .map(|vector| vector.map(key));
    by_each(|backend| {
        for [private, u, shared] in vectors {
            let (private, public) = (PrivateKey::<X25519>::from_bytes(private), PublicKey::from_bytes(u));
            assert_eq!(bytes(private.exchange(&public)), shared, "{backend:?}");
            let prepared = <X25519 as Nike>::Prepared::new(&public);
            assert_eq!(bytes(prepared.exchange(&private)), shared, "{backend:?}, prepared");
            for found in X25519::exchange_each([Some((&private, &public)); 8]) {
                assert_eq!(bytes(found.unwrap()), shared, "{backend:?}");
            }
        }
        let alice = PrivateKey::<X25519>::from_bytes(vectors[2][0]);
        let published = key("8520f0098930a754748b7ddcb43ef75a0dbf3a0d26381af4eba4a98eaa9b4e6a");
        assert_eq!(*alice.public_key().as_bytes(), published, "{backend:?}");
    });
}

/// RFC 7748, section 5.2: a thousand iterations, with the result as the next scalar and the scalar
/// as the next u, in each lane.
#[test]
fn rfc_7748_iterated() {
    let [mut nine, after_one, after_1000] = [
        [0; 32],
        key("422c8e7a6227d7bca1350b3e2bb7279f7897b87bb6854b783c60e80311ae3079"),
        key("684cf59ba83309552800ef566f2f4d3c1c3887c49360e3875f2eb94d99532c51"),
    ];
    nine[0] = 9;
    by_each(|backend| {
        // the backend of single exchanges has one lane
        let lanes = backend.lanes();
        let (mut keys, mut us) = ([nine; 8], [nine; 8]);
        for round in 1..=1000 {
            let pairs = core::array::from_fn::<_, 8, _>(|i| {
                (PrivateKey::<X25519>::from_bytes(keys[i]), PublicKey::from_bytes(us[i]))
            });
            let each = core::array::from_fn::<_, 8, _>(|i| (i < lanes).then_some((&pairs[i].0, &pairs[i].1)));
            let found = X25519::exchange_each(each).map(|secret| secret.map_or([0; 32], bytes));
            (keys, us) = (found, keys);
            if round == 1 || round == 1000 {
                let want = if round == 1 { after_one } else { after_1000 };
                assert!(keys[..lanes].iter().all(|key| *key == want), "{backend:?}, after {round}: {keys:x?}");
            }
        }
    });
}

/// Bytes at the extreme values of limbs.
fn extreme() -> impl Strategy<Value = Key> {
    prop::array::uniform32(prop_oneof![Just(0_u8), Just(0xff), Just(1), Just(0xfe), Just(0x7f), Just(0x80)])
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(32))]

    /// Random bytes are points of the curve or of its twist, in about equal parts.
    #[test]
    fn random_keys(pairs in prop::collection::vec(any::<(Key, Key)>(), 19), factor in any::<Key>()) {
        by_each(|_| {
            check(&pairs);
            check_base(&pairs[0].0, &factor, &pairs[1].1);
        });
    }

    #[test]
    fn extreme_keys(pairs in prop::collection::vec((extreme(), extreme()), 19), factor in extreme()) {
        by_each(|_| {
            check(&pairs);
            check_base(&pairs[0].0, &factor, &pairs[1].1);
        });
    }
}
