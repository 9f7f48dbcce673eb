//! Registers of one block: AES-NI.
#![expect(clippy::indexing_slicing, reason = "under eight; core's `zip` is not inlined without link-time optimisation")]

use super::{AesNi, rounds};
use crate::{
    backend::simd::{Simd, load_pair, store_pair, xor_each},
    block::{Block, Pair},
    offsets::Offsets,
};

#[derive(Clone, Copy)]
pub(crate) struct One<I>(pub(crate) I);

impl<I: AesNi> Simd for One<I> {
    type Block = I::Xmm;
    type Register = I::Xmm;
    type Single = Self;
    const WIDTH: usize = 1;

    #[inline(always)]
    fn single(self) -> Self {
        self
    }

    #[inline(always)]
    fn splat(self, block: I::Xmm) -> I::Xmm {
        block
    }

    #[inline(always)]
    fn gather(self, blocks: &[I::Xmm]) -> I::Xmm {
        blocks[0]
    }

    #[inline(always)]
    fn load(self, pairs: &[Pair]) -> [I::Xmm; 2] {
        load_pair(pairs)
    }

    #[inline(always)]
    fn store(self, halves: [I::Xmm; 2], pairs: &mut [Pair]) {
        store_pair(halves, pairs);
    }

    #[inline(always)]
    fn first(self, register: I::Xmm, count: usize) -> I::Xmm {
        if count == 0 { I::Xmm::zero() } else { register }
    }

    #[inline(always)]
    fn sum(self, register: I::Xmm) -> I::Xmm {
        register
    }

    #[inline(always)]
    fn rounds<const M: usize, const R: usize>(
        self,
        x: [I::Xmm; M],
        offset: [I::Xmm; M],
        keys: [I::Xmm; R],
        last: [I::Xmm; M],
    ) -> [I::Xmm; M] {
        rounds(self, self.0, x, offset, keys, last)
    }

    /// Eight blocks take half of the sixteen registers. All other values stay in memory until they
    /// are operands: the fences keep the compiler from loading them early and spilling them again.
    /// This saves a tenth of the time.
    ///
    /// W_i is stored with I added, the offset of E(0, 0, ·): in the mask that is off the critical
    /// path.
    #[inline(always)]
    fn pass1<const N: usize>(
        self,
        key: &Offsets<I::Xmm>,
        pairs: &mut [Pair; 8],
        common: I::Xmm,
        of_pairs: &[I::Xmm; N],
    ) -> I::Xmm {
        let Offsets { i, j, l: [l, ..], .. } = *key;
        let offset = xor_each([common; 8], eight(of_pairs));

        // W_i = M_i ⊕ E(1, i, M_i')
        let mut w = self.0.aesenc_8x3(xor_each(halves::<_, RIGHT>(pairs), offset), [j, i, l]);
        self.0.fence();
        for n in 0..8 {
            w[n] = self.0.aesenc(w[n], i ^ Block::from_bytes(&pairs[n][LEFT]));
            pairs[n][LEFT] = w[n].to_bytes();
        }

        // X_i = M_i' ⊕ E(0, 0, W_i)
        let mut x = self.0.aesenc_8x3(w, [j, i, l]);
        self.0.fence();
        let mut sum = I::Xmm::zero();
        for n in 0..8 {
            x[n] = self.0.aesenc(x[n], Block::from_bytes(&pairs[n][RIGHT]));
            pairs[n][RIGHT] = x[n].to_bytes();
            sum = sum ^ x[n];
        }
        sum
    }

    /// As [`Simd::pass1`]. S' and therefore Z_i contain the offset I; in Y_i it cancels out,
    /// because W_i contains it too. Z_i and Y_i are stored where C_i and C_i' will be.
    #[inline(always)]
    fn pass2<const N: usize>(
        self,
        key: &Offsets<I::Xmm>,
        pairs: &mut [Pair; 8],
        common: I::Xmm,
        of_pairs: &[I::Xmm; N],
        s: I::Xmm,
    ) -> I::Xmm {
        let Offsets { i, j, l: [l, ..], .. } = *key;

        // S' = E(2, i, S)      Y_i = W_i ⊕ S'      Z_i = X_i ⊕ S'
        let mut s = self.0.aesenc_8x3(xor_each([s ^ common; 8], eight(of_pairs)), [j, i, l]);
        for s in &mut s {
            *s = self.0.aesenc(*s, i);
        }
        let z = xor_each(s, halves::<_, RIGHT>(pairs));
        for n in 0..8 {
            pairs[n][RIGHT] = (s[n] ^ Block::from_bytes(&pairs[n][LEFT])).to_bytes();
            pairs[n][LEFT] = z[n].to_bytes();
        }

        // C_i' = Y_i ⊕ E(0, 0, Z_i)
        let mut right = self.0.aesenc_8x3(z, [j, i, l]);
        self.0.fence();
        let mut sum = I::Xmm::zero();
        for n in 0..8 {
            let y = I::Xmm::from_bytes(&pairs[n][RIGHT]);
            sum = sum ^ y;
            right[n] = self.0.aesenc(right[n], y);
            pairs[n][RIGHT] = right[n].to_bytes();
        }

        // C_i = Z_i ⊕ E(1, i, C_i')
        let offset = xor_each([common; 8], eight(of_pairs));
        let mut left = self.0.aesenc_8x3(xor_each(right, offset), [j, i, l]);
        self.0.fence();
        for n in 0..8 {
            left[n] = self.0.aesenc(left[n], i ^ Block::from_bytes(&pairs[n][LEFT]));
            pairs[n][LEFT] = left[n].to_bytes();
        }
        sum
    }
}

const LEFT: usize = 0;
const RIGHT: usize = 1;

/// The left or the right blocks of eight pairs.
#[inline(always)]
fn halves<B: Block, const SIDE: usize>(pairs: &[Pair; 8]) -> [B; 8] {
    let mut blocks = [B::zero(); 8];
    for n in 0..8 {
        blocks[n] = B::from_bytes(&pairs[n][SIDE]);
    }
    blocks
}

/// The same array: eight registers of one block are eight blocks.
#[inline(always)]
fn eight<B: Block, const N: usize>(registers: &[B; N]) -> [B; 8] {
    match registers.first_chunk() {
        Some(eight) => *eight,
        None => [B::zero(); 8],
    }
}
