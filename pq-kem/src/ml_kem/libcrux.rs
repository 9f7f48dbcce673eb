//! ML-KEM-768 by `libcrux-ml-kem`: formally verified except for parts of its AVX2 code, and several
//! times as fast as `ml-kem`. Uses AVX2 if the CPU has it.

use super::{CIPHERTEXT_LEN, PUBLIC_LEN, SEED_LEN};
use crate::kem::{DecapsulateError, KeyError};
#[cfg(all(target_arch = "x86_64", not(mixwell_backend = "portable")))]
use libcrux_ml_kem::mlkem768::avx2;
use libcrux_ml_kem::mlkem768::{self, MlKem768Ciphertext, MlKem768PublicKey, portable};
use zeroize::{Zeroize, Zeroizing, optimization_barrier};

#[cfg(all(target_arch = "x86_64", not(mixwell_backend = "portable")))]
cpufeatures::new!(cpu_has_avx2, "avx2");

/// Depth to which the library leaves secrets on the stack, in bytes. Without an operating system
/// memory is scarce: these are the exact depths on a Cortex-M4, built for size. Elsewhere they
/// exceed those of the AVX2 code on x86-64.
pub(super) const EXPANDING: usize = if SHORT_OF_MEMORY { 17_408 } else { 40 << 10 };
pub(super) const ENCAPSULATING: usize = if SHORT_OF_MEMORY { 17_920 } else { 40 << 10 };
pub(super) const DECAPSULATING: usize = if SHORT_OF_MEMORY { 11_776 } else { 20 << 10 };
const SHORT_OF_MEMORY: bool = cfg!(target_os = "none");

const EMPTY: usize = 0;
const FULL: usize = 1;

/// A key with its matrix. Zeroed on drop.
pub(super) struct Expanded(Key);

/// A key for the implementation that this CPU supports, after a word that says whether the key is
/// full. The library can only create a key on the stack: it is created empty there, moved here, and
/// filled in place.
///
/// The AVX2 key is aligned to 32 bytes: without filler words, the padding after the tag would carry
/// old stack contents along.
#[repr(usize)]
enum Key {
    Portable(usize, portable::unpacked::MlKem768KeyPairUnpacked),
    #[cfg(all(target_arch = "x86_64", not(mixwell_backend = "portable")))]
    Avx2([usize; 3], avx2::unpacked::MlKem768KeyPairUnpacked),
    /// Zeros in place of every byte of the other variants.
    Wiped(#[expect(dead_code, reason = "it fills the place of a key")] [usize; WORDS]),
}

const BEFORE: usize = if cfg!(all(target_arch = "x86_64", not(mixwell_backend = "portable"))) { 3 } else { 1 };
const WORDS: usize = BEFORE + size_of::<portable::unpacked::MlKem768KeyPairUnpacked>().div_ceil(size_of::<usize>());
const _: () = assert!(size_of::<Key>() == size_of::<[usize; 1 + WORDS]>(), "there is a byte that is not wiped");

impl Default for Expanded {
    #[inline(never)]
    fn default() -> Self {
        #[cfg(all(target_arch = "x86_64", not(mixwell_backend = "portable")))]
        if cpu_has_avx2::get() {
            return Self(Key::Avx2([EMPTY; 3], avx2::unpacked::init_key_pair()));
        }
        Self(Key::Portable(EMPTY, portable::unpacked::init_key_pair()))
    }
}

impl Expanded {
    /// Prepares a wiped key for being filled again.
    pub(super) fn reset(&mut self) {
        #[inline(never)]
        fn make(key: &mut Expanded) {
            *key = Expanded::default();
        }
        if matches!(self.0, Key::Wiped(_)) {
            make(self);
        }
    }

    /// Sets every field of the key. Does nothing if the key is wiped.
    #[inline(never)]
    pub(super) fn fill(&mut self, seed: &[u8; SEED_LEN]) {
        match &mut self.0 {
            Key::Portable(state, key) => {
                portable::unpacked::generate_key_pair_mut(*seed, key);
                *state = FULL;
            }
            #[cfg(all(target_arch = "x86_64", not(mixwell_backend = "portable")))]
            Key::Avx2([state, ..], key) => {
                avx2::unpacked::generate_key_pair_mut(*seed, key);
                *state = FULL;
            }
            Key::Wiped(_) => {}
        }
    }

    /// Overwrites the key, because the library's type does not wipe itself. The barrier keeps the
    /// compiler from removing the write.
    #[inline(never)]
    pub(super) fn empty(&mut self) {
        self.0 = Key::Wiped([0; WORDS]);
        optimization_barrier(self);
    }

    #[inline(never)]
    pub(super) fn write_public(&self, public: &mut [u8; PUBLIC_LEN]) {
        let mut encoded = MlKem768PublicKey::default();
        match &self.0 {
            Key::Portable(FULL, key) => portable::unpacked::key_pair_serialized_public_key_mut(key, &mut encoded),
            #[cfg(all(target_arch = "x86_64", not(mixwell_backend = "portable")))]
            Key::Avx2([FULL, ..], key) => avx2::unpacked::key_pair_serialized_public_key_mut(key, &mut encoded),
            _ => return,
        }
        *public = *encoded.as_slice();
    }

    #[inline(never)]
    pub(super) fn decapsulate(
        &self,
        ciphertext: &[u8; CIPHERTEXT_LEN],
        secret: &mut [u8; 32],
    ) -> Result<(), DecapsulateError> {
        let ciphertext = MlKem768Ciphertext::from(ciphertext);
        *secret = *Zeroizing::new(match &self.0 {
            Key::Portable(FULL, key) => portable::unpacked::decapsulate(key, &ciphertext),
            #[cfg(all(target_arch = "x86_64", not(mixwell_backend = "portable")))]
            Key::Avx2([FULL, ..], key) => avx2::unpacked::decapsulate(key, &ciphertext),
            _ => return Err(DecapsulateError),
        });
        Ok(())
    }
}

impl Drop for Expanded {
    fn drop(&mut self) {
        self.empty();
    }
}

#[inline(never)]
pub(super) fn encapsulate(
    public: &[u8; PUBLIC_LEN],
    random: &[u8; 32],
    ciphertext: &mut [u8; CIPHERTEXT_LEN],
    secret: &mut [u8; 32],
) -> Result<(), KeyError> {
    let public = MlKem768PublicKey::from(public);
    // declassified with what it calls: a public key
    if !validate(&public) {
        return Err(KeyError);
    }
    #[cfg(all(target_arch = "x86_64", not(mixwell_backend = "portable")))]
    if cpu_has_avx2::get() {
        copy_out(avx2::encapsulate(&public, *random), ciphertext, secret);
        return Ok(());
    }
    let mut unpacked = portable::unpacked::init_public_key();
    unpack(&public, &mut unpacked);
    encapsulate_to(&unpacked, random, ciphertext, secret);
    Ok(())
}

// Not inlined, so that sampling the matrix and using it take the same stack space one after the
// other.

#[inline(never)]
fn validate(public: &MlKem768PublicKey) -> bool {
    mlkem768::validate_public_key(public)
}

#[inline(never)]
fn unpack(public: &MlKem768PublicKey, unpacked: &mut portable::unpacked::MlKem768PublicKeyUnpacked) {
    portable::unpacked::unpacked_public_key(public, unpacked);
}

#[inline(never)]
fn encapsulate_to(
    public: &portable::unpacked::MlKem768PublicKeyUnpacked,
    random: &[u8; 32],
    ciphertext: &mut [u8; CIPHERTEXT_LEN],
    secret: &mut [u8; 32],
) {
    copy_out(portable::unpacked::encapsulate(public, *random), ciphertext, secret);
}

fn copy_out(
    (encapsulated, mut shared): (MlKem768Ciphertext, [u8; 32]),
    ciphertext: &mut [u8; CIPHERTEXT_LEN],
    secret: &mut [u8; 32],
) {
    *ciphertext = *encapsulated.as_slice();
    *secret = shared;
    shared.zeroize();
}
