//! VAES: two blocks in a 256-bit register.

use super::{
    detect,
    xmm::{HasAesNi, Xmm},
};
use crate::{
    backend::aesenc::{Aesenc, Vaes},
    block::Pair,
};
use core::{
    arch::x86_64::{
        __m256i, _mm256_aesenc_epi128, _mm256_castsi256_si128, _mm256_extracti128_si256, _mm256_loadu_si256,
        _mm256_set_m128i, _mm256_storeu_si256, _mm256_xor_si256,
    },
    ops::BitXor,
};

/// Proof that the processor has VAES, AES-NI and AVX2.
#[derive(Clone, Copy)]
pub(crate) struct HasVaes(());

impl HasVaes {
    #[inline]
    pub(super) fn find() -> Option<Self> {
        if detect::vaes() { Some(Self(())) } else { None }
    }
}

impl Aesenc<Ymm> for HasVaes {
    #[inline(always)]
    fn aesenc(self, x: Ymm, key: Ymm) -> Ymm {
        // SAFETY: `self` proves that the processor has VAES
        Ymm(unsafe { _mm256_aesenc_epi128(x.0, key.0) })
    }
}

impl Vaes for HasVaes {
    type AesNi = HasAesNi<true>;
    type Ymm = Ymm;

    #[inline(always)]
    fn aes_ni(self) -> HasAesNi<true> {
        // SAFETY: `self` proves that the processor has AES-NI and AVX2
        unsafe { HasAesNi::assume() }
    }

    #[inline(always)]
    fn set_m128i(self, high: Xmm, low: Xmm) -> Ymm {
        // SAFETY: `self` proves that the processor has AVX
        Ymm(unsafe { _mm256_set_m128i(high.0, low.0) })
    }

    #[inline(always)]
    fn castsi256_si128(self, ymm: Ymm) -> Xmm {
        // SAFETY: `self` proves that the processor has AVX
        Xmm(unsafe { _mm256_castsi256_si128(ymm.0) })
    }

    #[inline(always)]
    fn extracti128(self, ymm: Ymm) -> Xmm {
        // SAFETY: `self` proves that the processor has AVX2
        Xmm(unsafe { _mm256_extracti128_si256::<1>(ymm.0) })
    }

    #[inline(always)]
    fn loadu(self, pair: &Pair) -> Ymm {
        // SAFETY: `self` proves that the processor has AVX; reads 32 bytes, at any alignment
        Ymm(unsafe { _mm256_loadu_si256(pair.as_ptr().cast()) })
    }

    #[inline(always)]
    fn storeu(self, ymm: Ymm, pair: &mut Pair) {
        // SAFETY: `self` proves that the processor has AVX; writes 32 bytes, at any alignment
        unsafe { _mm256_storeu_si256(pair.as_mut_ptr().cast(), ymm.0) }
    }
}

/// Two blocks. Only a [`HasVaes`] makes one.
#[derive(Clone, Copy)]
pub(crate) struct Ymm(__m256i);

impl BitXor for Ymm {
    type Output = Self;

    #[inline(always)]
    fn bitxor(self, other: Self) -> Self {
        // SAFETY: a `Ymm` proves that the processor has AVX2
        Self(unsafe { _mm256_xor_si256(self.0, other.0) })
    }
}
