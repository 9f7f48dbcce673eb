//! SPHINCS+: only the signed message verifies, and only with the key that signed it.
#![no_main]

use libfuzzer_sys::fuzz_target;
use mixwell_pki_types::{Certificate, SchemeError, SignatureScheme, Sphincs};
use mixwell_vectors::{Hex, load};
use std::sync::LazyLock;

#[derive(serde::Deserialize)]
struct Test {
    scheme: String,
    certificate: Hex,
    certified: Hex,
    expiration: u64,
    keys: Vec<Key>,
}

#[derive(serde::Deserialize)]
struct Key {
    public_key: Hex,
}

/// A public key, a message and its signature from the reference: the second half of a hybrid
/// certificate's.
static SIGNED: LazyLock<([u8; 64], Vec<u8>, Vec<u8>)> = LazyLock::new(|| {
    let tests = load::<Test>("certificate").into_iter().map(|vector| vector.test);
    let test = tests.into_iter().find(|test| test.scheme == "Ed25519 Sphincs+").expect("there is one");
    let certificate = Certificate::parse(&test.certificate).expect("a certificate");
    let public = &test.keys[0].public_key;
    let signature = certificate.signature_by(mixwell_pki_types::KeyHash::of(public)).expect("it signed");
    let head = [&[0; 4][..], &test.expiration.to_le_bytes(), test.scheme.as_bytes()].concat();
    let message = [&head[..], &test.certified].concat();
    (*public.last_chunk().expect("64 bytes"), message, signature[signature.len() - Sphincs.signature_len()..].to_vec())
});

fuzz_target!(|input: (Vec<(u16, u8)>, [u8; 4], Vec<u8>, i8)| {
    let (changes, key, more, length) = input;
    let (mut public, message, mut signature) = SIGNED.clone();
    for (at, change) in changes {
        if let Some(byte) = signature.get_mut(usize::from(at)) {
            *byte ^= change;
        }
    }
    public.iter_mut().zip(key).for_each(|(byte, change)| *byte ^= change);
    let len = signature.len().saturating_add_signed(length.into());
    signature.resize(len, 0);

    let want = if len != Sphincs.signature_len() {
        assert!(
            matches!(Sphincs.verify(&public, &[&message], &signature), Err(SchemeError::Length { got, .. }) if got == len)
        );
        return;
    } else if public == SIGNED.0 && signature == SIGNED.2 && more.is_empty() {
        Ok(())
    } else {
        Err(SchemeError::Signature)
    };
    assert_eq!(Sphincs.verify(&public, &[&message, &more], &signature), want);
});
