//! Keys of every scheme from slices of every length.
#![cfg(feature = "pem")]
#![allow(
    missing_docs,
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    reason = "a test"
)]

use core::{fmt::Debug, ptr};
use mixwell_pq_kem::{
    ByteArray, KEMS, Kem, KeyKind, KeyLength, NIKES, Nike, WithKem, WithNike, kem, nike, with_kem, with_nike,
};

/// Reads a key from slices of its own length and of others around it.
fn lengths<K, B: ByteArray>(scheme: &'static str, kind: KeyKind)
where
    K: for<'a> TryFrom<&'a [u8], Error = KeyLength> + AsRef<[u8]> + Debug,
{
    let bytes: Vec<u8> = (0..=250).cycle().take(B::LEN + 2).collect();
    for len in [0, 1, B::LEN - 1, B::LEN, B::LEN + 1, B::LEN + 2] {
        match K::try_from(&bytes[..len]) {
            Ok(key) => assert_eq!((key.as_ref(), len), (&bytes[..B::LEN], B::LEN)),
            Err(error) => {
                assert_ne!(len, B::LEN);
                assert_eq!(error, KeyLength { scheme, kind, got: len, want: B::LEN });
            }
        }
    }
}

/// A reference is to the bytes themselves.
fn in_place<'a, K: 'a>(bytes: &'a [u8])
where
    &'a K: TryFrom<&'a [u8], Error: Debug>,
{
    let key = <&K>::try_from(bytes).unwrap();
    assert_eq!(ptr::from_ref(key).cast::<u8>(), bytes.as_ptr());
    assert!(<&K>::try_from(&bytes[1..]).is_err());
}

struct Check;

impl WithNike for Check {
    type Output = ();

    fn with<N: Nike>(self) {
        lengths::<nike::PublicKey<N>, N::PublicBytes>(N::NAME, KeyKind::PublicKey);
        lengths::<nike::PrivateKey<N>, N::PrivateBytes>(N::NAME, KeyKind::PrivateKey);
        in_place::<nike::PublicKey<N>>(N::PublicBytes::ZERO.as_ref());
    }
}

impl WithKem for Check {
    type Output = ();

    fn with<K: Kem>(self) {
        lengths::<kem::PublicKey<K>, K::PublicBytes>(K::NAME, KeyKind::PublicKey);
        lengths::<kem::Ciphertext<K>, K::CiphertextBytes>(K::NAME, KeyKind::Ciphertext);
        lengths::<kem::PrivateKey<K>, K::PrivateBytes>(K::NAME, KeyKind::PrivateKey);
        lengths::<kem::Seed<K>, K::SeedBytes>(K::NAME, KeyKind::Seed);
        in_place::<kem::PublicKey<K>>(K::PublicBytes::ZERO.as_ref());
        in_place::<kem::Ciphertext<K>>(K::CiphertextBytes::ZERO.as_ref());
    }
}

#[test]
fn every_scheme() {
    for scheme in NIKES {
        with_nike(scheme.name, Check).unwrap();
    }
    for scheme in KEMS {
        with_kem(scheme.name, Check).unwrap();
    }
    assert_eq!((NIKES.len(), KEMS.len()), (2, 6));
}

#[test]
fn the_error_names_both_lengths() {
    let error = KeyLength { scheme: "x25519", kind: KeyKind::PublicKey, got: 31, want: 32 };
    assert_eq!(error.to_string(), "x25519 public key is 31 bytes, want 32");
}
