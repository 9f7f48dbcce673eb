//! ML-KEM-768 (FIPS 203).

#[cfg_attr(mixwell_mlkem = "rustcrypto", path = "ml_kem/rustcrypto.rs")]
#[cfg_attr(not(mixwell_mlkem = "rustcrypto"), path = "ml_kem/libcrux.rs")]
mod backend;

use crate::{
    Kem,
    kem::{Ciphertext, DecapsulateError, KeyError, KeySource, PrivateKey, PublicKey, Seed, SharedSecret},
};
use core::fmt;
use rand_core::CryptoRng;
use zeroize::{ZeroizeOnDrop, Zeroizing, zeroize_stack};

/// ML-KEM-768. A private key is the public key, then the seed (d, z).
///
/// ```
/// use mixwell_pq_kem::{MlKem768, Kem, kem::{Ciphertext, PrivateKey, SharedSecret}};
///
/// let private = PrivateKey::<MlKem768>::generate(&mut rand::rng());
/// let (mut ciphertext, mut secret) = (Ciphertext::default(), SharedSecret::default());
/// MlKem768::encapsulate(&private.public_key()?, &mut rand::rng(), &mut ciphertext, &mut secret)?;
///
/// let mut same = SharedSecret::default();
/// MlKem768::decapsulate(&private.expand()?, &ciphertext, &mut same)?;
/// assert_eq!(secret.as_bytes(), same.as_bytes());
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct MlKem768;

/// An ML-KEM-768 private key with the matrix expanded.
#[derive(Default)]
pub struct MlKem768Key(backend::Expanded);

pub(crate) const PUBLIC_LEN: usize = 1184;
pub(crate) const SEED_LEN: usize = 64;
pub(crate) const CIPHERTEXT_LEN: usize = 1088;

impl Kem for MlKem768 {
    const NAME: &'static str = "MLKEM768";

    type PublicBytes = [u8; PUBLIC_LEN];
    type PrivateBytes = [u8; PUBLIC_LEN + SEED_LEN];
    type SeedBytes = [u8; SEED_LEN];
    type CiphertextBytes = [u8; CIPHERTEXT_LEN];
    type SecretBytes = [u8; 32];
    type Expanded = MlKem768Key;

    fn from_seed(seed: &Seed<Self>) -> PrivateKey<Self> {
        let mut private = PrivateKey::<Self>::default();
        if let Some((public, end)) = private.as_bytes_mut().split_first_chunk_mut() {
            public_from_seed(seed.as_bytes(), public);
            end.copy_from_slice(seed.as_bytes());
        }
        private
    }

    fn expand_into(
        source: KeySource<'_, Self>,
        public: Option<&mut PublicKey<Self>>,
        key: &mut MlKem768Key,
    ) -> Result<(), KeyError> {
        let public = public.map(PublicKey::as_bytes_mut);
        match source {
            KeySource::Seed(seed) => {
                key.fill(seed.as_bytes());
                if let Some(public) = public {
                    key.write_public(public);
                }
                Ok(())
            }
            KeySource::Private(private) => {
                let (own, seed) = private.as_bytes().split_first_chunk().ok_or(KeyError)?;
                key.fill(seed.try_into().map_err(|_| KeyError)?);
                key.check_public(own, public)
            }
        }
    }

    fn encapsulate<R: CryptoRng + ?Sized>(
        public: &PublicKey<Self>,
        rng: &mut R,
        ciphertext: &mut Ciphertext<Self>,
        secret: &mut SharedSecret<Self>,
    ) -> Result<(), KeyError> {
        encapsulate_to(public.as_bytes(), rng, ciphertext.as_bytes_mut(), secret.as_bytes_mut())
    }

    fn decapsulate(
        key: &MlKem768Key,
        ciphertext: &Ciphertext<Self>,
        secret: &mut SharedSecret<Self>,
    ) -> Result<(), DecapsulateError> {
        key.decapsulate(ciphertext.as_bytes(), secret.as_bytes_mut())
    }
}

// not inlined, so that the steps take the same stack space one after the other
impl MlKem768Key {
    /// Expands the key in place.
    pub(crate) fn fill(&mut self, seed: &[u8; SEED_LEN]) {
        self.0.reset();
        on_wiped_stack::<{ backend::EXPANDING }, _>(|| self.0.fill(seed));
    }

    /// Derives the public key, into the caller's buffer if there is one. Empties this key if the
    /// result is not `public`.
    #[inline(never)]
    pub(crate) fn check_public(
        &mut self,
        public: &[u8; PUBLIC_LEN],
        derived: Option<&mut [u8; PUBLIC_LEN]>,
    ) -> Result<(), KeyError> {
        let mut own = [0; PUBLIC_LEN];
        let derived = derived.unwrap_or(&mut own);
        self.write_public(derived);
        // declassified: a public key
        if derived == public {
            return Ok(());
        }
        self.0.empty();
        Err(KeyError)
    }

    #[cfg(feature = "xwing")]
    pub(crate) fn empty(&mut self) {
        self.0.empty();
    }

    /// Writes the public key; does nothing if this is an empty key.
    pub(crate) fn write_public(&self, public: &mut [u8; PUBLIC_LEN]) {
        self.0.write_public(public);
    }

    pub(crate) fn decapsulate(
        &self,
        ciphertext: &[u8; CIPHERTEXT_LEN],
        secret: &mut [u8; 32],
    ) -> Result<(), DecapsulateError> {
        on_wiped_stack::<{ backend::DECAPSULATING }, _>(|| self.0.decapsulate(ciphertext, secret))
    }
}

/// The public key alone.
pub(crate) fn public_from_seed(seed: &[u8; SEED_LEN], public: &mut [u8; PUBLIC_LEN]) {
    let mut key = MlKem768Key::default();
    key.fill(seed);
    key.write_public(public);
}

/// Encapsulates, after the modulus check of FIPS 203, section 7.2.
pub(crate) fn encapsulate_to<R: CryptoRng + ?Sized>(
    public: &[u8; PUBLIC_LEN],
    rng: &mut R,
    ciphertext: &mut [u8; CIPHERTEXT_LEN],
    secret: &mut [u8; 32],
) -> Result<(), KeyError> {
    let mut random = Zeroizing::new([0; 32]);
    rng.fill_bytes(&mut *random);
    on_wiped_stack::<{ backend::ENCAPSULATING }, _>(|| backend::encapsulate(public, &random, ciphertext, secret))
}

/// Runs `work`, which leaves secrets on the stack, and wipes `BYTES` bytes of the stack afterwards.
fn on_wiped_stack<const BYTES: usize, T>(work: impl FnOnce() -> T) -> T {
    #[inline(never)]
    fn below<T>(work: impl FnOnce() -> T) -> T {
        work()
    }
    let result = below(work);
    zeroize_stack::<BYTES>();
    result
}

impl fmt::Debug for MlKem768Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("MlKem768Key(..)")
    }
}

// the backend's key wipes itself
impl ZeroizeOnDrop for MlKem768Key {}
