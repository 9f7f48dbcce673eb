//! The AES instructions of aarch64: one block in each register, of which there are 32.
//!
//! The trait is the instructions. They are implemented by the processor (`armv8`) and by a model in
//! plain Rust (`model`), with which the code here runs on every machine.

use super::simd::{Simd, load_pair, store_pair, xor_each};
use crate::block::{Block, Pair};

pub(crate) trait Aese: Copy {
    type Vector: Block;

    /// `AESE`: ⊕ `key`, then SubBytes and ShiftRows.
    fn aese(self, x: Self::Vector, key: Self::Vector) -> Self::Vector;

    /// `AESMC`: MixColumns.
    fn aesmc(self, x: Self::Vector) -> Self::Vector;
}

#[derive(Clone, Copy)]
pub(crate) struct Neon<I>(pub(crate) I);

impl<I: Aese> Simd for Neon<I> {
    type Block = I::Vector;
    type Register = I::Vector;
    type Single = Self;
    const WIDTH: usize = 1;

    #[inline(always)]
    fn single(self) -> Self {
        self
    }

    #[inline(always)]
    fn splat(self, block: I::Vector) -> I::Vector {
        block
    }

    #[inline(always)]
    #[expect(clippy::indexing_slicing, reason = "one block, says the trait")]
    fn gather(self, blocks: &[I::Vector]) -> I::Vector {
        blocks[0]
    }

    #[inline(always)]
    fn load(self, pairs: &[Pair]) -> [I::Vector; 2] {
        load_pair(pairs)
    }

    #[inline(always)]
    fn store(self, halves: [I::Vector; 2], pairs: &mut [Pair]) {
        store_pair(halves, pairs);
    }

    #[inline(always)]
    fn first(self, register: I::Vector, count: usize) -> I::Vector {
        if count == 0 { I::Vector::zero() } else { register }
    }

    #[inline(always)]
    fn sum(self, register: I::Vector) -> I::Vector {
        register
    }

    /// `AESE` adds its key before the round, `AESENC` of x86-64 after it. So each key is used one
    /// instruction later, the offset is free, and adding the last key takes a separate instruction.
    #[inline(always)]
    fn rounds<const M: usize, const R: usize>(
        self,
        x: [I::Vector; M],
        offset: [I::Vector; M],
        keys: [I::Vector; R],
        last: [I::Vector; M],
    ) -> [I::Vector; M] {
        let mut x = self.round_each(x, offset);
        for key in keys {
            x = self.round_each(x, [key; M]);
        }
        xor_each(x, last)
    }
}

impl<I: Aese> Neon<I> {
    #[inline(always)]
    #[expect(clippy::indexing_slicing, reason = "under M; core's `zip` is not inlined without link-time optimisation")]
    fn round_each<const M: usize>(self, mut x: [I::Vector; M], keys: [I::Vector; M]) -> [I::Vector; M] {
        for n in 0..M {
            x[n] = self.0.aesmc(self.0.aese(x[n], keys[n]));
        }
        x
    }
}
