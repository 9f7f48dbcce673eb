//! Comparison with the crates `hmac` and `hkdf`.

use hkdf::Hkdf;
use hmac::{Hmac, KeyInit, Mac};
use mixwell_sha256::{Backend, hkdf_expand, hkdf_expand_each, hkdf_expand_each_by, hmac, hmac_each, hmac_each_by};
use proptest::{collection::vec, prelude::*};
use sha2::Sha256;

fn hmac_by_crate(key: &[u8], message: &[u8]) -> [u8; 32] {
    Hmac::<Sha256>::new_from_slice(key).unwrap().chain_update(message).finalize().into_bytes().into()
}

fn bytes(seed: usize, len: usize) -> Vec<u8> {
    (0..len).map(|i| ((i ^ seed.wrapping_mul(0x9e37)).wrapping_mul(0x85eb_ca6b) >> 13) as u8).collect()
}

/// Every length around the ends of blocks, and every number of messages around the numbers of
/// lanes.
#[test]
fn hmac_of_every_length_and_number() {
    for len in (0..=200).chain([511, 512, 1000, 5903]) {
        let keys: Vec<_> = (0..17).map(|n| bytes(n, 32)).collect();
        let messages: Vec<_> = (0..17).map(|n| bytes(n + 100, len)).collect();
        let keys: Vec<&[u8]> = keys.iter().map(Vec::as_slice).collect();
        let parts: Vec<_> = messages.iter().map(|message| [message.as_slice()]).collect();
        let want: Vec<_> = keys.iter().zip(&messages).map(|(key, message)| hmac_by_crate(key, message)).collect();
        for count in [1, 2, 3, 7, 8, 9, 15, 16, 17] {
            for backend in Backend::available().map(Some).chain([None]) {
                let mut tags = vec![[0xaa; 32]; 17];
                assert!(hmac_each_by(backend, &keys[..count], &parts, &mut tags));
                assert_eq!(tags[..count], want[..count], "{count} of {len} bytes by {backend:?}");
                assert!(tags[count..].iter().all(|tag| *tag == [0xaa; 32]), "unused outputs are unchanged");
            }
        }
        let mut tag = [0; 32];
        hmac(keys[3], [&messages[3][..]], &mut tag);
        assert_eq!(tag, want[3]);
    }
}

/// Messages in parts of different lengths, and keys of different lengths.
#[test]
fn messages_that_differ() {
    let lens =
        [[2, 32, 410], [2, 32, 410], [2, 32, 410], [2, 32, 411], [0, 0, 0], [64, 64, 64], [64, 64, 64], [1, 63, 65]];
    let keys: Vec<_> = [0, 1, 32, 63, 64, 65, 100, 32].iter().map(|len| bytes(*len, *len)).collect();
    let messages: Vec<_> = (0..).zip(lens).map(|(n, lens)| lens.map(|len| bytes(n, len))).collect();
    let keys: Vec<&[u8]> = keys.iter().map(Vec::as_slice).collect();
    let parts: Vec<_> = messages.iter().map(|message| message.each_ref().map(Vec::as_slice)).collect();
    let want: Vec<_> = keys.iter().zip(&messages).map(|(key, message)| hmac_by_crate(key, &message.concat())).collect();
    for backend in Backend::available() {
        let mut tags = [[0; 32]; 8];
        assert!(hmac_each_by(Some(backend), &keys, &parts, &mut tags));
        assert_eq!(tags[..], want, "{backend:?}");
    }
    let mut tags = [[0; 32]; 8];
    hmac_each(&keys, &parts, &mut tags);
    assert_eq!(tags[..], want);
}

#[test]
fn nothing_is_a_batch() {
    hmac_each::<1>(&[], &[], &mut []);
    hkdf_expand_each::<5>(&[], b"info", &mut []);
    assert!(hmac_each_by::<0>(Some(Backend::Sha2), &[b"key"], &[[]], &mut [[0; 32]]));
}

proptest! {
    #[test]
    fn hkdf_as_the_crate(keys in vec(vec(any::<u8>(), 0..70), 1..20), info in vec(any::<u8>(), 0..150)) {
        let slices: Vec<&[u8]> = keys.iter().map(Vec::as_slice).collect();
        let want: Vec<[[u8; 32]; 5]> = keys.iter().map(|key| {
            // the crate requires a key of at least the hash length; HMAC's zero padding makes the
            // longer key equivalent
            let mut padded = key.clone();
            padded.resize(key.len().max(32), 0);
            let mut out = [0; 160];
            Hkdf::<Sha256>::from_prk(&padded).unwrap().expand(&info, &mut out).unwrap();
            out.as_chunks().0.try_into().unwrap()
        }).collect();
        for backend in Backend::available().map(Some).chain([None]) {
            let mut expanded = vec![[[0; 32]; 5]; keys.len()];
            prop_assert!(hkdf_expand_each_by(backend, &slices, &info, &mut expanded));
            prop_assert_eq!(&expanded, &want, "{:?}", backend);
        }
        let mut expanded = [[0; 32]; 5];
        hkdf_expand(slices[0], &info, &mut expanded);
        prop_assert_eq!(expanded, want[0]);
    }
}
