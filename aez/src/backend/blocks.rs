//! Eight blocks, each in a register of its own.

use crate::engine::{Block, Pair};
use core::ops::BitXor;

#[derive(Clone, Copy)]
pub(crate) struct Blocks<B>(pub(super) [B; 8]);

impl<B: Block> Blocks<B> {
    /// The left and the right blocks of eight pairs.
    #[inline(always)]
    pub(super) fn load(pairs: &[Pair; 8]) -> [Self; 2] {
        let mut halves = [Self([B::zero(); 8]); 2];
        let [left, right] = &mut halves;
        for ((left, right), [a, b]) in left.0.iter_mut().zip(&mut right.0).zip(pairs) {
            (*left, *right) = (B::from_bytes(a), B::from_bytes(b));
        }
        halves
    }

    #[inline(always)]
    pub(super) fn store([left, right]: [Self; 2], pairs: &mut [Pair; 8]) {
        for ((left, right), [a, b]) in left.0.into_iter().zip(right.0).zip(pairs) {
            (*a, *b) = (left.to_bytes(), right.to_bytes());
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
