//! Key pairs and certificates that they sign.

use mixwell_pki_types::{Certificate, Ed25519, Epoch, SignatureScheme, SigningKey, VerifyingKey, certify};
use rand_chacha::{ChaCha20Rng, rand_core::SeedableRng};

/// A key pair of any scheme; the methods other than `new` are for Ed25519.
pub(crate) struct Pair {
    pub(crate) private: Vec<u8>,
    pub(crate) public: Vec<u8>,
}

impl Pair {
    pub(crate) fn new(scheme: &dyn SignatureScheme, seed: u8) -> Self {
        let mut pair = Self { private: vec![0; scheme.private_len()], public: vec![0; scheme.public_len()] };
        scheme.generate(&mut rng(seed), &mut pair.private, &mut pair.public).unwrap();
        pair
    }

    pub(crate) fn verifying(&self) -> VerifyingKey<'_> {
        VerifyingKey::new(&Ed25519, &self.public).unwrap()
    }

    pub(crate) fn signing(&self) -> SigningKey<'_> {
        SigningKey::new(&self.private, self.verifying()).unwrap()
    }
}

pub(crate) fn rng(seed: u8) -> ChaCha20Rng {
    ChaCha20Rng::from_seed([seed; 32])
}

/// A certificate of `payload` that expires at epoch 10, signed by each signer.
pub(crate) fn certificate(signers: &[&Pair]) -> Vec<u8> {
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
