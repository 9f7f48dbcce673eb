//! VAES with AVX-512: four blocks in a 512-bit register.

use super::{
    detect,
    xmm::{HasAesNi, Xmm},
};
use crate::{
    backend::aesenc::{Aesenc, Vaes512},
    block::Pair,
};
use core::{
    arch::x86_64::{
        __m512i, _mm512_aesenc_epi128, _mm512_broadcast_i32x4, _mm512_castsi128_si512, _mm512_castsi512_si128,
        _mm512_extracti32x4_epi32, _mm512_inserti32x4, _mm512_loadu_si512, _mm512_mask_storeu_epi64,
        _mm512_maskz_loadu_epi64, _mm512_maskz_mov_epi64, _mm512_permutex2var_epi64, _mm512_shuffle_i64x2,
        _mm512_storeu_si512, _mm512_xor_si512,
    },
    ops::BitXor,
};

/// Proof that the processor has VAES, AES-NI, AVX2 and AVX-512.
#[derive(Clone, Copy)]
pub(crate) struct HasVaes512(());

impl HasVaes512 {
    #[inline]
    pub(super) fn find() -> Option<Self> {
        if detect::vaes512() { Some(Self(())) } else { None }
    }
}

impl Aesenc<Zmm> for HasVaes512 {
    #[inline(always)]
    fn aesenc(self, x: Zmm, key: Zmm) -> Zmm {
        // SAFETY: `self` proves that the processor has VAES and AVX-512
        Zmm(unsafe { _mm512_aesenc_epi128(x.0, key.0) })
    }
}

impl Vaes512 for HasVaes512 {
    type AesNi = HasAesNi<true>;
    type Zmm = Zmm;

    #[inline(always)]
    fn aes_ni(self) -> HasAesNi<true> {
        // SAFETY: `self` proves that the processor has AES-NI and AVX2
        unsafe { HasAesNi::assume() }
    }

    #[inline(always)]
    fn broadcast_i32x4(self, xmm: Xmm) -> Zmm {
        // SAFETY: `self` proves that the processor has AVX-512
        Zmm(unsafe { _mm512_broadcast_i32x4(xmm.0) })
    }

    #[inline(always)]
    fn set_i32x4(self, [a, b, c, d]: [Xmm; 4]) -> Zmm {
        // SAFETY: `self` proves that the processor has AVX-512
        Zmm(unsafe {
            let ab = _mm512_inserti32x4::<1>(_mm512_castsi128_si512(a.0), b.0);
            _mm512_inserti32x4::<3>(_mm512_inserti32x4::<2>(ab, c.0), d.0)
        })
    }

    #[inline(always)]
    fn extract_i32x4(self, zmm: Zmm) -> [Xmm; 4] {
        // SAFETY: `self` proves that the processor has AVX-512
        unsafe {
            [
                Xmm(_mm512_castsi512_si128(zmm.0)),
                Xmm(_mm512_extracti32x4_epi32::<1>(zmm.0)),
                Xmm(_mm512_extracti32x4_epi32::<2>(zmm.0)),
                Xmm(_mm512_extracti32x4_epi32::<3>(zmm.0)),
            ]
        }
    }

    #[inline(always)]
    fn shuffle_i64x2<const ORDER: i32>(self, a: Zmm, b: Zmm) -> Zmm {
        // SAFETY: `self` proves that the processor has AVX-512
        Zmm(unsafe { _mm512_shuffle_i64x2::<ORDER>(a.0, b.0) })
    }

    #[inline(always)]
    fn permutex2var_epi64(self, a: Zmm, order: [i64; 8], b: Zmm) -> Zmm {
        // SAFETY: `self` proves that the processor has AVX-512; reads the 64 bytes of `order`
        Zmm(unsafe { _mm512_permutex2var_epi64(a.0, _mm512_loadu_si512(order.as_ptr().cast()), b.0) })
    }

    #[inline(always)]
    fn maskz_mov_epi64(self, mask: u8, zmm: Zmm) -> Zmm {
        // SAFETY: `self` proves that the processor has AVX-512
        Zmm(unsafe { _mm512_maskz_mov_epi64(mask, zmm.0) })
    }

    #[inline(always)]
    fn loadu(self, pairs: &[Pair; 2]) -> Zmm {
        // SAFETY: `self` proves that the processor has AVX-512; reads 64 bytes, at any
        // alignment
        Zmm(unsafe { _mm512_loadu_si512(pairs.as_ptr().cast()) })
    }

    #[inline(always)]
    fn storeu(self, zmm: Zmm, pairs: &mut [Pair; 2]) {
        // SAFETY: `self` proves that the processor has AVX-512; writes 64 bytes, at any
        // alignment
        unsafe { _mm512_storeu_si512(pairs.as_mut_ptr().cast(), zmm.0) }
    }

    #[inline(always)]
    unsafe fn maskz_loadu_epi64(self, mask: u8, pairs: &[Pair]) -> Zmm {
        // SAFETY: `self` proves that the processor has AVX-512; reads the lanes in `mask`, which
        // lie within `pairs`, as the caller guarantees
        Zmm(unsafe { _mm512_maskz_loadu_epi64(mask, pairs.as_ptr().cast()) })
    }

    #[inline(always)]
    unsafe fn mask_storeu_epi64(self, mask: u8, zmm: Zmm, pairs: &mut [Pair]) {
        // SAFETY: `self` proves that the processor has AVX-512; writes the lanes in `mask`, which
        // lie within `pairs`, as the caller guarantees
        unsafe { _mm512_mask_storeu_epi64(pairs.as_mut_ptr().cast(), mask, zmm.0) }
    }
}

/// Four blocks. Only [`HasVaes512`] creates them.
#[derive(Clone, Copy)]
pub(crate) struct Zmm(__m512i);

impl BitXor for Zmm {
    type Output = Self;

    #[inline(always)]
    fn bitxor(self, other: Self) -> Self {
        // SAFETY: a `Zmm` proves that the processor has AVX-512
        Self(unsafe { _mm512_xor_si512(self.0, other.0) })
    }
}
