//! A product of private keys acts on every group element like its factors in turn.
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
    nike::{LowOrder, PrivateKey, Product, PublicKey},
};
use proptest::prelude::*;

type Element<N> = <N as Nike>::PublicBytes;

/// Compares the product of `factors` with the factors in turn, on `element` and on the base point.
fn check<N: Nike>(factors: &[Vec<u8>], element: &Element<N>) {
    let keys: Vec<_> =
        factors.iter().map(|f| PrivateKey::<N>::from_bytes(*N::PrivateBytes::from_slice(f).unwrap())).collect();
    let mut product = N::Product::new(&keys[0]);
    let start = PublicKey::<N>::from_bytes(*element);
    let mut shared = N::blind(&start, &keys[0]);
    let mut public = Ok(keys[0].public_key());
    for (index, key) in keys.iter().enumerate() {
        if index > 0 {
            product.multiply(key);
            shared = shared.and_then(|element| N::blind(&element, key));
            public = public.and_then(|element| N::blind(&element, key));
        }
        assert_eq!(product.exchange(&start).map(|s| *s.as_bytes()).map(|s| s.as_ref().to_vec()), bytes(&shared));
        assert_eq!(product.public_key(), public);
    }
}

fn bytes<N: Nike>(result: &Result<PublicKey<N>, LowOrder>) -> Result<Vec<u8>, LowOrder> {
    result.as_ref().map(|element| element.as_bytes().as_ref().to_vec()).map_err(|e| *e)
}

fn factors(len: usize) -> impl Strategy<Value = Vec<Vec<u8>>> {
    prop::collection::vec(prop::collection::vec(any::<u8>(), len), 1..=20)
}

fn hex<const N: usize>(text: &str) -> [u8; N] {
    core::array::from_fn(|i| u8::from_str_radix(&text[2 * i..2 * i + 2], 16).unwrap())
}

/// Points of order 1, 2, 4 and 8 on Curve25519 and of order 1, 2 and 4 on its twist, in every
/// encoding: canonical, plus p where that fits, and each with the ignored top bit set.
fn small_order_25519() -> Vec<[u8; 32]> {
    let canonical = [
        "0000000000000000000000000000000000000000000000000000000000000000",
        "0100000000000000000000000000000000000000000000000000000000000000",
        "e0eb7a7c3b41b8ae1656e3faf19fc46ada098deb9c32b1fd866205165f49b800",
        "5f9c95bca3508c24b1d0b1559c83ef5b04445cc4581c8e86d8224eddd09f1157",
        "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
        "edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
        "eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
    ];
    let mut all: Vec<[u8; 32]> = canonical.map(hex).to_vec();
    for index in 0..canonical.len() {
        let mut high = all[index];
        high[31] |= 0x80;
        all.push(high);
    }
    all
}

/// Points of order 1, 2 and 4 on Curve448 and its twist, in every encoding.
fn small_order_448() -> Vec<[u8; 56]> {
    let mut p = [0xff; 56];
    p[28] = 0xfe;
    let mut all = vec![[0; 56], p];
    let mut one = [0; 56];
    one[0] = 1;
    let mut minus_one = p;
    minus_one[0] -= 1;
    // p + 1 carries through the 28 bytes of ones
    let mut p_plus_one = [0; 56];
    p_plus_one[28..].fill(0xff);
    all.extend([one, minus_one, p_plus_one]);
    all
}

#[test]
fn small_order_points_give_low_order() {
    let keys = [vec![0x5a; 32], vec![0; 32], vec![0xff; 32]];
    for element in small_order_25519() {
        check::<X25519>(&keys, &element);
        let key = PrivateKey::<X25519>::from_bytes([0x42; 32]);
        assert_eq!(key.exchange(&PublicKey::from_bytes(element)).err(), Some(LowOrder), "{element:02x?}");
        assert_eq!(X25519::blind(&PublicKey::from_bytes(element), &key).err(), Some(LowOrder));
    }
    let keys = [vec![0x5a; 56], vec![0; 56], vec![0xff; 56]];
    for element in small_order_448() {
        check::<X448>(&keys, &element);
        let key = PrivateKey::<X448>::from_bytes([0x42; 56]);
        assert_eq!(key.exchange(&PublicKey::from_bytes(element)).err(), Some(LowOrder), "{element:02x?}");
    }
}

/// 4ℓ is a clamped X448 scalar: it maps every point of the curve to zero, including the base point.
#[test]
fn the_order_itself_is_a_factor() {
    let order: [u8; 56] = hex("cc1361ad4a0ae38d543d1637ca09b38540da58bb266d3b11a78f28f3\
         fdffffffffffffffffffffffffffffffffffffffffffffffffffffff");
    check::<X448>(
        &[vec![1; 56], order.to_vec(), vec![2; 56]],
        PrivateKey::<X448>::from_bytes([3; 56]).public_key().as_bytes(),
    );
    let product = <X448 as Nike>::Product::new(&PrivateKey::from_bytes(order));
    assert_eq!(product.public_key(), Err(LowOrder));
}

/// Sums of a point of prime order and each point of small order.
#[test]
fn small_order_components() {
    use curve25519_dalek::{EdwardsPoint, constants::EIGHT_TORSION, scalar::Scalar};
    for torsion in EIGHT_TORSION {
        let point = EdwardsPoint::mul_base(&Scalar::from(123_456_789_u64)) + torsion;
        check::<X25519>(&[vec![7; 32], vec![0xf3; 32], vec![0x1c; 32]], point.to_montgomery().as_bytes());
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    // a random u is on the curve or on the twist with equal probability; most have a small-order
    // component
    #[test]
    fn x25519_on_any_element(factors in factors(32), element in any::<[u8; 32]>()) {
        check::<X25519>(&factors, &element);
    }

    #[test]
    fn x25519_not_canonical(factors in factors(32), low in 0xed_u8..=0xff, high in any::<bool>()) {
        let mut element = [0xff; 32];
        element[0] = low;
        element[31] = if high { 0xff } else { 0x7f };
        check::<X25519>(&factors, &element);
    }

    #[test]
    fn x25519_on_honest_keys(factors in factors(32), key in any::<[u8; 32]>()) {
        check::<X25519>(&factors, PrivateKey::<X25519>::from_bytes(key).public_key().as_bytes());
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(12))]

    #[test]
    fn x448_on_any_element(factors in factors(56), element in any::<[u8; 28]>(), high in any::<[u8; 28]>()) {
        let element: [u8; 56] = [element, high].concat().try_into().unwrap();
        check::<X448>(&factors, &element);
    }

    #[test]
    fn x448_not_canonical(factors in factors(56), low in any::<[u8; 28]>()) {
        let mut element = [0xff; 56];
        element[..28].copy_from_slice(&low);
        check::<X448>(&factors, &element);
    }
}
