//! The AES instructions of x86-64, on registers of 128, 256 and 512 bits.
//!
//! The traits are the instructions. They are implemented by the processor (`x86`) and by a model in
//! plain Rust (`model`), with which the code here runs on every machine.

mod four;
mod one;
mod two;

pub(crate) use self::{four::Four, one::One, two::Two};

use super::simd::{Simd, xor_each};
use crate::block::{Block, Pair};
use core::ops::BitXor;

/// `AESENC`, on one block, or on each of several.
pub(crate) trait Aesenc<Register>: Copy {
    /// An AES round, then ⊕ `key`: the round that AEZ is built from. The key may be any block, so
    /// adding a block to the result is free.
    fn aesenc(self, x: Register, key: Register) -> Register;
}

/// AES-NI: one block in a 128-bit register.
pub(crate) trait AesNi: Aesenc<Self::Xmm> {
    type Xmm: Block;

    /// Three rounds on eight blocks, in the order that keeps the processor busy.
    fn aesenc_8x3(self, x: [Self::Xmm; 8], keys: [Self::Xmm; 3]) -> [Self::Xmm; 8];

    /// A compiler fence: memory read before it has to be read again.
    fn fence(self);
}

/// VAES: two blocks in a 256-bit register.
pub(crate) trait Vaes: Aesenc<Self::Ymm> {
    type AesNi: AesNi;
    type Ymm: Copy + BitXor<Output = Self::Ymm>;

    fn aes_ni(self) -> Self::AesNi;

    fn set_m128i(self, high: Xmm<Self::AesNi>, low: Xmm<Self::AesNi>) -> Self::Ymm;

    /// The lower half.
    fn castsi256_si128(self, ymm: Self::Ymm) -> Xmm<Self::AesNi>;

    /// The upper half.
    fn extracti128(self, ymm: Self::Ymm) -> Xmm<Self::AesNi>;

    fn loadu(self, pair: &Pair) -> Self::Ymm;

    fn storeu(self, ymm: Self::Ymm, pair: &mut Pair);
}

/// VAES with AVX-512: four blocks in a 512-bit register, which is also eight lanes of 64 bits.
pub(crate) trait Vaes512: Aesenc<Self::Zmm> {
    type AesNi: AesNi;
    type Zmm: Copy + BitXor<Output = Self::Zmm>;

    fn aes_ni(self) -> Self::AesNi;

    fn broadcast_i32x4(self, xmm: Xmm<Self::AesNi>) -> Self::Zmm;

    fn set_i32x4(self, blocks: [Xmm<Self::AesNi>; 4]) -> Self::Zmm;

    fn extract_i32x4(self, zmm: Self::Zmm) -> [Xmm<Self::AesNi>; 4];

    /// Two blocks of `a`, then two of `b`. Each pair of bits of `ORDER`, from the lowest on, is the
    /// index of one.
    fn shuffle_i64x2<const ORDER: i32>(self, a: Self::Zmm, b: Self::Zmm) -> Self::Zmm;

    /// Lane n of the result is lane `order[n]`, where the lanes of `b` have the numbers from 8 on.
    fn permutex2var_epi64(self, a: Self::Zmm, order: [i64; 8], b: Self::Zmm) -> Self::Zmm;

    /// The lanes in `mask`, and zeros in the others.
    fn maskz_mov_epi64(self, mask: u8, zmm: Self::Zmm) -> Self::Zmm;

    fn loadu(self, pairs: &[Pair; 2]) -> Self::Zmm;

    fn storeu(self, zmm: Self::Zmm, pairs: &mut [Pair; 2]);

    /// The lanes in `mask`, and zeros in the others.
    ///
    /// # Safety
    /// The lanes in `mask` lie within the pairs.
    unsafe fn maskz_loadu_epi64(self, mask: u8, pairs: &[Pair]) -> Self::Zmm;

    /// Stores the lanes in `mask`.
    ///
    /// # Safety
    /// The lanes in `mask` lie within the pairs.
    unsafe fn mask_storeu_epi64(self, mask: u8, zmm: Self::Zmm, pairs: &mut [Pair]);
}

type Xmm<I> = <I as AesNi>::Xmm;

/// [`Simd::rounds`] by `AESENC`.
#[inline(always)]
#[expect(clippy::indexing_slicing, reason = "under M; core's `zip` is not inlined without link-time optimisation")]
fn rounds<S: Simd, const M: usize, const R: usize>(
    simd: S,
    instructions: impl Aesenc<S::Register>,
    x: [S::Register; M],
    offset: [S::Register; M],
    keys: [S::Block; R],
    last: [S::Register; M],
) -> [S::Register; M] {
    let mut x = xor_each(x, offset);
    for key in keys {
        for x in &mut x {
            *x = instructions.aesenc(*x, simd.splat(key));
        }
    }
    for n in 0..M {
        x[n] = instructions.aesenc(x[n], last[n]);
    }
    x
}
