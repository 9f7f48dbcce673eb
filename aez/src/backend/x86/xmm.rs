//! A block in a 128-bit register. SSE2 is part of every x86-64 target that this module is compiled for.

use crate::{engine::Block, offsets::Offsets};
use core::{
    arch::x86_64::{
        __m128i, _mm_add_epi8, _mm_aesenc_si128, _mm_and_si128, _mm_cmpgt_epi8, _mm_loadu_si128, _mm_or_si128,
        _mm_set_epi8, _mm_set_epi64x, _mm_setzero_si128, _mm_slli_si128, _mm_srli_si128, _mm_storeu_si128,
        _mm_xor_si128,
    },
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

    /// Byte by byte, each with the top bit of the next; the first one's comes around to the last as the field's 0x87.
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

/// Four rounds under J, I and L on a few blocks, their offsets added, then ⊕ their masks.
///
/// # Safety
/// The processor must have AES-NI.
#[inline(always)]
pub(super) unsafe fn four<const N: usize>(key: &Offsets<Xmm>, blocks: [Xmm; N], masks: [Xmm; N]) -> [Xmm; N] {
    let Offsets { i, j, l: [l, ..], .. } = *key;
    // SAFETY: the processor has AES-NI, says the caller
    unsafe { rounds(blocks, [j, i, l], masks) }
}

/// Ten rounds under I, J, L, I, J, L, I, J, L, I, then ⊕ their masks.
///
/// # Safety
/// The processor must have AES-NI.
#[inline(always)]
pub(super) unsafe fn ten<const N: usize>(key: &Offsets<Xmm>, blocks: [Xmm; N], mut masks: [Xmm; N]) -> [Xmm; N] {
    let Offsets { i, j, l: [l, ..], .. } = *key;
    for mask in &mut masks {
        *mask = *mask ^ i;
    }
    // SAFETY: the processor has AES-NI, says the caller
    unsafe { rounds(blocks, [i, j, l, i, j, l, i, j, l], masks) }
}

#[inline(always)]
#[expect(clippy::indexing_slicing, reason = "under N; core's `zip` is not inlined without link-time optimisation")]
unsafe fn rounds<const N: usize, const R: usize>(mut blocks: [Xmm; N], keys: [Xmm; R], last: [Xmm; N]) -> [Xmm; N] {
    for key in keys {
        for block in &mut blocks {
            // SAFETY: the processor has AES-NI, says the caller
            block.0 = unsafe { _mm_aesenc_si128(block.0, key.0) };
        }
    }
    for n in 0..N {
        // SAFETY: the processor has AES-NI, says the caller
        blocks[n].0 = unsafe { _mm_aesenc_si128(blocks[n].0, last[n].0) };
    }
    blocks
}

#[cfg(test)]
mod tests {
    #[test]
    fn doubles() {
        crate::field::tests::doubles::<super::Xmm>();
    }
}
