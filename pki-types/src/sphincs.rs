//! SPHINCS+ r3.1, `shake-256f` in its robust variant
//! (<https://sphincs.org/data/sphincs+-r3.1-specification.pdf>).
//!
//! Not FIPS 205's SLH-DSA: that is the simple variant, and reads its message digest in another bit
//! order. Secrets are only input to SHAKE256; all branches and indices depend only on the message
//! digest, which the signature reveals.

mod address;
mod fors;
mod hash;
mod hypertree;
mod merkle;
mod wots;

use crate::scheme::{Encoding, SchemeError, SignatureScheme};
use hash::{Digest, Secrets};
use rand_core::CryptoRng;
use subtle::ConstantTimeEq;
use zeroize::Zeroize;

/// A hash value, `n` = 32 bytes.
type Node = [u8; 32];

/// The scheme `Sphincs+`. A private key is the seed, the message PRF's key, and the public key (its
/// seed and its root).
///
/// Signing draws 32 random bytes, and takes some 700,000 runs of Keccak; verifying takes some
/// 20,000.
///
/// ```
/// use mixwell_pki_types::{SignatureScheme, SigningKey, Sphincs, VerifyingKey};
///
/// let (mut private, mut public) = (vec![0; Sphincs.private_len()], vec![0; Sphincs.public_len()]);
/// Sphincs.generate(&mut rand::rng(), &mut private, &mut public)?;
/// let key = SigningKey::new(&private, VerifyingKey::new(&Sphincs, &public)?)?;
/// # Ok::<(), mixwell_pki_types::SchemeError>(())
/// ```
#[derive(Debug, Clone, Copy)]
pub struct Sphincs;

impl SignatureScheme for Sphincs {
    fn name(&self) -> &'static str {
        "Sphincs+"
    }

    fn public_len(&self) -> usize {
        PUBLIC_LEN
    }

    fn private_len(&self) -> usize {
        PRIVATE_LEN
    }

    fn signature_len(&self) -> usize {
        SIGNATURE_LEN
    }

    fn generate(&self, rng: &mut dyn CryptoRng, private: &mut [u8], public: &mut [u8]) -> Result<(), SchemeError> {
        Encoding::PublicKey.check(PUBLIC_LEN, public.len())?;
        Encoding::PrivateKey.check(PRIVATE_LEN, private.len())?;
        let (seeds, root) = private.split_at_mut_checked(96).ok_or(SchemeError::Key)?;
        rng.fill_bytes(seeds);
        if let [seed, _, public_seed] = seeds.as_chunks::<32>().0 {
            root.copy_from_slice(&hypertree::root(&Secrets { public_seed, seed }));
        }
        public.copy_from_slice(private.get(64..).unwrap_or_default());
        Ok(())
    }

    /// Recomputes the root from the seeds, as [`generate`](Self::generate) does: some 35,000 runs
    /// of Keccak, a twentieth of the cost of signing.
    fn check_pair(&self, private: &[u8], public: &[u8]) -> Result<(), SchemeError> {
        Encoding::PublicKey.check(PUBLIC_LEN, public.len())?;
        Encoding::PrivateKey.check(PRIVATE_LEN, private.len())?;
        let [seed, _, public_seed, root] = private.as_chunks::<32>().0 else { return Err(SchemeError::Key) };
        if !private.ends_with(public) {
            return Err(SchemeError::Key);
        }
        // declassified: whether the root computed from the seeds is the key's root
        if bool::from(hypertree::root(&Secrets { public_seed, seed }).ct_eq(root)) {
            Ok(())
        } else {
            Err(SchemeError::Key)
        }
    }

    fn sign(
        &self,
        private: &[u8],
        message: &[&[u8]],
        rng: &mut dyn CryptoRng,
        signature: &mut [u8],
    ) -> Result<(), SchemeError> {
        Encoding::PrivateKey.check(PRIVATE_LEN, private.len())?;
        Encoding::Signature.check(SIGNATURE_LEN, signature.len())?;
        let [_, prf_key, ..] = private.as_chunks::<32>().0 else { return Err(SchemeError::Key) };
        let mut random = [0; 32];
        rng.fill_bytes(&mut random);
        let randomizer = hash::randomizer(prf_key, &random, message);
        random.zeroize();
        sign(private, message, &randomizer, signature)
    }

    fn verify(&self, public: &[u8], message: &[&[u8]], signature: &[u8]) -> Result<(), SchemeError> {
        Encoding::PublicKey.check(PUBLIC_LEN, public.len())?;
        Encoding::Signature.check(SIGNATURE_LEN, signature.len())?;
        let [public_seed, root] = public.as_chunks::<32>().0 else { return Err(SchemeError::Key) };
        let (nodes, []) = signature.as_chunks::<32>() else { return Err(SchemeError::Signature) };
        let [randomizer, nodes @ ..] = nodes else { return Err(SchemeError::Signature) };
        let (few, many) = nodes.split_at_checked(fors::NODES).ok_or(SchemeError::Signature)?;
        let digest = Digest::new(randomizer, public_seed, root, message);
        let signed = fors::public_key(public_seed, &digest, few);
        if hypertree::root_of_signature(public_seed, &digest, signed, many) == *root {
            Ok(())
        } else {
            Err(SchemeError::Signature)
        }
    }
}

/// Signs with a given randomizer, which determines the signature together with the key and the
/// message.
fn sign(private: &[u8], message: &[&[u8]], randomizer: &Node, signature: &mut [u8]) -> Result<(), SchemeError> {
    let [seed, _, public_seed, root] = private.as_chunks::<32>().0 else { return Err(SchemeError::Key) };
    let (nodes, _) = signature.as_chunks_mut::<32>();
    let [first, nodes @ ..] = nodes else { return Err(SchemeError::Signature) };
    let (few, many) = nodes.split_at_mut_checked(fors::NODES).ok_or(SchemeError::Signature)?;
    *first = *randomizer;
    let secrets = Secrets { public_seed, seed };
    let digest = Digest::new(randomizer, public_seed, root, message);
    let signed = fors::sign(&secrets, &digest, few);
    hypertree::sign(&secrets, &digest, signed, many);
    Ok(())
}

const PUBLIC_LEN: usize = 64;
const PRIVATE_LEN: usize = 128;
const SIGNATURE_LEN: usize = 32 * (1 + fors::NODES + hypertree::NODES);

#[cfg(test)]
mod tests {
    extern crate std;

    use super::*;
    use crate::{Certificate, KeyHash};
    use mixwell_vectors::{Hex, load};
    use serde::Deserialize;
    use std::vec;

    #[derive(Deserialize)]
    struct Test {
        bad_key: Option<usize>,
        scheme: std::string::String,
        certificate: Hex,
        certified: Hex,
        expiration: u64,
        keys: vec::Vec<Key>,
    }

    #[derive(Deserialize)]
    struct Key {
        private_key: Hex,
        public_key: Hex,
    }

    /// Recomputes the reference's signature from its randomizer.
    #[test]
    fn signs_as_the_reference() {
        let (mut checked, mut there) = (0, 0);
        for vector in load::<Test>("certificate").into_iter().filter(|vector| vector.test.scheme.contains("Sphincs+")) {
            let (name, test) = (vector.name, vector.test);
            let head = [&[0; 4][..], &test.expiration.to_le_bytes(), test.scheme.as_bytes()].concat();
            let certificate = Certificate::parse(&test.certificate).unwrap();
            for (number, key) in test.keys.iter().enumerate() {
                there += 1;
                if test.bad_key == Some(number) {
                    continue; // its signature was spoiled
                }
                let want = certificate.signature_by(KeyHash::of(&key.public_key)).unwrap();
                let want = &want[want.len() - SIGNATURE_LEN..];
                let private = &key.private_key[key.private_key.len() - PRIVATE_LEN..];
                let mut signature = vec![0; SIGNATURE_LEN];
                let randomizer = want.first_chunk().unwrap();
                sign(private, &[&head, &test.certified], randomizer, &mut signature).unwrap();
                assert!(signature == want, "{name}");
                assert_eq!(
                    hypertree::root(&Secrets {
                        public_seed: private[64..96].try_into().unwrap(),
                        seed: private[..32].try_into().unwrap(),
                    }),
                    private[96..],
                    "{name}"
                );
                checked += 1;
            }
        }
        assert!(checked > 0 || there == 0, "every signature was skipped");
    }
}
