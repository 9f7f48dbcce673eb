//! The processors of x86-64.

use super::{Backend, Engine, With};
use crate::{
    compress::compress,
    lanes::{ByShifts, ByTernary, Common, Scalar, Shifts, Ternary},
    state::State,
};
use core::arch::x86_64::{
    __m256i, __m512i, _mm256_add_epi32, _mm256_and_si256, _mm256_loadu_si256, _mm256_ror_epi32, _mm256_set1_epi32,
    _mm256_slli_epi32, _mm256_srli_epi32, _mm256_storeu_si256, _mm256_ternarylogic_epi32, _mm256_xor_si256,
    _mm512_add_epi32, _mm512_loadu_si512, _mm512_ror_epi32, _mm512_set1_epi32, _mm512_srli_epi32, _mm512_storeu_si512,
    _mm512_ternarylogic_epi32,
};

use zeroize::zeroize_stack;

cpufeatures::new!(cpu_bmi2, "bmi1", "bmi2");
cpufeatures::new!(cpu_avx2, "avx2");
cpufeatures::new!(cpu_avx512, "avx2", "avx512f", "avx512vl");
cpufeatures::new!(cpu_sha, "sha", "sse4.1");

pub(super) fn has(backend: Backend) -> bool {
    match backend {
        Backend::Sha2 => true,
        Backend::Bmi2 => cpu_bmi2::get(),
        Backend::Avx2 => cpu_avx2::get(),
        Backend::Avx512x8 | Backend::Avx512x16 => cpu_avx512::get(),
    }
}

/// Whether `sha2` uses the processor's SHA instructions.
#[inline]
pub(super) fn has_sha() -> bool {
    !cfg!(any(sha2_backend = "soft", sha2_256_backend = "soft")) && cpu_sha::get()
}

pub(super) fn with(backend: Backend, work: impl With) -> bool {
    if !has(backend) {
        return false;
    }
    match backend {
        Backend::Sha2 => work.run(super::Sha2),
        Backend::Bmi2 => wiped::<{ 1 << 10 }>(|| work.run(HasBmi2(()))),
        Backend::Avx2 => wiped::<{ 8 << 10 }>(|| work.run(HasAvx2(()))),
        Backend::Avx512x8 => wiped::<{ 8 << 10 }>(|| work.run(HasAvx512Vl(()))),
        Backend::Avx512x16 => wiped::<{ 12 << 10 }>(|| work.run(HasAvx512(()))),
    }
    true
}

/// Runs `work`, then wipes the stack to which registers may have been spilled.
fn wiped<const BYTES: usize>(work: impl FnOnce()) {
    #[inline(never)]
    fn below(work: impl FnOnce()) {
        work();
    }
    below(work);
    zeroize_stack::<BYTES>();
}

/// Proof that the processor has BMI1 and BMI2.
#[derive(Clone, Copy)]
pub(super) struct HasBmi2(());

/// Proof that the processor has AVX2.
#[derive(Clone, Copy)]
pub(super) struct HasAvx2(());

/// Proof that the processor has AVX-512F and VL, for AVX-512's instructions on 256-bit registers.
#[derive(Clone, Copy)]
pub(super) struct HasAvx512Vl(());

/// Proof that the processor has AVX-512F, for 512-bit registers.
#[derive(Clone, Copy)]
pub(super) struct HasAvx512(());

impl Engine<1> for HasBmi2 {
    #[inline]
    fn compress(self, state: &mut State<1>, blocks: [&[[u8; 64]]; 1]) {
        #[target_feature(enable = "bmi1,bmi2")]
        fn enabled(state: &mut State<1>, blocks: [&[[u8; 64]]; 1]) {
            compress(Scalar, state, blocks);
        }
        // SAFETY: the processor has both, as `self` proves
        unsafe { enabled(state, blocks) }
    }
}

impl Engine<8> for HasAvx2 {
    #[inline]
    fn compress(self, state: &mut State<8>, blocks: [&[[u8; 64]]; 8]) {
        #[target_feature(enable = "avx2")]
        fn enabled(has: HasAvx2, state: &mut State<8>, blocks: [&[[u8; 64]]; 8]) {
            compress(ByShifts(has), state, blocks);
        }
        // SAFETY: the processor has it, as `self` proves
        unsafe { enabled(self, state, blocks) }
    }
}

impl Engine<8> for HasAvx512Vl {
    #[inline]
    fn compress(self, state: &mut State<8>, blocks: [&[[u8; 64]]; 8]) {
        #[target_feature(enable = "avx2,avx512f,avx512vl")]
        fn enabled(has: HasAvx512Vl, state: &mut State<8>, blocks: [&[[u8; 64]]; 8]) {
            compress(ByTernary(has), state, blocks);
        }
        // SAFETY: the processor has them, as `self` proves
        unsafe { enabled(self, state, blocks) }
    }
}

impl Engine<16> for HasAvx512 {
    #[inline]
    fn compress(self, state: &mut State<16>, blocks: [&[[u8; 64]]; 16]) {
        #[target_feature(enable = "avx2,avx512f,avx512vl")]
        fn enabled(has: HasAvx512, state: &mut State<16>, blocks: [&[[u8; 64]]; 16]) {
            compress(ByTernary(has), state, blocks);
        }
        // SAFETY: the processor has them, as `self` proves
        unsafe { enabled(self, state, blocks) }
    }
}

/// AVX2's instructions on 256-bit registers.
macro_rules! common_256 {
    ($has:ident) => {
        impl Common<8> for $has {
            type Register = __m256i;

            #[inline(always)]
            fn loadu(self, words: &[u32; 8]) -> __m256i {
                // SAFETY: `self` proves that the processor has AVX2; reads 32 bytes, at any
                // alignment
                unsafe { _mm256_loadu_si256(words.as_ptr().cast()) }
            }

            #[inline(always)]
            fn storeu(self, register: __m256i, words: &mut [u32; 8]) {
                // SAFETY: `self` proves that the processor has AVX2; writes 32 bytes, at any
                // alignment
                unsafe { _mm256_storeu_si256(words.as_mut_ptr().cast(), register) }
            }

            #[inline(always)]
            fn set1(self, word: u32) -> __m256i {
                // SAFETY: `self` proves that the processor has AVX2
                unsafe { _mm256_set1_epi32(word.cast_signed()) }
            }

            #[inline(always)]
            fn add_epi32(self, a: __m256i, b: __m256i) -> __m256i {
                // SAFETY: `self` proves that the processor has AVX2
                unsafe { _mm256_add_epi32(a, b) }
            }

            #[inline(always)]
            fn srli_epi32<const N: i32>(self, x: __m256i) -> __m256i {
                // SAFETY: `self` proves that the processor has AVX2
                unsafe { _mm256_srli_epi32::<N>(x) }
            }
        }
    };
}

common_256!(HasAvx2);
common_256!(HasAvx512Vl);

impl Shifts<8> for HasAvx2 {
    #[inline(always)]
    fn slli_epi32<const N: i32>(self, x: __m256i) -> __m256i {
        // SAFETY: `self` proves that the processor has AVX2
        unsafe { _mm256_slli_epi32::<N>(x) }
    }

    #[inline(always)]
    fn and(self, a: __m256i, b: __m256i) -> __m256i {
        // SAFETY: `self` proves that the processor has AVX2
        unsafe { _mm256_and_si256(a, b) }
    }

    #[inline(always)]
    fn xor(self, a: __m256i, b: __m256i) -> __m256i {
        // SAFETY: `self` proves that the processor has AVX2
        unsafe { _mm256_xor_si256(a, b) }
    }
}

impl Ternary<8> for HasAvx512Vl {
    #[inline(always)]
    fn ror_epi32<const N: i32>(self, x: __m256i) -> __m256i {
        // SAFETY: `self` proves that the processor has AVX-512F and VL
        unsafe { _mm256_ror_epi32::<N>(x) }
    }

    #[inline(always)]
    fn ternarylogic<const TABLE: i32>(self, a: __m256i, b: __m256i, c: __m256i) -> __m256i {
        // SAFETY: `self` proves that the processor has AVX-512F and VL
        unsafe { _mm256_ternarylogic_epi32::<TABLE>(a, b, c) }
    }
}

impl Common<16> for HasAvx512 {
    type Register = __m512i;

    #[inline(always)]
    fn loadu(self, words: &[u32; 16]) -> __m512i {
        // SAFETY: `self` proves that the processor has AVX-512F; reads 64 bytes, at any
        // alignment
        unsafe { _mm512_loadu_si512(words.as_ptr().cast()) }
    }

    #[inline(always)]
    fn storeu(self, register: __m512i, words: &mut [u32; 16]) {
        // SAFETY: `self` proves that the processor has AVX-512F; writes 64 bytes, at any
        // alignment
        unsafe { _mm512_storeu_si512(words.as_mut_ptr().cast(), register) }
    }

    #[inline(always)]
    fn set1(self, word: u32) -> __m512i {
        // SAFETY: `self` proves that the processor has AVX-512F
        unsafe { _mm512_set1_epi32(word.cast_signed()) }
    }

    #[inline(always)]
    fn add_epi32(self, a: __m512i, b: __m512i) -> __m512i {
        // SAFETY: `self` proves that the processor has AVX-512F
        unsafe { _mm512_add_epi32(a, b) }
    }

    #[inline(always)]
    fn srli_epi32<const N: i32>(self, x: __m512i) -> __m512i {
        // SAFETY: `self` proves that the processor has AVX-512F
        unsafe { srli_512::<N>(x) }
    }
}

/// The shift's amount is unsigned here and signed in the instruction on 256 bits.
#[inline(always)]
unsafe fn srli_512<const N: i32>(x: __m512i) -> __m512i {
    // SAFETY: the caller guarantees that the processor has AVX-512F
    unsafe {
        match N {
            3 => _mm512_srli_epi32::<3>(x),
            10 => _mm512_srli_epi32::<10>(x),
            _ => _mm512_srli_epi32::<32>(x),
        }
    }
}

impl Ternary<16> for HasAvx512 {
    #[inline(always)]
    fn ror_epi32<const N: i32>(self, x: __m512i) -> __m512i {
        // SAFETY: `self` proves that the processor has AVX-512F
        unsafe { _mm512_ror_epi32::<N>(x) }
    }

    #[inline(always)]
    fn ternarylogic<const TABLE: i32>(self, a: __m512i, b: __m512i, c: __m512i) -> __m512i {
        // SAFETY: `self` proves that the processor has AVX-512F
        unsafe { _mm512_ternarylogic_epi32::<TABLE>(a, b, c) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::backend::model::{same_as_shifts, same_as_ternary, same_engine};

    #[test]
    fn the_models_are_the_instructions() {
        if cpu_bmi2::get() {
            same_engine(HasBmi2(()));
        }
        if cpu_avx2::get() {
            same_as_shifts(ByShifts(HasAvx2(())));
            same_engine(HasAvx2(()));
        }
        if cpu_avx512::get() {
            same_as_ternary(ByTernary(HasAvx512Vl(())));
            same_as_ternary(ByTernary(HasAvx512(())));
            same_engine(HasAvx512Vl(()));
            same_engine(HasAvx512(()));
        }
    }
}
