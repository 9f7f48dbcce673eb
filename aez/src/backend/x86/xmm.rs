//! A block in a 128-bit register. SSE2 is part of every x86-64 target that this module is compiled for.

use crate::engine::Block;
use core::{
    arch::x86_64::{__m128i, _mm_loadu_si128, _mm_set_epi64x, _mm_setzero_si128, _mm_storeu_si128, _mm_xor_si128},
    ops::BitXor,
};
use zeroize::Zeroize;

#[derive(Clone, Copy)]
pub(crate) struct Xmm(pub(super) __m128i);

impl Block for Xmm {
    #[inline(always)]
    fn from_bytes(bytes: &[u8; 16]) -> Self {
        // SAFETY: SSE2 is there; reads 16 bytes, at any alignment
        Self(unsafe { _mm_loadu_si128(bytes.as_ptr().cast()) })
    }

    #[inline(always)]
    fn to_bytes(self) -> [u8; 16] {
        let mut bytes = [0; 16];
        // SAFETY: SSE2 is there; writes 16 bytes, at any alignment
        unsafe { _mm_storeu_si128(bytes.as_mut_ptr().cast(), self.0) };
        bytes
    }

    /// Through registers: a load so soon after two stores of half its size would have to wait for them.
    #[inline(always)]
    fn from_number(number: u128) -> Self {
        let [a0, a1, a2, a3, a4, a5, a6, a7, high @ ..] = number.to_be_bytes();
        let low = [a0, a1, a2, a3, a4, a5, a6, a7];
        let (high, low) = (i64::from_le_bytes(high), i64::from_le_bytes(low));
        // SAFETY: SSE2 is there
        Self(unsafe { _mm_set_epi64x(high, low) })
    }

    #[inline(always)]
    fn zero() -> Self {
        // SAFETY: SSE2 is there
        Self(unsafe { _mm_setzero_si128() })
    }
}

impl BitXor for Xmm {
    type Output = Self;

    #[inline(always)]
    fn bitxor(self, other: Self) -> Self {
        // SAFETY: SSE2 is there
        Self(unsafe { _mm_xor_si128(self.0, other.0) })
    }
}

impl Zeroize for Xmm {
    fn zeroize(&mut self) {
        self.0.zeroize();
    }
}
