//! X448 packets whose group element no honest sender produces: points of small order, which are
//! rejected, and other points, which are accepted.

use crate::forge::{Forgery, forge};
use mixwell_pq_kem::{
    Nike, X448,
    nike::{PrivateKey, PublicKey},
};
use mixwell_sphinx::{Action, Geometry, OpenError, Sphinx};

const NEXT_NODE_HOP: [u8; 65] = [1; 65];

/// p + `small` for p = 2^448 − 2^224 − 1; `small` may be negative.
fn p_and(small: i16) -> [u8; 56] {
    let mut bytes = [0xff; 56];
    bytes[28] = 0xfe;
    let mut carry = i32::from(small);
    for byte in &mut bytes {
        carry += i32::from(*byte);
        [*byte, ..] = carry.to_le_bytes();
        carry >>= 8;
    }
    bytes
}

fn small(u: u8) -> [u8; 56] {
    let mut bytes = [0; 56];
    bytes[0] = u;
    bytes
}

fn sphinx() -> Sphinx<X448> {
    Sphinx::new(Geometry::of::<X448>(5, 100, true).unwrap()).unwrap()
}

fn key() -> PrivateKey<X448> {
    PrivateKey::from_bytes([7; 56])
}

#[test]
fn the_prime_is_written_right() {
    // 2^448 − 2^224 − 1 has all bits set but bit 224; adding one carries through the whole lower
    // half
    let p = p_and(0);
    assert_eq!((p[..28] == [0xff; 28], p[28], p[29..] == [0xff; 27]), (true, 0xfe, true));
    let mut next = [0xff; 56];
    next[..28].fill(0);
    assert_eq!(p_and(1), next);
}

/// 0, of order two, and ±1, of order four on the curve and on its twist; also plus p where the sum
/// fits into 448 bits (RFC 7748 §6.2's warning).
#[test]
fn every_group_element_of_small_order() {
    for element in [small(0), small(1), p_and(-1), p_and(0), p_and(1)] {
        // the MAC is valid: an attacker can compute it, because the shared secret is all zeros
        let forgery = Forgery { element: &element, secret: &[0; 56], block: &NEXT_NODE_HOP, tag: [0; 32] };
        let sent = forge(sphinx().geometry(), &forgery);
        let mut packet = sent.clone();
        assert_eq!(sphinx().open(&mut packet, &key()).err(), Some(OpenError::GroupElement), "{element:?}");
        assert!(packet == sent, "untouched");
        assert!(X448::exchange(&key(), &PublicKey::from_bytes(element)).is_err());
    }
}

/// Points of the curve, points of its twist, and numbers above p, which are reduced.
#[test]
fn group_elements_that_no_honest_sender_makes_are_taken_as_x448_takes_them() {
    let elements = [2, 3, 4, 5, 6, 7].map(|u| (small(u), small(u)));
    let above = [2, 3, 9, 200].map(|u| (p_and(i16::from(u)), small(u)));
    for (element, canonical) in elements.into_iter().chain(above) {
        let secret = X448::exchange(&key(), &PublicKey::from_bytes(canonical)).unwrap();
        let next = |element: &[u8; 56]| {
            let forgery = Forgery { element, secret: secret.as_bytes(), block: &NEXT_NODE_HOP, tag: [0; 32] };
            let mut packet = forge(sphinx().geometry(), &forgery);
            let action = sphinx().open(&mut packet, &key()).unwrap().finish();
            assert!(matches!(action, Ok(Action::Forward { .. })), "{action:?}");
            packet[2..58].to_vec()
        };
        // the same point gives the same blinded element
        assert_eq!(next(&element), next(&canonical));
        assert_ne!(next(&element), element);
        assert_ne!(next(&element), [0; 56]);
    }
}
