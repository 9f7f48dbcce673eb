//! The strictness of the PEM reader.
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
    X448, X25519,
    nike::{PrivateKey, PublicKey},
    pem::{PemError, decode, encode, encoded_len},
};
use proptest::prelude::*;

const TEXT: &str = "-----BEGIN X448 PUBLIC KEY-----\n\
    AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA\n\
    AAAAAAAAAAA=\n\
    -----END X448 PUBLIC KEY-----\n";

fn read(text: &str) -> Result<(), PemError> {
    decode::<PublicKey<X448>>(text.as_bytes()).map(|key| assert_eq!(key.as_bytes(), &[0; 56]))
}

#[test]
fn reads_what_it_writes() {
    let mut text = [0; 200];
    let key = PublicKey::<X448>::from_bytes([0; 56]);
    assert_eq!(encode(&key, &mut text), Ok(TEXT));
    assert_eq!(encoded_len::<PublicKey<X448>>(), TEXT.len());
    assert_eq!(read(TEXT), Ok(()));
    assert_eq!(read(TEXT.trim_end()), Ok(()));
    assert_eq!(read(&TEXT.replace('\n', "\r\n")), Ok(()));
}

#[test]
fn every_part_is_checked() {
    assert_eq!(read(""), Err(PemError::Begin));
    assert_eq!(read(&TEXT.to_lowercase()), Err(PemError::Begin));
    assert_eq!(read(&TEXT.replace("BEGIN X448", "BEGIN X25519")), Err(PemError::Begin));
    assert_eq!(read(&TEXT.replace("BEGIN X448 PUBLIC", "BEGIN X448 PRIVATE")), Err(PemError::Begin));
    assert_eq!(read(&format!("\n{TEXT}")), Err(PemError::Begin));
    assert_eq!(read(&TEXT.replace("END X448", "END x448")), Err(PemError::End));
    assert_eq!(read(&format!("{TEXT}\n")), Err(PemError::End));
    assert_eq!(read(&format!("{TEXT}A")), Err(PemError::End));
    assert_eq!(read(&TEXT.replacen("AAAA", "AAA", 1)), Err(PemError::Body { line: 1 }));
    assert_eq!(read(&TEXT.replacen("AAAA", "AA-A", 1)), Err(PemError::Body { line: 1 }));
    assert_eq!(read(&TEXT.replace("AA=", "AAA")), Err(PemError::Body { line: 2 }));
    // non-zero bits after the last byte
    assert_eq!(read(&TEXT.replace("AA=", "AB=")), Err(PemError::Body { line: 2 }));
    assert_eq!(read(&TEXT.replace("AAA=\n", "AAA=AAAA\n")), Err(PemError::Body { line: 2 }));
}

#[test]
fn a_short_buffer_is_an_error() {
    let key = PrivateKey::<X25519>::from_bytes([1; 32]);
    let want = encoded_len::<PrivateKey<X25519>>();
    let mut out = vec![0; want];
    assert_eq!(encode(&key, &mut out[1..]), Err(PemError::Room { want, got: want - 1 }));
    assert!(encode(&key, &mut out).is_ok());
}

proptest! {
    #[test]
    fn round_trip(bytes in any::<[u8; 32]>()) {
        let mut text = [0; encoded_len::<PrivateKey<X25519>>()];
        let text = encode(&PrivateKey::<X25519>::from_bytes(bytes), &mut text).unwrap();
        let key = decode::<PrivateKey<X25519>>(text.as_bytes()).unwrap();
        prop_assert_eq!(key.as_bytes(), &bytes);
    }

    #[test]
    fn any_text_is_read_or_refused(at in 0..TEXT.len(), byte in any::<u8>()) {
        let mut text = TEXT.as_bytes().to_vec();
        text[at] = byte;
        if let Ok(key) = decode::<PublicKey<X448>>(&text) {
            let mut again = [0; 200];
            prop_assert_eq!(encode(&key, &mut again).unwrap().as_bytes(), &text[..]);
        }
    }
}
