//! Ed25519 and SPHINCS+ combined: keys and signatures are concatenated; both sign the same message
//! and both must verify.

use super::{Ed25519, Encoding, SchemeError, SignatureScheme};
use crate::Sphincs;
use rand_core::CryptoRng;

/// The scheme `Ed25519 Sphincs+`. Not deterministic.
///
/// ```
/// use mixwell_pki_types::{Ed25519Sphincs, SignatureScheme, SigningKey, VerifyingKey};
///
/// let (mut private, mut public) = (vec![0; Ed25519Sphincs.private_len()], vec![0; Ed25519Sphincs.public_len()]);
/// Ed25519Sphincs.generate(&mut rand::rng(), &mut private, &mut public)?;
/// let key = SigningKey::new(&private, VerifyingKey::new(&Ed25519Sphincs, &public)?)?;
/// # Ok::<(), mixwell_pki_types::SchemeError>(())
/// ```
#[derive(Debug, Clone, Copy)]
pub struct Ed25519Sphincs;

impl SignatureScheme for Ed25519Sphincs {
    fn name(&self) -> &'static str {
        "Ed25519 Sphincs+"
    }

    fn public_len(&self) -> usize {
        Ed25519.public_len().saturating_add(Sphincs.public_len())
    }

    fn private_len(&self) -> usize {
        Ed25519.private_len().saturating_add(Sphincs.private_len())
    }

    fn signature_len(&self) -> usize {
        Ed25519.signature_len().saturating_add(Sphincs.signature_len())
    }

    fn generate(&self, rng: &mut dyn CryptoRng, private: &mut [u8], public: &mut [u8]) -> Result<(), SchemeError> {
        Encoding::PrivateKey.check(self.private_len(), private.len())?;
        Encoding::PublicKey.check(self.public_len(), public.len())?;
        let (private, private2) = private.split_at_mut(Ed25519.private_len());
        let (public, public2) = public.split_at_mut(Ed25519.public_len());
        Ed25519.generate(rng, private, public)?;
        Sphincs.generate(rng, private2, public2)
    }

    fn check_pair(&self, private: &[u8], public: &[u8]) -> Result<(), SchemeError> {
        Encoding::PrivateKey.check(self.private_len(), private.len())?;
        Encoding::PublicKey.check(self.public_len(), public.len())?;
        let (private, private2) = private.split_at(Ed25519.private_len());
        let (public, public2) = public.split_at(Ed25519.public_len());
        Ed25519.check_pair(private, public)?;
        Sphincs.check_pair(private2, public2)
    }

    fn sign(
        &self,
        private: &[u8],
        message: &[&[u8]],
        rng: &mut dyn CryptoRng,
        signature: &mut [u8],
    ) -> Result<(), SchemeError> {
        Encoding::PrivateKey.check(self.private_len(), private.len())?;
        Encoding::Signature.check(self.signature_len(), signature.len())?;
        let (private, private2) = private.split_at(Ed25519.private_len());
        let (signature, signature2) = signature.split_at_mut(Ed25519.signature_len());
        Ed25519.sign(private, message, rng, signature)?;
        Sphincs.sign(private2, message, rng, signature2)
    }

    fn verify(&self, public: &[u8], message: &[&[u8]], signature: &[u8]) -> Result<(), SchemeError> {
        Encoding::PublicKey.check(self.public_len(), public.len())?;
        Encoding::Signature.check(self.signature_len(), signature.len())?;
        let (public, public2) = public.split_at(Ed25519.public_len());
        let (signature, signature2) = signature.split_at(Ed25519.signature_len());
        Ed25519.verify(public, message, signature)?;
        Sphincs.verify(public2, message, signature2)
    }
}
