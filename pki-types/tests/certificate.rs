//! Certificates: the reference's, every operation, every error.
#![allow(
    clippy::arithmetic_side_effects,
    clippy::cast_possible_truncation,
    clippy::integer_division_remainder_used,
    clippy::struct_field_names,
    reason = "a test"
)]
#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic, reason = "a test may panic")]

use mixwell_pki_types::{
    Certificate, CertificateError, DecodeError, Ed25519, Encoding, Epoch, KeyHash, MAX_KEYS, SchemeError, SignError,
    SignatureScheme, SigningKey, VerifyError, VerifyingKey,
    cbor::{BufferTooSmall, CborError, Item, Writer},
    certify, scheme,
};
use mixwell_vectors::{Hex, ReplayRng, load};
use rand_chacha::{ChaCha20Rng, rand_core::SeedableRng};
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

/// The schemes that this build has; a vector of another one is passed over.
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
            assert!(
                key.public_pem.starts_with(&format!("-----BEGIN {} PUBLIC KEY-----", scheme.name().to_uppercase())),
                "{name}"
            );
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
        if test.deterministic == Some(true) {
            assert_eq!(signed_again(&test, scheme), test.certificate[..], "{name}");
        }
    }
}

/// Signs by each key in turn, without any randomness.
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

struct Pair {
    private: Vec<u8>,
    public: Vec<u8>,
}

impl Pair {
    fn new(scheme: &dyn SignatureScheme, seed: u8) -> Self {
        let mut pair = Self { private: vec![0; scheme.private_len()], public: vec![0; scheme.public_len()] };
        scheme.generate(&mut rng(seed), &mut pair.private, &mut pair.public).unwrap();
        pair
    }

    fn verifying(&self) -> VerifyingKey<'_> {
        VerifyingKey::new(&Ed25519, &self.public).unwrap()
    }

    fn signing(&self) -> SigningKey<'_> {
        SigningKey::new(&self.private, self.verifying()).unwrap()
    }
}

fn rng(seed: u8) -> ChaCha20Rng {
    ChaCha20Rng::from_seed([seed; 32])
}

/// A certificate of `payload` until epoch 10, signed by each.
fn certificate(signers: &[&Pair]) -> Vec<u8> {
    let mut signed = Vec::new();
    for signer in signers {
        let mut out = vec![0; 4096];
        let len = match &signed[..] {
            [] => certify(b"payload", Epoch(10), &signer.signing(), &mut rng(0), &mut out),
            signed => Certificate::parse(signed).unwrap().add_own_signature(
                &signer.signing(),
                Epoch(9),
                &mut rng(0),
                &mut out,
            ),
        }
        .unwrap();
        out.truncate(len);
        signed = out;
    }
    signed
}

#[test]
fn each_error_of_reading() {
    let build = |version: u64, key_type: &str, payload: &[u8]| {
        let mut out = vec![0; 256];
        let mut writer = Writer::new(&mut out);
        writer.map(5).text("KeyType").text(key_type).text("Version").unsigned(version).text("Certified").bytes(payload);
        writer.text("Expiration").unsigned(10).text("Signatures").null();
        let len = writer.finish().unwrap();
        out.truncate(len);
        out
    };
    let error = |bytes: &[u8]| Certificate::parse(bytes).unwrap_err();
    assert!(Certificate::parse(&build(0, "Ed25519", b"p")).is_ok());
    assert_eq!(error(&build(1, "Ed25519", b"p")), CertificateError::Version { got: 1 });
    assert_eq!(error(&build(0, "", b"p")), CertificateError::NoKeyType);
    assert_eq!(error(&build(0, "Ed25519", b"")), CertificateError::NoPayload);
    let kind = |field, want| CertificateError::Decode(DecodeError::Kind { field, want });
    assert_eq!(error(&build(1 << 32, "Ed25519", b"p")), kind("Version", "a number below 2^32"));
    assert_eq!(error(b"\x80"), kind("Certificate", "a map"));
    assert_eq!(error(b"\xa1\x67KeyType\x00"), kind("KeyType", "a text"));
    assert_eq!(error(b"\xa1\x6aSignatures\xa1\x41a\xa0"), kind("Signatures", "32 bytes"));
    let trailing = CborError::Trailing { at: 1, extra: 1 };
    assert_eq!(error(b"\xa0\x00"), CertificateError::Decode(DecodeError::Cbor(trailing)));
}

#[test]
fn each_error_of_verifying() {
    let pairs: Vec<_> = (1..=4).map(|seed| Pair::new(&Ed25519, seed)).collect();
    let bytes = certificate(&[&pairs[0], &pairs[1]]);
    let certificate = Certificate::parse(&bytes).unwrap();
    let keys: Vec<_> = pairs.iter().map(Pair::verifying).collect();
    let (now, signer) = (Epoch(9), keys[2].hash());

    let verified = certificate.verify_threshold(&keys, 2, now).unwrap();
    assert_eq!(format!("{:?} {:?} {:?}", verified.good(), verified.bad(), verified.missing()), "{0, 1} {} {2, 3}");
    let not_met = VerifyError::ThresholdNotMet { good: 2, bad: 0, missing: 2, threshold: 3 };
    assert_eq!(certificate.verify_threshold(&keys, 3, now).unwrap_err(), not_met);
    let range = |threshold, keys| VerifyError::ThresholdRange { threshold, keys };
    assert_eq!(certificate.verify_threshold(&keys, 5, now).unwrap_err(), range(5, 4));
    assert_eq!(certificate.verify_threshold(&keys, 0, now).unwrap_err(), range(0, 4));
    assert_eq!(certificate.verify_threshold(&[], 1, now).unwrap_err(), range(1, 0));
    assert_eq!(certificate.verify_all(&[], now).unwrap_err(), range(0, 0));
    let expired = VerifyError::Expired { expiration: Epoch(10), now: Epoch(10) };
    assert_eq!(certificate.verify_threshold(&keys, 1, Epoch(10)).unwrap_err(), expired);
    assert_eq!(certificate.verify(&keys[0], Epoch(10)).unwrap_err(), expired);
    assert_eq!(certificate.verify(&keys[2], now).unwrap_err(), VerifyError::NotSigned { signer });
    assert_eq!(certificate.verify_all(&keys[1..], now).unwrap_err(), VerifyError::NotSigned { signer });

    // a key that is configured twice counts once
    let twice = [keys[0], keys[0], keys[2]];
    assert_eq!(certificate.verify_threshold(&twice, 3, now).unwrap_err(), range(3, 2));
    let not_met = VerifyError::ThresholdNotMet { good: 1, bad: 0, missing: 1, threshold: 2 };
    assert_eq!(certificate.verify_threshold(&twice, 2, now).unwrap_err(), not_met);

    let many = vec![keys[0]; MAX_KEYS + 1];
    assert_eq!(certificate.verify_threshold(&many, 1, now).unwrap_err(), VerifyError::TooManyKeys { keys: 129 });
    assert!(certificate.verify_threshold(&many[1..], 1, now).is_ok());
}

/// Ed25519 under another name.
#[derive(Debug)]
struct Renamed;

impl SignatureScheme for Renamed {
    fn name(&self) -> &'static str {
        "Renamed"
    }
    fn public_len(&self) -> usize {
        32
    }
    fn private_len(&self) -> usize {
        64
    }
    fn signature_len(&self) -> usize {
        64
    }
    fn generate(
        &self,
        rng: &mut dyn rand_core::CryptoRng,
        private: &mut [u8],
        public: &mut [u8],
    ) -> Result<(), SchemeError> {
        Ed25519.generate(rng, private, public)
    }
    fn check_pair(&self, private: &[u8], public: &[u8]) -> Result<(), SchemeError> {
        Ed25519.check_pair(private, public)
    }
    fn sign(
        &self,
        private: &[u8],
        message: &[&[u8]],
        rng: &mut dyn rand_core::CryptoRng,
        signature: &mut [u8],
    ) -> Result<(), SchemeError> {
        Ed25519.sign(private, message, rng, signature)
    }
    fn verify(&self, public: &[u8], message: &[&[u8]], signature: &[u8]) -> Result<(), SchemeError> {
        Ed25519.verify(public, message, signature)
    }
}

#[test]
fn other_schemes() {
    let pair = Pair::new(&Ed25519, 1);
    let bytes = certificate(&[&pair]);
    let parsed = Certificate::parse(&bytes).unwrap();
    let other = VerifyingKey::new(&Renamed, &pair.public).unwrap();
    assert_eq!(parsed.verify(&other, Epoch(9)).unwrap_err(), VerifyError::KeyType { key: 0 });
    let keys = [pair.verifying(), other];
    assert_eq!(parsed.verify_threshold(&keys, 1, Epoch(9)).unwrap_err(), VerifyError::KeyType { key: 1 });
    let own = SigningKey::new(&pair.private, other).unwrap();
    assert_eq!(parsed.add_own_signature(&own, Epoch(9), &mut rng(0), &mut []).unwrap_err(), SignError::KeyType);

    // an outside scheme signs and verifies as ours do
    let mut out = vec![0; 1024];
    let len = certify(b"payload", Epoch(10), &own, &mut rng(0), &mut out).unwrap();
    let signed = Certificate::parse(&out[..len]).unwrap();
    assert_eq!(signed.verify(&other, Epoch(9)).unwrap().key_type(), "Renamed");
}

#[test]
fn each_error_of_signing() {
    let (one, two) = (Pair::new(&Ed25519, 1), Pair::new(&Ed25519, 2));
    let bytes = certificate(&[&one]);
    let parsed = Certificate::parse(&bytes).unwrap();
    let (signer, now, out) = (one.verifying().hash(), Epoch(9), &mut [0; 1024]);
    assert_eq!(certify(b"", Epoch(10), &one.signing(), &mut rng(0), out).unwrap_err(), SignError::NoPayload);
    let duplicate = SignError::DuplicateSignature { signer };
    assert_eq!(parsed.add_own_signature(&one.signing(), now, &mut rng(0), out).unwrap_err(), duplicate);
    let own = parsed.signature_by(signer).unwrap();
    assert_eq!(parsed.add_signature(&one.verifying(), own, now, out).unwrap_err(), duplicate);
    let expired = SignError::Expired { expiration: Epoch(10), now: Epoch(10) };
    assert_eq!(parsed.add_own_signature(&two.signing(), Epoch(10), &mut rng(0), out).unwrap_err(), expired);
    assert_eq!(
        parsed.add_signature(&two.verifying(), own, now, out).unwrap_err(),
        SignError::Scheme(SchemeError::Signature)
    );
    let length = SchemeError::Length { of: Encoding::Signature, want: 64, got: 63 };
    assert_eq!(parsed.add_signature(&two.verifying(), &own[1..], now, out).unwrap_err(), SignError::Scheme(length));

    // what one adds by itself, another can add from it
    let both = certificate(&[&one, &two]);
    let given = Certificate::parse(&both).unwrap();
    let given = given.signature_by(two.verifying().hash()).unwrap();
    let len = parsed.add_signature(&two.verifying(), given, now, out).unwrap();
    assert_eq!(out[..len], both);
    let room = SignError::Buffer(BufferTooSmall { need: len, have: len - 1 });
    assert_eq!(parsed.add_signature(&two.verifying(), given, now, &mut vec![0; len - 1]).unwrap_err(), room);
}

#[test]
fn keys_of_wrong_length_or_pair() {
    let (one, two) = (Pair::new(&Ed25519, 1), Pair::new(&Ed25519, 2));
    let length = |of, want, got| SchemeError::Length { of, want, got };
    assert_eq!(VerifyingKey::new(&Ed25519, &[0; 31]).unwrap_err(), length(Encoding::PublicKey, 32, 31));
    assert_eq!(SigningKey::new(&one.private[1..], one.verifying()).unwrap_err(), length(Encoding::PrivateKey, 64, 63));
    assert_eq!(SigningKey::new(&one.private, two.verifying()).unwrap_err(), SchemeError::Key);
    // a private key whose public half is another's must never sign
    let mixed = [&one.private[..32], &two.public].concat();
    assert_eq!(SigningKey::new(&mixed, two.verifying()).unwrap_err(), SchemeError::Key);
    assert_eq!(Ed25519.sign(&mixed, &[b"m"], &mut rng(0), &mut [0; 64]), Err(SchemeError::Key));
    let shown = format!("{:?}", one.signing());
    assert_eq!(shown, format!("SigningKey(Ed25519, {}, ..)", one.verifying().hash()));
}

#[test]
fn ed25519_accepts_what_go_accepts() {
    // A of small order (the neutral element), R the neutral element, S zero: good for any message by the equation
    let mut public = [0; 32];
    public[0] = 1;
    let mut signature = [0; 64];
    signature[0] = 1;
    assert_eq!(Ed25519.verify(&public, &[b"any"], &signature), Ok(()));
    // the same with S not reduced (the group order), or R not canonical (1 + p)
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

/// An attacker who fills the map with signatures of strangers makes nobody verify them, nor can it crowd out the real ones.
#[test]
fn strangers_are_passed_over() {
    let pair = Pair::new(&Ed25519, 1);
    let bytes = certificate(&[&pair]);
    let parsed = Certificate::parse(&bytes).unwrap();
    let mut signatures: Vec<(KeyHash, &[u8])> =
        (0..50_000_u32).map(|n| (KeyHash::of(&n.to_be_bytes()), &[0; 64][..])).collect();
    signatures.push((pair.verifying().hash(), parsed.signature_by(pair.verifying().hash()).unwrap()));
    signatures.sort_unstable();
    let mut out = vec![0; 10_000_000];
    let mut writer = Writer::new(&mut out);
    writer.map(5).text("KeyType").text("Ed25519").text("Version").unsigned(0).text("Certified").bytes(b"payload");
    writer.text("Expiration").unsigned(10).text("Signatures").map(signatures.len());
    for (signer, signature) in signatures {
        writer.bytes(&signer.0).map(2).text("Payload").bytes(signature).text("PublicKeySum256").bytes(&signer.0);
    }
    let len = writer.finish().unwrap();
    let crowded = Certificate::parse(&out[..len]).unwrap();
    let verified = crowded.verify_threshold(&[pair.verifying()], 1, Epoch(9)).unwrap();
    assert_eq!((verified.good().len(), verified.bad().len()), (1, 0));
}

#[cfg(feature = "sphincs")]
#[test]
fn sphincs_signs_and_verifies() {
    for name in ["sphincs+", "ED25519 Sphincs+"] {
        let scheme = scheme(name).unwrap();
        let pair = Pair::new(scheme, 3);
        let public = VerifyingKey::new(scheme, &pair.public).unwrap();
        let key = SigningKey::new(&pair.private, public).unwrap();
        let mut signature = vec![0; scheme.signature_len()];
        key.sign(&[b"in ", b"parts"], &mut rng(1), &mut signature).unwrap();
        assert_eq!(public.verify(&[b"in parts"], &signature), Ok(()));
        assert_eq!(public.verify(&[b"in part5"], &signature), Err(SchemeError::Signature));
        let step = signature.len() / 40;
        for at in (0..signature.len()).step_by(step).chain([signature.len() - 1]) {
            signature[at] ^= 1;
            assert_eq!(public.verify(&[b"in parts"], &signature), Err(SchemeError::Signature), "byte {at}");
            signature[at] ^= 1;
        }
        let mut other = signature.clone();
        key.sign(&[b"in parts"], &mut rng(2), &mut other).unwrap();
        assert_ne!(signature, other, "a fresh randomizer each time");
    }
}
