//! Schemes from outside this crate, and the SPHINCS+ schemes.

use crate::pair::{Pair, certificate, rng};
use mixwell_pki_types::{
    Certificate, Ed25519, Epoch, SchemeError, SignError, SignatureScheme, SigningKey, VerifyError, VerifyingKey,
    certify, scheme,
};

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

    // an outside scheme signs and verifies like the built-in ones
    let mut out = vec![0; 1024];
    let len = certify(b"payload", Epoch(10), &own, &mut rng(0), &mut out).unwrap();
    let signed = Certificate::parse(&out[..len]).unwrap();
    assert_eq!(signed.verify(&other, Epoch(9)).unwrap().key_type(), "Renamed");
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
        assert_ne!(signature, other, "each signature draws a fresh randomizer");
    }
}

/// A private key whose seed, public seed or root belongs to another pair does not match, whatever
/// the copy of the public key says.
#[cfg(feature = "sphincs")]
#[test]
fn sphincs_pairs_belong_together() {
    use mixwell_pki_types::{Ed25519Sphincs, Sphincs};
    let pair = Pair::new(&Sphincs, 3);
    assert_eq!(Sphincs.check_pair(&pair.private, &pair.public), Ok(()));
    for byte in [0, 31, 64, 95, 96, 127] {
        let (mut private, mut public) = (pair.private.clone(), pair.public.clone());
        private[byte] ^= 1;
        if let Some(copy) = byte.checked_sub(64) {
            assert_eq!(Sphincs.check_pair(&private, &public), Err(SchemeError::Key), "byte {byte}");
            public[copy] ^= 1;
        }
        assert_eq!(Sphincs.check_pair(&private, &public), Err(SchemeError::Key), "byte {byte}");
    }
    let both = Pair::new(&Ed25519Sphincs, 4);
    for byte in [0, 64] {
        let mut private = both.private.clone();
        private[byte] ^= 1;
        let public = VerifyingKey::new(&Ed25519Sphincs, &both.public).unwrap();
        assert_eq!(SigningKey::new(&private, public).unwrap_err(), SchemeError::Key, "byte {byte}");
    }
}
