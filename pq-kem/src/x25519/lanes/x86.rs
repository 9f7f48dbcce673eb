//! The vectors of x86-64: four words in AVX2, eight in AVX-512.
#![expect(unsafe_code, reason = "the processor's vector instructions, where it has them")]

use super::{
    Fractions, Words, ladder,
    radix25::Radix25,
    radix52::Radix52,
    vector::{Multiply52, Vector},
};
use core::{
    arch::asm,
    arch::x86_64::{
        __m256i, __m512i, __mmask8, _mm256_add_epi64, _mm256_and_si256, _mm256_blendv_epi8, _mm256_cmpeq_epi64,
        _mm256_set1_epi64x, _mm256_setzero_si256, _mm256_sllv_epi64, _mm256_srlv_epi64, _mm256_sub_epi64,
        _mm256_xor_si256, _mm512_add_epi64, _mm512_and_si512, _mm512_madd52hi_epu64, _mm512_madd52lo_epu64,
        _mm512_mask_blend_epi64, _mm512_set1_epi64, _mm512_sllv_epi64, _mm512_srav_epi64, _mm512_srlv_epi64,
        _mm512_sub_epi64, _mm512_test_epi64_mask,
    },
    marker::PhantomData,
    mem::transmute,
};

cpufeatures::new!(cpu_avx2, "avx2");
cpufeatures::new!(cpu_avx512f, "avx512f");
cpufeatures::new!(cpu_avx512ifma, "avx512f", "avx512ifma");

/// Proof that the processor has AVX2.
#[derive(Clone, Copy)]
pub(super) struct HasAvx2(());

/// Proof that the processor has AVX-512F.
#[derive(Clone, Copy)]
pub(super) struct HasAvx512f(());

/// Proof that the processor has AVX-512F and AVX-512 IFMA.
#[derive(Clone, Copy)]
pub(super) struct HasIfma(());

impl HasIfma {
    pub(super) fn find() -> Option<Self> {
        if cpu_avx512ifma::get() { Some(Self(())) } else { None }
    }

    pub(super) fn multiply(self, scalars: &Words<8>, us: &Words<8>) -> Fractions<8> {
        #[inline(never)]
        #[target_feature(enable = "avx512f,avx512ifma")]
        fn multiply(has: HasIfma, scalars: &Words<8>, us: &Words<8>) -> Fractions<8> {
            let fractions = ladder::multiply::<Radix52<Avx512<HasIfma>>>(has, scalars, us);
            clear_512();
            fractions
        }
        // SAFETY: the function is compiled for AVX-512F and IFMA, which the processor has, as
        // `self` proves
        unsafe { multiply(self, scalars, us) }
    }
}

impl HasAvx512f {
    pub(super) fn find() -> Option<Self> {
        if cpu_avx512f::get() { Some(Self(())) } else { None }
    }

    pub(super) fn multiply(self, scalars: &Words<8>, us: &Words<8>) -> Fractions<8> {
        #[inline(never)]
        #[target_feature(enable = "avx512f")]
        fn multiply(has: HasAvx512f, scalars: &Words<8>, us: &Words<8>) -> Fractions<8> {
            let fractions = ladder::multiply::<Radix25<Avx512<HasAvx512f>>>(has, scalars, us);
            clear_512();
            fractions
        }
        // SAFETY: the function is compiled for a feature that the processor has, as `self` proves
        unsafe { multiply(self, scalars, us) }
    }
}

impl HasAvx2 {
    pub(super) fn find() -> Option<Self> {
        if cpu_avx2::get() { Some(Self(())) } else { None }
    }

    pub(super) fn multiply(self, scalars: &Words<4>, us: &Words<4>) -> Fractions<4> {
        #[inline(never)]
        #[target_feature(enable = "avx2")]
        fn multiply(has: HasAvx2, scalars: &Words<4>, us: &Words<4>) -> Fractions<4> {
            let fractions = ladder::multiply::<Radix25<Avx2>>(has, scalars, us);
            clear_256();
            fractions
        }
        // SAFETY: the function is compiled for a feature that the processor has, as `self` proves
        unsafe { multiply(self, scalars, us) }
    }
}

/// A proof that includes AVX-512F.
pub(super) trait IncludesAvx512f: Copy {}
impl IncludesAvx512f for HasAvx512f {}
impl IncludesAvx512f for HasIfma {}

/// Eight words. Values come only from a proof, by `load` and `splat`, or from other values.
#[derive(Clone, Copy)]
pub(super) struct Avx512<P>(__m512i, PhantomData<P>);

/// Four words. Values come only from a proof, by `load` and `splat`, or from other values.
#[derive(Clone, Copy)]
pub(super) struct Avx2(__m256i);

/// Calls the intrinsic of an instruction, in a method of `Avx512` or `Avx2`.
macro_rules! instruction {
    ($call:expr) => {
        // SAFETY: intrinsics between registers are unsafe only where the processor lacks the
        // instruction. It has it: the method takes a vector, a proof, or a mask, which only
        // `is_not_zero` of a vector makes
        unsafe { $call }
    };
}

impl<P: IncludesAvx512f> Vector for Avx512<P> {
    type Proof = P;
    type Mask = __mmask8;
    type Words = [u64; 8];

    const ZEROS: [u64; 8] = [0; 8];

    #[inline(always)]
    fn load(_: P, words: &[u64; 8]) -> Self {
        // SAFETY: both types are 64 bytes without padding, and any bits are a valid value of either
        Self(unsafe { transmute::<[u64; 8], __m512i>(*words) }, PhantomData)
    }

    #[inline(always)]
    fn store(self) -> [u64; 8] {
        // SAFETY: as in `load`
        unsafe { transmute::<__m512i, [u64; 8]>(self.0) }
    }

    #[inline(always)]
    fn splat(_: P, word: u64) -> Self {
        Self(instruction!(_mm512_set1_epi64(word.cast_signed())), PhantomData)
    }

    #[inline(always)]
    fn add(self, other: Self) -> Self {
        Self(instruction!(_mm512_add_epi64(self.0, other.0)), PhantomData)
    }

    #[inline(always)]
    fn sub(self, other: Self) -> Self {
        Self(instruction!(_mm512_sub_epi64(self.0, other.0)), PhantomData)
    }

    #[inline(always)]
    fn and(self, other: Self) -> Self {
        Self(instruction!(_mm512_and_si512(self.0, other.0)), PhantomData)
    }

    #[inline(always)]
    fn shift_right<const BITS: u64>(self) -> Self {
        Self(instruction!(_mm512_srlv_epi64(self.0, _mm512_set1_epi64(BITS.cast_signed()))), PhantomData)
    }

    #[inline(always)]
    fn shift_left<const BITS: u64>(self) -> Self {
        Self(instruction!(_mm512_sllv_epi64(self.0, _mm512_set1_epi64(BITS.cast_signed()))), PhantomData)
    }

    #[inline(always)]
    fn mul_32(self, other: Self) -> Self {
        Self(instruction!(mul_32_512(self.0, other.0)), PhantomData)
    }

    #[inline(always)]
    fn is_not_zero(self) -> __mmask8 {
        instruction!(_mm512_test_epi64_mask(self.0, self.0))
    }

    #[inline(always)]
    fn xor_mask(a: __mmask8, b: __mmask8) -> __mmask8 {
        a ^ b
    }

    #[inline(always)]
    fn select(self, other: Self, mask: __mmask8) -> Self {
        Self(instruction!(_mm512_mask_blend_epi64(mask, self.0, other.0)), PhantomData)
    }
}

impl Multiply52 for Avx512<HasIfma> {
    #[inline(always)]
    fn add_low(self, a: Self, b: Self) -> Self {
        Self(instruction!(_mm512_madd52lo_epu64(self.0, a.0, b.0)), PhantomData)
    }

    #[inline(always)]
    fn add_high(self, a: Self, b: Self) -> Self {
        Self(instruction!(_mm512_madd52hi_epu64(self.0, a.0, b.0)), PhantomData)
    }

    #[inline(always)]
    fn shift_right_signed<const BITS: u64>(self) -> Self {
        Self(instruction!(_mm512_srav_epi64(self.0, _mm512_set1_epi64(BITS.cast_signed()))), PhantomData)
    }
}

impl Vector for Avx2 {
    type Proof = HasAvx2;
    /// All ones in a lane that is set.
    type Mask = __m256i;
    type Words = [u64; 4];

    const ZEROS: [u64; 4] = [0; 4];

    #[inline(always)]
    fn load(_: HasAvx2, words: &[u64; 4]) -> Self {
        // SAFETY: both types are 32 bytes without padding, and any bits are a valid value of either
        Self(unsafe { transmute::<[u64; 4], __m256i>(*words) })
    }

    #[inline(always)]
    fn store(self) -> [u64; 4] {
        // SAFETY: as in `load`
        unsafe { transmute::<__m256i, [u64; 4]>(self.0) }
    }

    #[inline(always)]
    fn splat(_: HasAvx2, word: u64) -> Self {
        Self(instruction!(_mm256_set1_epi64x(word.cast_signed())))
    }

    #[inline(always)]
    fn add(self, other: Self) -> Self {
        Self(instruction!(_mm256_add_epi64(self.0, other.0)))
    }

    #[inline(always)]
    fn sub(self, other: Self) -> Self {
        Self(instruction!(_mm256_sub_epi64(self.0, other.0)))
    }

    #[inline(always)]
    fn and(self, other: Self) -> Self {
        Self(instruction!(_mm256_and_si256(self.0, other.0)))
    }

    #[inline(always)]
    fn shift_right<const BITS: u64>(self) -> Self {
        Self(instruction!(_mm256_srlv_epi64(self.0, _mm256_set1_epi64x(BITS.cast_signed()))))
    }

    #[inline(always)]
    fn shift_left<const BITS: u64>(self) -> Self {
        Self(instruction!(_mm256_sllv_epi64(self.0, _mm256_set1_epi64x(BITS.cast_signed()))))
    }

    #[inline(always)]
    fn mul_32(self, other: Self) -> Self {
        Self(instruction!(mul_32_256(self.0, other.0)))
    }

    #[inline(always)]
    fn is_not_zero(self) -> __m256i {
        instruction!(_mm256_xor_si256(_mm256_cmpeq_epi64(self.0, _mm256_setzero_si256()), _mm256_set1_epi64x(-1)))
    }

    #[inline(always)]
    fn xor_mask(a: __m256i, b: __m256i) -> __m256i {
        instruction!(_mm256_xor_si256(a, b))
    }

    #[inline(always)]
    fn select(self, other: Self, mask: __m256i) -> Self {
        Self(instruction!(_mm256_blendv_epi8(self.0, other.0, mask)))
    }
}

/// VPMULUDQ. In assembly, because the compiler knows the intrinsic as a product and rearranges
/// products of products, into more instructions.
#[inline]
#[target_feature(enable = "avx512f")]
fn mul_32_512(a: __m512i, b: __m512i) -> __m512i {
    let product;
    // SAFETY: reads and writes only the registers of its operands; the function is compiled for the
    // instruction's feature
    unsafe {
        asm!(
            "vpmuludq {product}, {a}, {b}",
            product = lateout(zmm_reg) product, a = in(zmm_reg) a, b = in(zmm_reg) b,
            options(pure, nomem, nostack, preserves_flags),
        );
    }
    product
}

/// VPMULUDQ of AVX2.
#[inline]
#[target_feature(enable = "avx2")]
fn mul_32_256(a: __m256i, b: __m256i) -> __m256i {
    let product;
    // SAFETY: reads and writes only the registers of its operands; the function is compiled for the
    // instruction's feature
    unsafe {
        asm!(
            "vpmuludq {product}, {a}, {b}",
            product = lateout(ymm_reg) product, a = in(ymm_reg) a, b = in(ymm_reg) b,
            options(pure, nomem, nostack, preserves_flags),
        );
    }
    product
}

/// Clears the vector registers of AVX.
#[inline]
#[target_feature(enable = "avx2")]
fn clear_256() {
    // SAFETY: writes only registers, all of which are declared as outputs; the function is compiled
    // for the instructions' feature
    unsafe {
        asm!(
            "vzeroall",
            out("ymm0") _, out("ymm1") _, out("ymm2") _, out("ymm3") _, out("ymm4") _, out("ymm5") _, out("ymm6") _,
            out("ymm7") _, out("ymm8") _, out("ymm9") _, out("ymm10") _, out("ymm11") _, out("ymm12") _,
            out("ymm13") _, out("ymm14") _, out("ymm15") _,
            options(nomem, nostack, preserves_flags),
        );
    }
}

/// Clears the vector registers of AVX-512. The mask registers need no clearing: they hold the last
/// bits of the scalars, which clamping has made 0.
#[inline]
#[target_feature(enable = "avx512f")]
fn clear_512() {
    clear_256();
    // SAFETY: writes only registers, all of which are declared as outputs; the function is compiled
    // for the instructions' feature
    unsafe {
        asm!(
            "vpxord zmm16, zmm16, zmm16", "vpxord zmm17, zmm17, zmm17", "vpxord zmm18, zmm18, zmm18",
            "vpxord zmm19, zmm19, zmm19", "vpxord zmm20, zmm20, zmm20", "vpxord zmm21, zmm21, zmm21",
            "vpxord zmm22, zmm22, zmm22", "vpxord zmm23, zmm23, zmm23", "vpxord zmm24, zmm24, zmm24",
            "vpxord zmm25, zmm25, zmm25", "vpxord zmm26, zmm26, zmm26", "vpxord zmm27, zmm27, zmm27",
            "vpxord zmm28, zmm28, zmm28", "vpxord zmm29, zmm29, zmm29", "vpxord zmm30, zmm30, zmm30",
            "vpxord zmm31, zmm31, zmm31",
            out("zmm16") _, out("zmm17") _, out("zmm18") _, out("zmm19") _, out("zmm20") _, out("zmm21") _,
            out("zmm22") _, out("zmm23") _, out("zmm24") _, out("zmm25") _, out("zmm26") _, out("zmm27") _,
            out("zmm28") _, out("zmm29") _, out("zmm30") _, out("zmm31") _,
            options(nomem, nostack, preserves_flags),
        );
    }
}
