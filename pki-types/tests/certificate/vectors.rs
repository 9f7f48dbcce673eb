//! The reference's certificate vectors.

use base64ct::{Base64, Encoding as _};
use mixwell_pki_types::{
    Certificate, Epoch, SignError, SignatureScheme, SigningKey, VerifyError, VerifyingKey,
    cbor::{BufferTooSmall, Item, Writer},
    certify, scheme,
};
use mixwell_vectors::{Hex, ReplayRng, load};
use serde::Deserialize;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Test {
    scheme: String,
    certificate: Hex,
    certified: Hex,
    expiration: u64,
    keys: Vec<Key>,
    deterministic: Option<bool>,
    good: Option<usize>,
    bad: Option<usize>,
    bad_key: Option<usize>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Key {
    private_key: Hex,
    public_key: Hex,
    public_pem: String,
    key_hash: Hex,
}

/// The schemes of this build; vectors of other schemes are skipped.
fn known(test: &Test) -> Option<&'static dyn SignatureScheme> {
    let found = scheme(&test.scheme);
    assert!(found.is_some() || !cfg!(feature = "sphincs"), "no scheme {}", test.scheme);
    found
}

fn canonical(bytes: &[u8]) -> Vec<u8> {
    let mut out = vec![0; bytes.len()];
    let mut writer = Writer::new(&mut out);
    writer.canonical(Item::parse(bytes).unwrap());
    let len = writer.finish().unwrap();
    out.truncate(len);
    out
}

#[test]
fn vectors() {
    for vector in load::<Test>("certificate") {
        let (name, test) = (vector.name, vector.test);
        let Some(scheme) = known(&test) else { continue };
        let keys: Vec<_> = test.keys.iter().map(|key| VerifyingKey::new(scheme, &key.public_key).unwrap()).collect();
        for (key, verifying) in test.keys.iter().zip(&keys) {
            assert_eq!(verifying.hash().0, key.key_hash[..], "{name}");
            SigningKey::new(&key.private_key, *verifying).unwrap();
            assert_eq!(public_of_pem(&key.public_pem, scheme), key.public_key[..], "{name}");
        }
        let certificate = Certificate::parse(&test.certificate).unwrap();
        assert_eq!(certificate.key_type(), test.scheme, "{name}");
        assert_eq!(certificate.expiration(), Epoch(test.expiration), "{name}");
        assert_eq!(certificate.unverified_payload(), &test.certified[..], "{name}");
        assert_eq!(certificate.signers().count(), keys.len(), "{name}");
        assert_eq!(canonical(&test.certificate), test.certificate[..], "{name}");

        let last = Epoch(test.expiration - 1);
        if let Some(bad_key) = test.bad_key {
            let (good, bad) = (test.good.unwrap(), test.bad.unwrap());
            let verified = certificate.verify_threshold(&keys, good, last).unwrap();
            assert_eq!(verified.payload(), &test.certified[..], "{name}");
            assert_eq!(
                (verified.good().len(), verified.bad().len(), verified.missing().len()),
                (good, bad, 0),
                "{name}"
            );
            assert!(verified.bad().contains(bad_key) && !verified.good().contains(bad_key), "{name}");
            let not_met = VerifyError::ThresholdNotMet { good, bad, missing: 0, threshold: good + 1 };
            assert_eq!(certificate.verify_threshold(&keys, good + 1, last).unwrap_err(), not_met, "{name}");
            let signer = keys[bad_key].hash();
            assert_eq!(
                certificate.verify_all(&keys, last).unwrap_err(),
                VerifyError::BadSignature { signer },
                "{name}"
            );
        } else {
            let verified = certificate.verify_all(&keys, last).unwrap();
            assert_eq!(verified.payload(), &test.certified[..], "{name}");
            for key in &keys {
                certificate.verify(key, last).unwrap();
            }
        }
        if let Some(deterministic) = test.deterministic {
            assert_eq!(deterministic, scheme.name() == "Ed25519", "{name}");
        }
        if test.deterministic == Some(true) {
            assert_eq!(signed_again(&test, scheme), test.certificate[..], "{name}");
        }
    }
}

/// The key in a PEM text whose labels carry the scheme's name.
fn public_of_pem(pem: &str, scheme: &dyn SignatureScheme) -> Vec<u8> {
    let label = format!("{} PUBLIC KEY", scheme.name().to_uppercase());
    let body = pem.strip_prefix(&format!("-----BEGIN {label}-----\n")).unwrap();
    let body = body.trim_end().strip_suffix(&format!("\n-----END {label}-----")).unwrap();
    Base64::decode_vec(&body.replace('\n', "")).unwrap()
}

/// Signs with each key in turn, without drawing randomness.
fn signed_again(test: &Test, scheme: &dyn SignatureScheme) -> Vec<u8> {
    let mut rng = ReplayRng::new(&[]);
    let mut signed = Vec::new();
    for key in &test.keys {
        let key = SigningKey::new(&key.private_key, VerifyingKey::new(scheme, &key.public_key).unwrap()).unwrap();
        let mut sign = |out: &mut [u8]| match &signed[..] {
            [] => certify(&test.certified, Epoch(test.expiration), &key, &mut rng, out),
            signed => Certificate::parse(signed).unwrap().add_own_signature(&key, Epoch(0), &mut rng, out),
        };
        let Err(SignError::Buffer(BufferTooSmall { need, have: 0 })) = sign(&mut []) else { panic!("fits in nothing") };
        let mut out = vec![0; need];
        assert_eq!(sign(&mut out), Ok(need));
        signed = out;
    }
    signed
}
