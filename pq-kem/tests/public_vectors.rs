//! The public vectors: Wycheproof's for X25519, X448 and ML-KEM-768, the draft's for X-Wing.
#![cfg(all(feature = "hazmat", feature = "x448", feature = "xwing"))]
#![allow(
    missing_docs,
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    clippy::integer_division_remainder_used,
    clippy::similar_names,
    reason = "a test"
)]

use mixwell_pq_kem::{
    ByteArray, Kem, MlKem768, Nike, X448, X25519, XWing,
    hazmat::DeterministicKem,
    kem::{Ciphertext, KeyError, PublicKey, Seed, SharedSecret},
    nike::{self, LowOrder, PreparedKey, Product},
};
use mixwell_vectors::Hex;
use proptest::prelude::*;
use serde::Deserialize;
use wycheproof::{TestResult, mlkem, xdh};

fn xdh<N: Nike>(name: xdh::TestName) {
    let mut checked = 0;
    for group in xdh::TestSet::load(name).unwrap().test_groups {
        for test in group.tests {
            // inputs of another length cannot become a key
            let Some(public) = N::PublicBytes::from_slice(&test.public_key) else { continue };
            let private = nike::PrivateKey::<N>::from_bytes(*N::PrivateBytes::from_slice(&test.private_key).unwrap());
            let public = nike::PublicKey::<N>::from_bytes(*public);
            let shared = private.exchange(&public);
            let prepared = N::Prepared::new(&public).exchange(&private);
            let product = N::Product::new(&private).exchange(&public);
            if test.shared_secret.iter().all(|byte| *byte == 0) {
                assert_eq!(shared.err(), Some(LowOrder), "test {}", test.tc_id);
                assert_eq!(prepared.err(), Some(LowOrder), "test {}", test.tc_id);
                assert_eq!(product.err(), Some(LowOrder), "test {}", test.tc_id);
            } else {
                assert_eq!(shared.unwrap().as_bytes().as_ref(), &test.shared_secret[..], "test {}", test.tc_id);
                assert_eq!(prepared.unwrap().as_bytes().as_ref(), &test.shared_secret[..], "test {}", test.tc_id);
                assert_eq!(product.unwrap().as_bytes().as_ref(), &test.shared_secret[..], "test {}", test.tc_id);
            }
            checked += 1;
        }
    }
    assert!(checked > 450, "{checked}");
}

#[test]
fn wycheproof_x25519() {
    xdh::<X25519>(xdh::TestName::X25519);
}

#[test]
fn wycheproof_x448() {
    xdh::<X448>(xdh::TestName::X448);
}

#[test]
fn wycheproof_ml_kem() {
    use mlkem::TestName::{MlKem768 as Decapsulate, MlKem768Encaps as Encapsulate, MlKem768KeyGenSeed as KeyGen};
    let (mut keys, mut decapsulated, mut encapsulated, mut refused) = (0, 0, 0, 0);
    for group in
        [Decapsulate, Encapsulate, KeyGen].into_iter().flat_map(|name| mlkem::TestSet::load(name).unwrap().test_groups)
    {
        for test in group.tests {
            let field = |field: &Option<wycheproof::ByteString>| field.as_ref().map(|bytes| bytes.to_vec());
            let (seed, public) = (field(&test.seed), field(&test.encaps_key));
            let (random, ciphertext, secret) = (field(&test.msg), field(&test.ct), field(&test.shared_secret));
            if let Some(seed) = seed.as_deref().and_then(<[u8; 64]>::from_slice) {
                let private = MlKem768::from_seed(&Seed::from_bytes(*seed));
                let derived = private.public_key().unwrap();
                if let Some(public) = &public {
                    assert_eq!(derived.as_bytes()[..], public[..], "test {}", test.tc_id);
                    keys += 1;
                }
                let Some(ciphertext) = ciphertext.as_deref().and_then(<[u8; 1088]>::from_slice) else { continue };
                let mut shared = SharedSecret::<MlKem768>::default();
                let key = private.expand().unwrap();
                MlKem768::decapsulate(&key, &Ciphertext::from_bytes(*ciphertext), &mut shared).unwrap();
                let equal = secret.is_some_and(|secret| shared.as_bytes()[..] == secret[..]);
                assert_eq!(equal, test.result == TestResult::Valid, "test {}", test.tc_id);
                decapsulated += 1;
            } else if let (Some(random), Some(public)) = (random, public) {
                let Some(public) = <[u8; 1184]>::from_slice(&public) else { continue };
                let (mut made, mut shared) = (Ciphertext::default(), SharedSecret::default());
                let public = PublicKey::<MlKem768>::from_bytes(*public);
                let random = random.try_into().unwrap();
                let result = MlKem768::encapsulate_deterministic(&public, &random, &mut made, &mut shared);
                if test.result == TestResult::Invalid {
                    assert_eq!(result, Err(KeyError), "test {}", test.tc_id);
                    refused += 1;
                } else {
                    assert_eq!(result, Ok(()), "test {}", test.tc_id);
                    assert_eq!(made.as_bytes()[..], ciphertext.unwrap()[..], "test {}", test.tc_id);
                    assert_eq!(shared.as_bytes()[..], secret.unwrap()[..], "test {}", test.tc_id);
                    encapsulated += 1;
                }
            }
        }
    }
    assert!(
        keys > 20 && decapsulated > 20 && encapsulated > 20 && refused > 20,
        "{keys} {decapsulated} {encapsulated} {refused}"
    );
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Draft {
    seed: Hex,
    eseed: Hex,
    ss: Hex,
    sk: Hex,
    pk: Hex,
    ct: Hex,
}

/// The vectors of draft-connolly-cfrg-xwing-kem (`spec/test-vectors.json` of its repository).
#[test]
fn xwing_draft() {
    let tests: Vec<Draft> = serde_json::from_str(include_str!("xwing_draft.json")).unwrap();
    assert_eq!(tests.len(), 3);
    for test in tests {
        assert_eq!(test.seed, test.sk);
        let private = XWing::from_seed(&Seed::from_bytes(test.seed.array()));
        let public = private.public_key().unwrap();
        assert_eq!(public.as_bytes()[..], test.pk[..]);
        let (mut ciphertext, mut secret) = (Ciphertext::default(), SharedSecret::default());
        XWing::encapsulate_deterministic(&public, &test.eseed.array(), &mut ciphertext, &mut secret).unwrap();
        assert_eq!(ciphertext.as_bytes()[..], test.ct[..]);
        assert_eq!(secret.as_bytes()[..], test.ss[..]);
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(32))]

    /// The crate `x-wing`, built on `ml-kem` and `x25519-dalek`, is another implementation of both
    /// halves.
    #[test]
    fn xwing_equals_another_implementation(seed: [u8; 32], eseed in any::<[[u8; 32]; 2]>(), flip in any::<Option<usize>>()) {
        use x_wing::{Decapsulate as _, Decapsulator as _, KeyExport as _};
        let theirs = x_wing::DecapsulationKey::from(seed);
        let private = XWing::from_seed(&Seed::from_bytes(seed));
        let public = private.public_key().unwrap();
        prop_assert_eq!(&public.as_bytes()[..], &theirs.encapsulation_key().to_bytes()[..]);

        let random: [u8; 64] = eseed.concat().try_into().unwrap();
        let (mut ciphertext, mut secret) = (Ciphertext::default(), SharedSecret::default());
        XWing::encapsulate_deterministic(&public, &random, &mut ciphertext, &mut secret).unwrap();
        let (their_ciphertext, their_secret) = theirs.encapsulation_key().encapsulate_deterministic(&random.into());
        prop_assert_eq!(&ciphertext.as_bytes()[..], &their_ciphertext[..]);
        prop_assert_eq!(&secret.as_bytes()[..], &their_secret[..]);

        if let Some(flip) = flip {
            ciphertext.as_bytes_mut()[flip % 1120] ^= 1 << (flip % 8);
        }
        XWing::decapsulate(&private.expand().unwrap(), &ciphertext, &mut secret).unwrap();
        let their_secret = theirs.decapsulate_slice(ciphertext.as_bytes()).unwrap();
        prop_assert_eq!(&secret.as_bytes()[..], &their_secret[..]);
    }
}
