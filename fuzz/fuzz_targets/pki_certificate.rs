//! Certificates from scratch, or a valid one with bytes changed. None verifies that was not signed,
//! and each one that parses can be signed again.
#![no_main]

#[allow(dead_code)]
#[path = "../../pki-types/tests/common/network.rs"]
mod network;

use libfuzzer_sys::fuzz_target;
use mixwell_pki_types::{Certificate, KeyHash, SignError};
use network::{EPOCH, Pair};
use rand_chacha::{ChaCha20Rng, rand_core::SeedableRng};
use std::sync::LazyLock;

const PAYLOAD: &[u8] = b"payload";

static PAIRS: LazyLock<[Pair; 3]> = LazyLock::new(|| [1, 2, 3].map(Pair::new));
static GOOD: LazyLock<Vec<u8>> = LazyLock::new(|| network::certificate(PAYLOAD, &PAIRS[..2]));

fuzz_target!(|input: (bool, Vec<(u16, u8)>, &[u8])| {
    let (from_scratch, changes, rest) = input;
    let mut bytes = if from_scratch { Vec::new() } else { GOOD.clone() };
    bytes.extend(rest);
    for (at, change) in changes {
        if let Some(byte) = bytes.get_mut(usize::from(at)) {
            *byte ^= change;
        }
    }
    let Ok(certificate) = Certificate::parse(&bytes) else { return };
    let keys = [0, 1, 2].map(|n: usize| PAIRS[n].verifying());
    if let Ok(verified) = certificate.verify_threshold(&keys, 1, EPOCH) {
        assert_eq!((verified.payload(), verified.key_type()), (PAYLOAD, "Ed25519"));
        assert!(!verified.good().contains(2));
        assert_eq!(verified.good().len() + verified.bad().len() + verified.missing().len(), 3);
        for (index, key) in keys.iter().enumerate() {
            assert_eq!(certificate.verify(key, EPOCH).is_ok(), verified.good().contains(index));
        }
    }
    for signer in certificate.signers() {
        assert!(certificate.signature_by(signer).is_some());
    }

    let mut out = vec![0; bytes.len() + 400];
    let mut rng = ChaCha20Rng::from_seed([0; 32]);
    match certificate.add_own_signature(&PAIRS[2].signing(), EPOCH, &mut rng, &mut out) {
        Ok(len) => {
            let signed = Certificate::parse(&out[..len]).expect("what is written is read");
            assert_eq!(
                signed.verify(&keys[2], EPOCH).expect("just signed").payload(),
                certificate.unverified_payload()
            );
            let mut before: Vec<KeyHash> = certificate.signers().chain([keys[2].hash()]).collect();
            before.sort_unstable();
            assert!(signed.signers().eq(before));
            assert_eq!(signed.expiration(), certificate.expiration());
        }
        Err(SignError::Expired { expiration, .. }) => assert!(expiration <= EPOCH),
        Err(SignError::KeyType) => assert_ne!(certificate.key_type(), "Ed25519"),
        Err(error) => assert_eq!(error, SignError::DuplicateSignature { signer: keys[2].hash() }),
    }
});
