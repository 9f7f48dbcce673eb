//! Ed25519 (RFC 8032), with the acceptance rules of Go's `crypto/ed25519`.
//!
//! Both sides of a network have to agree on what they accept, so these are the rules of the
//! reference's library: no cofactor, `S` below the group order, and `R` equal byte for byte to the
//! recomputed value. That is dalek's `verify`. Its `verify_strict` also refuses keys of small
//! order, which Go accepts; nothing here depends on that, since keys of authorities and nodes come
//! from configuration and bind only their owners.

use super::{Encoding, SchemeError, SignatureScheme};
use ed25519_dalek::{
    Signature, SigningKey, VerifyingKey,
    hazmat::{ExpandedSecretKey, raw_sign_byupdate},
};
use rand_core::CryptoRng;
use sha2::{Digest, Sha512};

/// The scheme `Ed25519`. Deterministic; a private key is the seed, then the public key.
///
/// ```
/// use mixwell_pki_types::{Ed25519, SignatureScheme, SigningKey, VerifyingKey};
///
/// let (mut private, mut public) = (vec![0; Ed25519.private_len()], vec![0; Ed25519.public_len()]);
/// Ed25519.generate(&mut rand::rng(), &mut private, &mut public)?;
/// let key = SigningKey::new(&private, VerifyingKey::new(&Ed25519, &public)?)?;
/// # Ok::<(), mixwell_pki_types::SchemeError>(())
/// ```
#[derive(Debug, Clone, Copy)]
pub struct Ed25519;

impl SignatureScheme for Ed25519 {
    fn name(&self) -> &'static str {
        "Ed25519"
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

    fn generate(&self, rng: &mut dyn CryptoRng, private: &mut [u8], public: &mut [u8]) -> Result<(), SchemeError> {
        Encoding::PublicKey.check(32, public.len())?;
        let (want, got) = (64, private.len());
        let wrong = SchemeError::Length { of: Encoding::PrivateKey, want, got };
        let (seed, half) = private.split_first_chunk_mut::<32>().ok_or(wrong)?;
        let half: &mut [u8; 32] = half.try_into().map_err(|_| wrong)?;
        rng.fill_bytes(seed);
        *half = SigningKey::from_bytes(seed).verifying_key().to_bytes();
        public.copy_from_slice(half);
        Ok(())
    }

    fn check_pair(&self, private: &[u8], public: &[u8]) -> Result<(), SchemeError> {
        Encoding::PublicKey.check(32, public.len())?;
        let key = signing_key(private)?;
        if key.verifying_key().as_bytes() == public { Ok(()) } else { Err(SchemeError::Key) }
    }

    fn sign(
        &self,
        private: &[u8],
        message: &[&[u8]],
        _rng: &mut dyn CryptoRng,
        signature: &mut [u8],
    ) -> Result<(), SchemeError> {
        Encoding::Signature.check(64, signature.len())?;
        let key = signing_key(private)?;
        let expanded = ExpandedSecretKey::from(key.as_bytes());
        let update = |hasher: &mut Sha512| {
            for part in message {
                hasher.update(part);
            }
            Ok(())
        };
        let signed = raw_sign_byupdate(&expanded, update, &key.verifying_key()).map_err(|_| SchemeError::Key)?;
        signature.copy_from_slice(&signed.to_bytes());
        Ok(())
    }

    fn verify(&self, public: &[u8], message: &[&[u8]], signature: &[u8]) -> Result<(), SchemeError> {
        let (want, got) = (32, public.len());
        let wrong = SchemeError::Length { of: Encoding::PublicKey, want, got };
        let public: &[u8; 32] = public.try_into().map_err(|_| wrong)?;
        let (want, got) = (64, signature.len());
        let wrong = SchemeError::Length { of: Encoding::Signature, want, got };
        let signature: &[u8; 64] = signature.try_into().map_err(|_| wrong)?;
        let key = VerifyingKey::from_bytes(public).map_err(|_| SchemeError::Key)?;
        let mut verifier = key.verify_stream(&Signature::from_bytes(signature)).map_err(|_| SchemeError::Signature)?;
        for part in message {
            verifier.update(part);
        }
        verifier.finalize_and_verify().map_err(|_| SchemeError::Signature)
    }
}

/// The private key, if its public half belongs to its seed: a signature made with a wrong public
/// half would reveal the private key.
fn signing_key(private: &[u8]) -> Result<SigningKey, SchemeError> {
    let (want, got) = (64, private.len());
    let wrong = SchemeError::Length { of: Encoding::PrivateKey, want, got };
    let private: &[u8; 64] = private.try_into().map_err(|_| wrong)?;
    SigningKey::from_keypair_bytes(private).map_err(|_| SchemeError::Key)
}
