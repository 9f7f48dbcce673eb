//! X-Wing (draft-connolly-cfrg-xwing-kem): ML-KEM-768 and X25519, combined by SHA3-256.

use crate::{
    Kem,
    kem::{Ciphertext, DecapsulateError, KeyError, KeySource, PrivateKey, PublicKey, Seed, SharedSecret},
    ml_kem::{self, MlKem768Key},
    x25519,
};
use core::fmt;
use rand_core::CryptoRng;
use sha3::{Digest, Sha3_256};
use shake::{ExtendableOutput, Shake256, Update, XofReader};
use zeroize::{Zeroize, ZeroizeOnDrop, Zeroizing};

/// X-Wing. A private key is the public key, then the 32-byte seed.
///
/// As in the draft, X25519 points of small order are not refused: the secret then depends on ML-KEM
/// alone.
///
/// ```
/// use mixwell_pq_kem::{XWing, Kem, kem::{Ciphertext, PrivateKey, SharedSecret}};
///
/// let private = PrivateKey::<XWing>::generate(&mut rand::rng());
/// let (mut ciphertext, mut secret) = (Ciphertext::default(), SharedSecret::default());
/// XWing::encapsulate(&private.public_key()?, &mut rand::rng(), &mut ciphertext, &mut secret)?;
///
/// let mut same = SharedSecret::default();
/// XWing::decapsulate(&private.expand()?, &ciphertext, &mut same)?;
/// assert_eq!(secret.as_bytes(), same.as_bytes());
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct XWing;

/// An X-Wing private key with its parts derived.
#[derive(Default)]
pub struct XWingKey {
    ml_kem: MlKem768Key,
    x25519: Zeroizing<[u8; 32]>,
    x25519_public: [u8; 32],
}

const PUBLIC_LEN: usize = ml_kem::PUBLIC_LEN + 32;
const LABEL: &[u8; 6] = br"\.//^\";

impl Kem for XWing {
    const NAME: &'static str = "XWING";

    type PublicBytes = [u8; PUBLIC_LEN];
    type PrivateBytes = [u8; PUBLIC_LEN + 32];
    type SeedBytes = [u8; 32];
    type CiphertextBytes = [u8; ml_kem::CIPHERTEXT_LEN + 32];
    type SecretBytes = [u8; 32];
    type Expanded = XWingKey;

    fn from_seed(seed: &Seed<Self>) -> PrivateKey<Self> {
        let mut private = PrivateKey::<Self>::default();
        if let Some((public, end)) = private.as_bytes_mut().split_first_chunk_mut() {
            Parts::from_seed(seed.as_bytes()).write_public(public);
            end.copy_from_slice(seed.as_bytes());
        }
        private
    }

    fn expand_into(
        source: KeySource<'_, Self>,
        public: Option<&mut PublicKey<Self>>,
        key: &mut XWingKey,
    ) -> Result<(), KeyError> {
        let (ml_kem, x25519) = public.and_then(|public| public.as_bytes_mut().split_first_chunk_mut()).unzip();
        match source {
            KeySource::Seed(seed) => {
                key.fill(seed.as_bytes());
                if let Some(public) = ml_kem {
                    key.ml_kem.write_public(public);
                }
            }
            KeySource::Private(private) => key.fill_checked(private, ml_kem)?,
        }
        if let Some(public) = x25519 {
            public.copy_from_slice(&key.x25519_public);
        }
        Ok(())
    }

    fn encapsulate<R: CryptoRng + ?Sized>(
        public: &PublicKey<Self>,
        rng: &mut R,
        ciphertext: &mut Ciphertext<Self>,
        secret: &mut SharedSecret<Self>,
    ) -> Result<(), KeyError> {
        let (ml_kem_public, x25519_public) = public.as_bytes().split_first_chunk().ok_or(KeyError)?;
        let x25519_public = x25519_public.try_into().map_err(|_| KeyError)?;
        let (ml_kem, x25519) = ciphertext.as_bytes_mut().split_first_chunk_mut().ok_or(KeyError)?;

        let mut ml_kem_secret = Zeroizing::new([0; 32]);
        ml_kem::encapsulate_to(ml_kem_public, rng, ml_kem, &mut ml_kem_secret)?;
        let mut ephemeral = Zeroizing::new([0; 32]);
        rng.fill_bytes(&mut *ephemeral);
        let element = *x25519::multiply_base(&ephemeral);
        x25519.copy_from_slice(&element);
        let shared = x25519::multiply(&ephemeral, x25519_public);
        combine(&ml_kem_secret, &shared, &element, x25519_public, secret);
        Ok(())
    }

    fn decapsulate(
        key: &XWingKey,
        ciphertext: &Ciphertext<Self>,
        secret: &mut SharedSecret<Self>,
    ) -> Result<(), DecapsulateError> {
        let (ml_kem, x25519) = ciphertext.as_bytes().split_first_chunk().ok_or(DecapsulateError)?;
        let x25519 = x25519.try_into().map_err(|_| DecapsulateError)?;
        let mut ml_kem_secret = Zeroizing::new([0; 32]);
        key.ml_kem.decapsulate(ml_kem, &mut ml_kem_secret)?;
        let shared = x25519::multiply(&key.x25519, x25519);
        combine(&ml_kem_secret, &shared, x25519, &key.x25519_public, secret);
        Ok(())
    }
}

impl XWingKey {
    /// Derives the parts and ML-KEM's public key in place; empties them if they do not match the
    /// given public keys.
    fn fill_checked(
        &mut self,
        private: &PrivateKey<XWing>,
        derived: Option<&mut [u8; ml_kem::PUBLIC_LEN]>,
    ) -> Result<(), KeyError> {
        let (public, seed) = private.as_bytes().split_first_chunk::<PUBLIC_LEN>().ok_or(KeyError)?;
        let (ml_kem_public, x25519_public) = public.split_first_chunk().ok_or(KeyError)?;
        self.fill(seed.try_into().map_err(|_| KeyError)?);
        let checked = self.ml_kem.check_public(ml_kem_public, derived);
        // declassified: a public key
        if checked.is_ok() && self.x25519_public == *x25519_public {
            return Ok(());
        }
        self.ml_kem.empty();
        self.x25519.zeroize();
        Err(KeyError)
    }

    /// Derives the parts in place.
    fn fill(&mut self, seed: &[u8; 32]) {
        let parts = Parts::from_seed(seed);
        self.x25519_public = *x25519::multiply_base(&parts.x25519);
        *self.x25519 = *parts.x25519;
        self.ml_kem.fill(&parts.ml_kem);
    }
}

/// The private keys derived from a seed.
struct Parts {
    ml_kem: Zeroizing<[u8; ml_kem::SEED_LEN]>,
    x25519: Zeroizing<[u8; 32]>,
}

impl Parts {
    /// Not inlined, so that the hash's state is off the stack when the parts are used.
    #[inline(never)]
    fn from_seed(seed: &[u8; 32]) -> Self {
        let mut parts = Self { ml_kem: Zeroizing::new([0; ml_kem::SEED_LEN]), x25519: Zeroizing::new([0; 32]) };
        let mut expanded = Shake256::default().chain(seed).finalize_xof();
        expanded.read(&mut *parts.ml_kem);
        expanded.read(&mut *parts.x25519);
        parts
    }

    fn write_public(&self, public: &mut [u8; PUBLIC_LEN]) {
        if let Some((ml_kem, x25519)) = public.split_first_chunk_mut() {
            ml_kem::public_from_seed(&self.ml_kem, ml_kem);
            x25519.copy_from_slice(&*x25519::multiply_base(&self.x25519));
        }
    }
}

fn combine(
    ml_kem: &[u8; 32],
    x25519: &[u8; 32],
    element: &[u8; 32],
    public: &[u8; 32],
    secret: &mut SharedSecret<XWing>,
) {
    let mut hash = Sha3_256::new();
    for part in [ml_kem, x25519, element, public] {
        Digest::update(&mut hash, part);
    }
    Digest::update(&mut hash, LABEL);
    hash.finalize_into(secret.as_bytes_mut().into());
}

impl fmt::Debug for XWingKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("XWingKey(..)")
    }
}

// both private parts wipe themselves
impl ZeroizeOnDrop for XWingKey {}
