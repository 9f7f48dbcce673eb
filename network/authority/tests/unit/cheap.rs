//! A signature scheme fast enough for thousands of rounds: a signature is a keyed hash, and the key
//! is public. Signatures are verified as usual; the tests never sign with another authority's key.

use blake2::{Blake2b256, Digest as _};
use mixwell_pki_types::{Encoding, SchemeError, SignatureScheme};
use rand_core::CryptoRng;

#[derive(Debug)]
pub(super) struct Cheap;

const LEN: usize = 32;

fn sign(key: &[u8], message: &[&[u8]]) -> [u8; LEN] {
    let hasher = Blake2b256::new_with_prefix(key);
    message.iter().fold(hasher, Blake2b256::chain_update).finalize().into()
}

impl SignatureScheme for Cheap {
    fn name(&self) -> &'static str {
        "Cheap"
    }

    fn public_len(&self) -> usize {
        LEN
    }

    fn private_len(&self) -> usize {
        LEN
    }

    fn signature_len(&self) -> usize {
        LEN
    }

    fn generate(&self, rng: &mut dyn CryptoRng, private: &mut [u8], public: &mut [u8]) -> Result<(), SchemeError> {
        rng.fill_bytes(private);
        public.copy_from_slice(private);
        Ok(())
    }

    fn check_pair(&self, private: &[u8], public: &[u8]) -> Result<(), SchemeError> {
        if private == public { Ok(()) } else { Err(SchemeError::Key) }
    }

    fn sign(
        &self,
        private: &[u8],
        message: &[&[u8]],
        _: &mut dyn CryptoRng,
        signature: &mut [u8],
    ) -> Result<(), SchemeError> {
        Encoding::Signature.check(LEN, signature.len())?;
        signature.copy_from_slice(&sign(private, message));
        Ok(())
    }

    fn verify(&self, public: &[u8], message: &[&[u8]], signature: &[u8]) -> Result<(), SchemeError> {
        if sign(public, message) == *signature { Ok(()) } else { Err(SchemeError::Signature) }
    }
}
