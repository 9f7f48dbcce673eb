//! ML-KEM-768 by RustCrypto's `ml-kem`, with `--cfg mixwell_mlkem="rustcrypto"`.

use super::{CIPHERTEXT_LEN, PUBLIC_LEN, SEED_LEN};
use crate::kem::KeyError;
use ml_kem::{
    B32, Decapsulate as _, KeyExport as _, Seed,
    array::Array,
    ml_kem_768::{DecapsulationKey, EncapsulationKey},
};
use zeroize::{Zeroize, Zeroizing};

/// A key with its matrix; it wipes itself.
pub(super) struct Expanded(DecapsulationKey);

impl Expanded {
    pub(super) fn from_seed(seed: &[u8; SEED_LEN]) -> Self {
        let seed = Zeroizing::new(Seed::from(*seed));
        Self(DecapsulationKey::from_seed(*seed))
    }

    pub(super) fn write_public(&self, public: &mut [u8; PUBLIC_LEN]) {
        public.copy_from_slice(&self.0.encapsulation_key().to_bytes());
    }

    pub(super) fn decapsulate(&self, ciphertext: &[u8; CIPHERTEXT_LEN], secret: &mut [u8; 32]) {
        let mut shared = self.0.decapsulate(&Array(*ciphertext));
        secret.copy_from_slice(&shared);
        shared.zeroize();
    }
}

pub(super) fn encapsulate(
    public: &[u8; PUBLIC_LEN],
    random: &[u8; 32],
    ciphertext: &mut [u8; CIPHERTEXT_LEN],
    secret: &mut [u8; 32],
) -> Result<(), KeyError> {
    let public = EncapsulationKey::new(&Array(*public)).map_err(|_| KeyError)?;
    let random = Zeroizing::new(B32::from(*random));
    let (encapsulated, mut shared) = public.encapsulate_deterministic(&random);
    ciphertext.copy_from_slice(&encapsulated);
    secret.copy_from_slice(&shared);
    shared.zeroize();
    Ok(())
}
