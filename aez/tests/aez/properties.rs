//! Properties: agreement with another implementation and between the backends, and that the cipher
//! is a permutation.

use mixwell_aez::{Aez, Backend};
use proptest::{array::uniform16, collection::vec, prelude::*};

/// Another implementation, also written from the paper alone.
#[cfg(any(target_arch = "aarch64", target_arch = "x86", target_arch = "x86_64"))]
fn zears(key: &[u8; 48], nonce: &[u8; 16], message: &[u8]) -> Vec<u8> {
    let mut out = message.to_vec();
    zears::Aez::new(key).encrypt_inplace(nonce, &[], 0, &mut out);
    out
}

/// Our own reference, where that implementation does not build.
#[cfg(not(any(target_arch = "aarch64", target_arch = "x86", target_arch = "x86_64")))]
fn zears(key: &[u8; 48], nonce: &[u8; 16], message: &[u8]) -> Vec<u8> {
    let mut out = message.to_vec();
    crate::reference::Reference::new(key).encipher(nonce, &mut out, false);
    out
}

fn encrypted(aez: &Aez, nonce: &[u8; 16], message: &[u8]) -> Vec<u8> {
    let mut out = message.to_vec();
    aez.encrypt(nonce, &mut out);
    out
}

fn on_every_backend(key: &[u8; 48]) -> Vec<Aez> {
    Backend::available().map(|backend| Aez::with_backend(key, backend).unwrap()).collect()
}

fn check(key: &[u8; 48], nonce: &[u8; 16], message: &[u8]) {
    let want = zears(key, nonce, message);
    for aez in on_every_backend(key) {
        let mut data = encrypted(&aez, nonce, message);
        assert_eq!(data, want, "{} bytes on {:?}", message.len(), aez.backend());
        aez.decrypt(nonce, &mut data);
        assert_eq!(data, message, "{} bytes on {:?}", message.len(), aez.backend());
    }
}

#[test]
fn every_short_length() {
    let bytes: Vec<u8> = (0..600_u32).map(|i| (i.wrapping_mul(0x9e37_79b9) >> 24) as u8).collect();
    for length in 0..=bytes.len() {
        check(&core::array::from_fn(|i| bytes[i + 7]), &core::array::from_fn(|i| bytes[i + 99]), &bytes[..length]);
    }
}

#[test]
fn some_long_lengths() {
    let bytes: Vec<u8> = (0..100_003_u32).map(|i| (i.wrapping_mul(0x85eb_ca6b) >> 21) as u8).collect();
    for length in [4095, 4096, 30_720, 32_767, 65_536, 100_003] {
        check(&[0xa5; 48], &[0x5a; 16], &bytes[..length]);
    }
}

/// Messages so short that all of them can be checked.
#[test]
fn tiny_messages_are_permuted() {
    for aez in on_every_backend(&[3; 48]) {
        let mut seen: Vec<Vec<u8>> = (0..=255).map(|byte| encrypted(&aez, &[4; 16], &[byte])).collect();
        seen.sort();
        assert!(seen.iter().map(|one| one[0]).eq(0..=255), "{:?}", aez.backend());
    }
}

proptest! {
    #[test]
    fn as_zears(key in vec(any::<u8>(), 48), nonce in uniform16(any::<u8>()), message in vec(any::<u8>(), 0..2000)) {
        check(&key.try_into().unwrap(), &nonce, &message);
    }

    #[test]
    fn a_change_anywhere_changes_everything(
        key in vec(any::<u8>(), 48),
        nonce in uniform16(any::<u8>()),
        message in vec(any::<u8>(), 64..300),
        place in any::<prop::sample::Index>(),
        bit in 0..8,
    ) {
        let key = key.try_into().unwrap();
        for aez in on_every_backend(&key) {
            let mut data = encrypted(&aez, &nonce, &message);
            data[place.index(message.len())] ^= 1_u8 << bit;
            aez.decrypt(&nonce, &mut data);
            // one byte in 256 is unchanged by chance, but never eight in a row here
            for (block, was) in data.chunks_exact(8).zip(message.chunks_exact(8)) {
                prop_assert_ne!(block, was);
            }
        }
    }

    #[test]
    fn nonces_and_keys_matter(
        key in vec(any::<u8>(), 48),
        nonce in uniform16(any::<u8>()),
        message in vec(any::<u8>(), 16..100),
        place in 0_usize..64,
        bit in 0..8,
    ) {
        let (mut other_key, mut other_nonce): ([u8; 48], _) = (key.clone().try_into().unwrap(), nonce);
        match place.checked_sub(48) {
            None => other_key[place] ^= 1_u8 << bit,
            Some(place) => other_nonce[place] ^= 1_u8 << bit,
        }
        let first = encrypted(&Aez::new(&key.try_into().unwrap()), &nonce, &message);
        prop_assert_ne!(first, encrypted(&Aez::new(&other_key), &other_nonce, &message));
    }
}
