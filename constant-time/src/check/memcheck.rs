//! Requests to valgrind that mark bytes as secret or public.
//!
//! Memcheck tracks uninitialised bits through memory, registers and arithmetic, and reports
//! branches and addresses that depend on them. Secrets are therefore marked as uninitialised.

use core::{ffi::c_void, hint::black_box};
use rand_chacha::{
    ChaCha20Rng,
    rand_core::{Infallible, Rng, SeedableRng, TryCryptoRng, TryRng, utils::next_word_via_fill},
};

// SAFETY: these are the signatures of `memcheck.c`, which this crate builds
unsafe extern "C" {
    fn shim_make_undefined(bytes: *const c_void, len: usize);
    fn shim_make_defined(bytes: *const c_void, len: usize);
    fn shim_undefined_bits(bytes: *const c_void, out: *mut c_void, len: usize) -> u32;
    fn shim_is_valgrind() -> u32;
}

/// Whether this process runs under valgrind; otherwise the functions below have no effect.
pub(crate) fn is_valgrind() -> bool {
    // SAFETY: the function takes no arguments.
    unsafe { shim_is_valgrind() != 0 }
}

/// Marks bytes as secret: from now on no branch and no address may depend on them.
pub(crate) fn secret(bytes: &mut [u8]) {
    // SAFETY: the pointer and the length are those of a slice; valgrind's own records change, the
    // bytes do not.
    unsafe { shim_make_undefined(bytes.as_mut_ptr().cast(), bytes.len()) }
}

/// A secret array of made-up bytes.
pub(crate) fn secrets<const N: usize>(seed: u8) -> [u8; N] {
    let mut bytes = black_box([seed; N]);
    secret(&mut bytes);
    bytes
}

/// Marks bytes as public, because they are sent, published or returned as a verdict.
pub(crate) fn public<T: ?Sized>(value: &mut T) {
    // SAFETY: the pointer and the length are those of a value; valgrind's own records change, the
    // value does not.
    unsafe { shim_make_defined((&raw const *value).cast(), size_of_val(value)) }
}

/// Fails if these bytes do not depend on a secret: the operation then has not used the secret, and
/// the check would be void.
pub(crate) fn assert_secret(bytes: &[u8]) {
    let mut bits = vec![0_u8; bytes.len()];
    // SAFETY: both pointers are valid for this number of bytes.
    let worked = unsafe { shim_undefined_bits(bytes.as_ptr().cast(), bits.as_mut_ptr().cast(), bytes.len()) };
    assert!(worked == 1 && bits.iter().any(|byte| *byte != 0), "what came out does not depend on a secret");
}

/// Calls `mark` with every word of a value that equals `number`, and returns how many there are.
/// The value must not have padding.
///
/// Marks single fields of a type and leaves the marks of its other fields unchanged.
pub(crate) fn each_word<T>(value: &mut T, number: u64, mark: impl Fn(&mut [u8])) -> usize {
    let start = (&raw mut *value).cast::<[u8; 8]>();
    let words = (0..size_of::<T>() / 8).map(|word| start.wrapping_add(word));
    let found = words.filter(|word| {
        // SAFETY: the word is within the value, which nothing else uses; the caller guarantees that
        // it has no padding.
        let word = unsafe { &mut **word };
        let mut copy = *word;
        public(&mut copy);
        let found = u64::from_ne_bytes(copy) == number;
        if found {
            mark(word);
        }
        found
    });
    found.count()
}

/// A random number generator whose output is secret, and the same in every run.
pub(crate) struct SecretRng(ChaCha20Rng);

impl SecretRng {
    pub(crate) fn new(seed: u8) -> Self {
        Self(ChaCha20Rng::from_seed([seed; 32]))
    }
}

impl TryRng for SecretRng {
    type Error = Infallible;

    fn try_next_u32(&mut self) -> Result<u32, Infallible> {
        next_word_via_fill(self)
    }

    fn try_next_u64(&mut self) -> Result<u64, Infallible> {
        next_word_via_fill(self)
    }

    fn try_fill_bytes(&mut self, out: &mut [u8]) -> Result<(), Infallible> {
        self.0.fill_bytes(out);
        secret(out);
        Ok(())
    }
}

impl TryCryptoRng for SecretRng {}
