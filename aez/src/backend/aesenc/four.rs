//! Registers of four blocks: VAES with AVX-512.
#![expect(clippy::indexing_slicing, reason = "four blocks, says the trait")]

use super::{One, Vaes512, Xmm, rounds};
use crate::{
    backend::simd::Simd,
    block::{Block, Pair},
};

#[derive(Clone, Copy)]
pub(crate) struct Four<I>(pub(crate) I);

impl<I: Vaes512> Simd for Four<I> {
    type Block = Xmm<I::AesNi>;
    type Register = I::Zmm;
    type Single = One<I::AesNi>;
    const WIDTH: usize = 4;

    #[inline(always)]
    fn single(self) -> Self::Single {
        One(self.0.aes_ni())
    }

    #[inline(always)]
    fn splat(self, block: Self::Block) -> I::Zmm {
        self.0.broadcast_i32x4(block)
    }

    #[inline(always)]
    fn gather(self, blocks: &[Self::Block]) -> I::Zmm {
        self.0.set_i32x4([blocks[0], blocks[1], blocks[2], blocks[3]])
    }

    #[inline(always)]
    fn load(self, pairs: &[Pair]) -> [I::Zmm; 2] {
        // Blocks 0 and 2 of both registers are left ones, 1 and 3 right ones.
        const LEFT: i32 = 0b10_00_10_00;
        const RIGHT: i32 = 0b11_01_11_01;
        let [front, back] = if pairs.len() == Self::WIDTH {
            self.unstash(pairs)
        } else {
            let (front, back) = pairs.split_at(pairs.len().min(2));
            let [front_lanes, back_lanes] = lanes_of(pairs);
            // SAFETY: these are the lanes of the pairs
            unsafe { [self.0.maskz_loadu_epi64(front_lanes, front), self.0.maskz_loadu_epi64(back_lanes, back)] }
        };
        [self.0.shuffle_i64x2::<LEFT>(front, back), self.0.shuffle_i64x2::<RIGHT>(front, back)]
    }

    #[inline(always)]
    fn store(self, [left, right]: [I::Zmm; 2], pairs: &mut [Pair]) {
        // Two lanes are a block: 0 and 1 are the first left one, 8 and 9 the first right one.
        let front = self.0.permutex2var_epi64(left, [0, 1, 8, 9, 2, 3, 10, 11], right);
        let back = self.0.permutex2var_epi64(left, [4, 5, 12, 13, 6, 7, 14, 15], right);
        if pairs.len() == Self::WIDTH {
            self.stash([front, back], pairs);
        } else {
            let [front_lanes, back_lanes] = lanes_of(pairs);
            let (front_pairs, back_pairs) = pairs.split_at_mut(pairs.len().min(2));
            // SAFETY: these are the lanes of the pairs
            unsafe {
                self.0.mask_storeu_epi64(front_lanes, front, front_pairs);
                self.0.mask_storeu_epi64(back_lanes, back, back_pairs);
            }
        }
    }

    /// Stores the left blocks in place of the first two pairs, the right blocks in place of the
    /// others.
    #[inline(always)]
    fn stash(self, [left, right]: [I::Zmm; 2], pairs: &mut [Pair]) {
        if let ([front, back], []) = pairs.as_chunks_mut() {
            self.0.storeu(left, front);
            self.0.storeu(right, back);
        }
    }

    #[inline(always)]
    fn unstash(self, pairs: &[Pair]) -> [I::Zmm; 2] {
        match pairs.as_chunks() {
            ([front, back], []) => [self.0.loadu(front), self.0.loadu(back)],
            _ => [self.splat(Block::zero()); 2],
        }
    }

    #[inline(always)]
    fn first(self, register: I::Zmm, count: usize) -> I::Zmm {
        let [lanes, _] = first_lanes(count.saturating_mul(2)).to_le_bytes();
        self.0.maskz_mov_epi64(lanes, register)
    }

    #[inline(always)]
    fn sum(self, register: I::Zmm) -> Self::Block {
        let [a, b, c, d] = self.0.extract_i32x4(register);
        (a ^ b) ^ (c ^ d)
    }

    #[inline(always)]
    fn rounds<const M: usize, const R: usize>(
        self,
        x: [I::Zmm; M],
        offset: [I::Zmm; M],
        keys: [Self::Block; R],
        last: [I::Zmm; M],
    ) -> [I::Zmm; M] {
        rounds(self, self.0, x, offset, keys, last)
    }
}

/// The lanes that up to four pairs fill in two registers.
#[inline(always)]
fn lanes_of(pairs: &[Pair]) -> [u8; 2] {
    first_lanes(pairs.len().saturating_mul(4)).to_le_bytes()
}

/// The first `count` lanes of two registers.
#[inline(always)]
#[expect(clippy::cast_possible_truncation, reason = "at most sixteen")]
fn first_lanes(count: usize) -> u16 {
    !u16::MAX.unbounded_shl(count as u32)
}
