//! ML-KEM-768 by the crate `ml-kem`, with `--cfg mixwell_mlkem="rustcrypto"`.

use super::{CIPHERTEXT_LEN, PUBLIC_LEN, SEED_LEN};
use crate::kem::{DecapsulateError, KeyError};
use ml_kem::{
    B32, Decapsulate as _, KeyExport as _, Seed,
    array::Array,
    ml_kem_768::{DecapsulationKey, EncapsulationKey},
};
use zeroize::{Zeroize, Zeroizing};

/// Depth to which the library leaves secrets on the stack, in bytes, on a Cortex-M4.
pub(super) const EXPANDING: usize = 32 << 10;
pub(super) const ENCAPSULATING: usize = 32 << 10;
pub(super) const DECAPSULATING: usize = 28 << 10;

/// A key, or none. It wipes its secret parts itself, but not its public key.
#[derive(Default)]
pub(super) struct Expanded(Option<DecapsulationKey>);

impl Expanded {
    /// Does nothing: the library creates keys by value.
    #[expect(clippy::unused_self, reason = "as with the other backend")]
    pub(super) const fn reset(&mut self) {}

    #[inline(never)]
    pub(super) fn fill(&mut self, seed: &[u8; SEED_LEN]) {
        let seed = Zeroizing::new(Seed::from(*seed));
        self.0 = Some(DecapsulationKey::from_seed(*seed));
    }

    pub(super) fn empty(&mut self) {
        self.0 = None;
    }

    pub(super) fn write_public(&self, public: &mut [u8; PUBLIC_LEN]) {
        if let Some(key) = &self.0 {
            public.copy_from_slice(&key.encapsulation_key().to_bytes());
        }
    }

    pub(super) fn decapsulate(
        &self,
        ciphertext: &[u8; CIPHERTEXT_LEN],
        secret: &mut [u8; 32],
    ) -> Result<(), DecapsulateError> {
        let key = self.0.as_ref().ok_or(DecapsulateError)?;
        let mut shared = key.decapsulate(&Array(*ciphertext));
        secret.copy_from_slice(&shared);
        shared.zeroize();
        Ok(())
    }
}

pub(super) fn encapsulate(
    public: &[u8; PUBLIC_LEN],
    random: &[u8; 32],
    ciphertext: &mut [u8; CIPHERTEXT_LEN],
    secret: &mut [u8; 32],
) -> Result<(), KeyError> {
    // declassified with what it calls: a public key
    let public = EncapsulationKey::new(&Array(*public)).map_err(|_| KeyError)?;
    let random = Zeroizing::new(B32::from(*random));
    let (encapsulated, mut shared) = public.encapsulate_deterministic(&random);
    ciphertext.copy_from_slice(&encapsulated);
    secret.copy_from_slice(&shared);
    shared.zeroize();
    Ok(())
}
