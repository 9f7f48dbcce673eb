//! Malformed and mismatched keys, and the signatures that Ed25519 accepts.

use crate::pair::{Pair, rng};
use mixwell_pki_types::{Ed25519, Encoding, SchemeError, SignatureScheme, SigningKey, VerifyingKey};

#[test]
fn keys_of_wrong_length_or_pair() {
    let (one, two) = (Pair::new(&Ed25519, 1), Pair::new(&Ed25519, 2));
    let length = |of, want, got| SchemeError::Length { of, want, got };
    assert_eq!(VerifyingKey::new(&Ed25519, &[0; 31]).unwrap_err(), length(Encoding::PublicKey, 32, 31));
    assert_eq!(SigningKey::new(&one.private[1..], one.verifying()).unwrap_err(), length(Encoding::PrivateKey, 64, 63));
    assert_eq!(SigningKey::new(&one.private, two.verifying()).unwrap_err(), SchemeError::Key);
    // a private key that carries another key's public half must never sign
    let mixed = [&one.private[..32], &two.public].concat();
    assert_eq!(SigningKey::new(&mixed, two.verifying()).unwrap_err(), SchemeError::Key);
    assert_eq!(Ed25519.sign(&mixed, &[b"m"], &mut rng(0), &mut [0; 64]), Err(SchemeError::Key));
    let shown = format!("{:?}", one.signing());
    assert_eq!(shown, format!("SigningKey(Ed25519, {}, ..)", one.verifying().hash()));
}

#[test]
fn ed25519_accepts_what_go_accepts() {
    // A of small order (the identity), R the identity, S zero: satisfies the verification equation
    // for any message
    let mut public = [0; 32];
    public[0] = 1;
    let mut signature = [0; 64];
    signature[0] = 1;
    assert_eq!(Ed25519.verify(&public, &[b"any"], &signature), Ok(()));
    // the same with S not reduced (S = the group order), or R not canonical (1 + p)
    let order = "edd3f55c1a631258d69cf7a2def9de1400000000000000000000000000000010";
    let mut large = signature;
    for (byte, pair) in large[32..].iter_mut().zip(order.as_bytes().chunks(2)) {
        *byte = u8::from_str_radix(core::str::from_utf8(pair).unwrap(), 16).unwrap();
    }
    assert_eq!(Ed25519.verify(&public, &[b"any"], &large), Err(SchemeError::Signature));
    let mut long = [0xff; 64];
    (long[0], long[31]) = (0xee, 0x7f);
    long[32..].fill(0);
    assert_eq!(Ed25519.verify(&public, &[b"any"], &long), Err(SchemeError::Signature));
}
