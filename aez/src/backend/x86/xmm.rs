//! AES-NI: a block in a 128-bit register. SSE2 is part of every x86-64 target that this module is
//! compiled for.

use super::detect;
use crate::{
    backend::aesenc::{AesNi, Aesenc},
    block::Block,
};
use core::{
    arch::{
        asm,
        x86_64::{
            __m128i, _mm_add_epi8, _mm_aesenc_si128, _mm_and_si128, _mm_cmpgt_epi8, _mm_loadu_si128, _mm_or_si128,
            _mm_set_epi8, _mm_set_epi64x, _mm_setzero_si128, _mm_slli_si128, _mm_srli_si128, _mm_storeu_si128,
            _mm_xor_si128,
        },
    },
    ops::BitXor,
    sync::atomic::{Ordering, compiler_fence},
};
use zeroize::Zeroize;

/// Proof that the processor has AES-NI, and AVX if `AVX` is true.
#[derive(Clone, Copy)]
pub(crate) struct HasAesNi<const AVX: bool>(());

impl<const AVX: bool> HasAesNi<AVX> {
    #[inline]
    pub(super) fn find() -> Option<Self> {
        if detect::aes() && (!AVX || detect::avx()) { Some(Self(())) } else { None }
    }

    /// The proof for processors with VAES.
    ///
    /// # Safety
    /// The processor must have AES-NI and AVX.
    #[inline(always)]
    pub(super) const unsafe fn assume() -> Self {
        Self(())
    }
}

impl<const AVX: bool> Aesenc<Xmm> for HasAesNi<AVX> {
    #[inline(always)]
    fn aesenc(self, x: Xmm, key: Xmm) -> Xmm {
        // SAFETY: `self` proves that the processor has AES-NI
        Xmm(unsafe { _mm_aesenc_si128(x.0, key.0) })
    }
}

impl<const AVX: bool> AesNi for HasAesNi<AVX> {
    type Xmm = Xmm;

    /// All blocks' first rounds, then all second, then all third. The compiler would process one
    /// block after the other to save registers, and the processor does not look far enough ahead to
    /// overlap eight blocks.
    ///
    /// Without AVX the order is the compiler's: this assembly has the instructions with `v`, and a
    /// processor that mixes them with those without waits for the upper halves of registers (a
    /// factor of ten on Sapphire Rapids).
    #[inline(always)]
    fn aesenc_8x3(self, x: [Xmm; 8], [k1, k2, k3]: [Xmm; 3]) -> [Xmm; 8] {
        if !AVX || cfg!(miri) {
            let mut x = x;
            for key in [k1, k2, k3] {
                for x in &mut x {
                    *x = self.aesenc(*x, key);
                }
            }
            return x;
        }
        let [mut x0, mut x1, mut x2, mut x3, mut x4, mut x5, mut x6, mut x7] = x;
        // SAFETY: `self` proves that the processor has AES-NI and AVX; nothing but the named
        // registers is touched
        unsafe {
            asm!(
                "vaesenc {x0}, {x0}, {k1}", "vaesenc {x1}, {x1}, {k1}", "vaesenc {x2}, {x2}, {k1}", "vaesenc {x3}, {x3}, {k1}",
                "vaesenc {x4}, {x4}, {k1}", "vaesenc {x5}, {x5}, {k1}", "vaesenc {x6}, {x6}, {k1}", "vaesenc {x7}, {x7}, {k1}",
                "vaesenc {x0}, {x0}, {k2}", "vaesenc {x1}, {x1}, {k2}", "vaesenc {x2}, {x2}, {k2}", "vaesenc {x3}, {x3}, {k2}",
                "vaesenc {x4}, {x4}, {k2}", "vaesenc {x5}, {x5}, {k2}", "vaesenc {x6}, {x6}, {k2}", "vaesenc {x7}, {x7}, {k2}",
                "vaesenc {x0}, {x0}, {k3}", "vaesenc {x1}, {x1}, {k3}", "vaesenc {x2}, {x2}, {k3}", "vaesenc {x3}, {x3}, {k3}",
                "vaesenc {x4}, {x4}, {k3}", "vaesenc {x5}, {x5}, {k3}", "vaesenc {x6}, {x6}, {k3}", "vaesenc {x7}, {x7}, {k3}",
                x0 = inout(xmm_reg) x0.0, x1 = inout(xmm_reg) x1.0, x2 = inout(xmm_reg) x2.0, x3 = inout(xmm_reg) x3.0,
                x4 = inout(xmm_reg) x4.0, x5 = inout(xmm_reg) x5.0, x6 = inout(xmm_reg) x6.0, x7 = inout(xmm_reg) x7.0,
                k1 = in(xmm_reg) k1.0, k2 = in(xmm_reg) k2.0, k3 = in(xmm_reg) k3.0,
                options(pure, nomem, nostack, preserves_flags),
            );
        }
        [x0, x1, x2, x3, x4, x5, x6, x7]
    }

    #[inline(always)]
    fn fence(self) {
        compiler_fence(Ordering::SeqCst);
    }
}

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

    /// Through registers: a load of 16 bytes right after two stores of 8 waits until both have left
    /// the store buffer.
    #[inline(always)]
    fn from_number(number: u128) -> Self {
        let [a0, a1, a2, a3, a4, a5, a6, a7, high @ ..] = number.to_be_bytes();
        let low = [a0, a1, a2, a3, a4, a5, a6, a7];
        let (high, low) = (i64::from_le_bytes(high), i64::from_le_bytes(low));
        // SAFETY: SSE2 is there
        Self(unsafe { _mm_set_epi64x(high, low) })
    }

    /// Shifts each byte left by a bit and fills in the top bit of the next byte; the top bit of the
    /// first byte is reduced to 0x87 in the last byte.
    #[inline(always)]
    fn double(self) -> Self {
        // SAFETY: SSE2 is there
        Self(unsafe {
            let tops = _mm_cmpgt_epi8(_mm_setzero_si128(), self.0);
            let carries = _mm_or_si128(_mm_srli_si128::<1>(tops), _mm_slli_si128::<15>(tops));
            let bits = _mm_set_epi8(0x87_u8.cast_signed(), 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1);
            _mm_xor_si128(_mm_add_epi8(self.0, self.0), _mm_and_si128(carries, bits))
        })
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

#[cfg(test)]
mod tests {
    #[test]
    fn doubles() {
        crate::field::tests::doubles::<super::Xmm>();
    }
}
