//! ML-KEM-768 by `libcrux-ml-kem`: in large part formally verified (its AVX2 code not wholly),
//! several times as fast, on AVX2 where the CPU has it.

use super::{CIPHERTEXT_LEN, PUBLIC_LEN, SEED_LEN};
use crate::kem::{DecapsulateError, KeyError};
#[cfg(all(target_arch = "x86_64", not(mixwell_backend = "portable")))]
use libcrux_ml_kem::mlkem768::avx2;
use libcrux_ml_kem::mlkem768::{self, MlKem768Ciphertext, MlKem768PublicKey, portable};
use zeroize::{Zeroize, Zeroizing, optimization_barrier};

#[cfg(all(target_arch = "x86_64", not(mixwell_backend = "portable")))]
cpufeatures::new!(cpu_has_avx2, "avx2");

/// How far down the stack the library leaves secrets, in bytes. Without an operating system memory
/// is short: they are what the work itself takes on a Cortex-M4, built for size. Elsewhere they are
/// more than those of x86-64's AVX2 code.
pub(super) const EXPANDING: usize = if SHORT_OF_MEMORY { 17_408 } else { 40 << 10 };
pub(super) const ENCAPSULATING: usize = if SHORT_OF_MEMORY { 17_920 } else { 40 << 10 };
pub(super) const DECAPSULATING: usize = if SHORT_OF_MEMORY { 11_776 } else { 20 << 10 };
const SHORT_OF_MEMORY: bool = cfg!(target_os = "none");

const EMPTY: usize = 0;
const FULL: usize = 1;

/// A key with its matrix; what it held is zeros when it is dropped.
pub(super) struct Expanded(Key);

/// A key for the engine that this CPU takes, and before it whether it is full. It is made empty and
/// filled where it lies: the library makes one on the stack, which is free again when it is filled.
///
/// The AVX2 key is aligned to 32 bytes: without a filler the gap behind the tag would carry along
/// what the stack held.
#[repr(usize)]
enum Key {
    Portable(usize, portable::unpacked::MlKem768KeyPairUnpacked),
    #[cfg(all(target_arch = "x86_64", not(mixwell_backend = "portable")))]
    Avx2([usize; 3], avx2::unpacked::MlKem768KeyPairUnpacked),
    /// Over every byte of the others.
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
    /// Makes room for a key again where one was wiped.
    pub(super) fn reset(&mut self) {
        #[inline(never)]
        fn make(key: &mut Expanded) {
            *key = Expanded::default();
        }
        if matches!(self.0, Key::Wiped(_)) {
            make(self);
        }
    }

    /// Every field of a key that there is room for.
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

    /// The library's key does not wipe itself: it is overwritten, and the barrier keeps the
    /// compiler from leaving that out.
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

// Steps that are not inlined: sampling the matrix and using it then take the same stack.

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
