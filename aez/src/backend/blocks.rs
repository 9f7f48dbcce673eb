//! Eight blocks, each in a register of its own.
#![expect(clippy::indexing_slicing, reason = "a constant index into an array of two")]

use crate::engine::{Block, Pair};
use core::ops::BitXor;

#[derive(Clone, Copy)]
pub(crate) struct Blocks<B>(pub(super) [B; 8]);

impl<B: Block> Blocks<B> {
    /// The left blocks of up to eight pairs (`SIDE` 0) or the right ones (1), then zeros.
    #[inline(always)]
    pub(super) fn load<const SIDE: usize>(pairs: &[Pair]) -> Self {
        let mut blocks = [B::zero(); 8];
        for (block, pair) in blocks.iter_mut().zip(pairs) {
            *block = B::from_bytes(&pair[SIDE]);
        }
        Self(blocks)
    }

    #[inline(always)]
    pub(super) fn store<const SIDE: usize>(self, pairs: &mut [Pair]) {
        for (block, pair) in self.0.iter().zip(pairs) {
            pair[SIDE] = block.to_bytes();
        }
    }

    /// The sum of the first `count` blocks.
    #[inline(always)]
    pub(super) fn sum(self, count: usize) -> B {
        let mut sum = B::zero();
        for block in self.0.iter().take(count) {
            sum = sum ^ *block;
        }
        sum
    }
}

impl<B: Block> BitXor for Blocks<B> {
    type Output = Self;

    #[inline(always)]
    fn bitxor(mut self, other: Self) -> Self {
        for (block, other) in self.0.iter_mut().zip(other.0) {
            *block = *block ^ other;
        }
        self
    }
}
