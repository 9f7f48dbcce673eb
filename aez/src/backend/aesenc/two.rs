//! Registers of two blocks: VAES.
#![expect(clippy::indexing_slicing, reason = "two blocks, says the trait")]

use super::{One, Vaes, Xmm, rounds};
use crate::{
    backend::simd::Simd,
    block::{Block, Pair},
};

#[derive(Clone, Copy)]
pub(crate) struct Two<I>(pub(crate) I);

impl<I: Vaes> Simd for Two<I> {
    type Block = Xmm<I::AesNi>;
    type Register = I::Ymm;
    type Single = One<I::AesNi>;
    const WIDTH: usize = 2;

    #[inline(always)]
    fn single(self) -> Self::Single {
        One(self.0.aes_ni())
    }

    #[inline(always)]
    fn splat(self, block: Self::Block) -> I::Ymm {
        self.0.set_m128i(block, block)
    }

    #[inline(always)]
    fn gather(self, blocks: &[Self::Block]) -> I::Ymm {
        self.0.set_m128i(blocks[1], blocks[0])
    }

    #[inline(always)]
    fn load(self, pairs: &[Pair]) -> [I::Ymm; 2] {
        let (first, second) = pairs.split_at(pairs.len().min(1));
        let ([left0, right0], [left1, right1]) = (self.single().load(first), self.single().load(second));
        [self.0.set_m128i(left1, left0), self.0.set_m128i(right1, right0)]
    }

    #[inline(always)]
    fn store(self, [left, right]: [I::Ymm; 2], pairs: &mut [Pair]) {
        let (first, second) = pairs.split_at_mut(pairs.len().min(1));
        self.single().store([self.0.castsi256_si128(left), self.0.castsi256_si128(right)], first);
        self.single().store([self.0.extracti128(left), self.0.extracti128(right)], second);
    }

    /// Stores the left blocks in place of the first pair, the right blocks in place of the second.
    #[inline(always)]
    fn stash(self, [left, right]: [I::Ymm; 2], pairs: &mut [Pair]) {
        if let [first, second] = pairs {
            self.0.storeu(left, first);
            self.0.storeu(right, second);
        }
    }

    #[inline(always)]
    fn unstash(self, pairs: &[Pair]) -> [I::Ymm; 2] {
        match pairs {
            [first, second] => [self.0.loadu(first), self.0.loadu(second)],
            _ => [self.splat(Block::zero()); 2],
        }
    }

    #[inline(always)]
    fn first(self, register: I::Ymm, count: usize) -> I::Ymm {
        match count {
            0 => self.splat(Block::zero()),
            1 => self.0.set_m128i(Block::zero(), self.0.castsi256_si128(register)),
            _ => register,
        }
    }

    #[inline(always)]
    fn sum(self, register: I::Ymm) -> Self::Block {
        self.0.castsi256_si128(register) ^ self.0.extracti128(register)
    }

    #[inline(always)]
    fn rounds<const M: usize, const R: usize>(
        self,
        x: [I::Ymm; M],
        offset: [I::Ymm; M],
        keys: [Self::Block; R],
        last: [I::Ymm; M],
    ) -> [I::Ymm; M] {
        rounds(self, self.0, x, offset, keys, last)
    }
}
