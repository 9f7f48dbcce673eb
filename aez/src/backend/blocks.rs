//! Eight blocks, each in a register of its own.
#![expect(clippy::indexing_slicing, reason = "under eight; core's `zip` is not inlined without link-time optimisation")]

use crate::engine::{Block, Pair};
use core::ops::BitXor;

#[derive(Clone, Copy)]
pub(crate) struct Blocks<B>(pub(super) [B; 8]);

impl<B: Block> Blocks<B> {
    /// The left blocks of up to eight pairs (`SIDE` 0) or the right ones (1), then zeros.
    #[inline(always)]
    pub(super) fn load<const SIDE: usize>(pairs: &[Pair]) -> Self {
        let mut blocks = [B::zero(); 8];
        for n in 0..pairs.len().min(8) {
            blocks[n] = B::from_bytes(&pairs[n][SIDE]);
        }
        Self(blocks)
    }

    #[inline(always)]
    pub(super) fn store<const SIDE: usize>(self, pairs: &mut [Pair]) {
        for n in 0..pairs.len().min(8) {
            pairs[n][SIDE] = self.0[n].to_bytes();
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
        for n in 0..8 {
            self.0[n] = self.0[n] ^ other.0[n];
        }
        self
    }
}
