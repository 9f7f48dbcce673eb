//! AEZ's operations on SIMD registers of any width, with any form of the AES round instruction.

mod lanes;
mod passes;

pub(crate) use self::lanes::Lanes;

use crate::{
    block::{Block, Pair},
    offsets::Offsets,
};
use core::ops::BitXor;

/// Registers of one, two or four blocks. `self` proves that the processor has the instructions, as
/// does every register made with it.
pub(crate) trait Simd: Copy {
    type Block: Block;

    /// `WIDTH` blocks side by side.
    type Register: Copy + BitXor<Output = Self::Register>;

    /// The same processor's registers of one block.
    type Single: Simd<Block = Self::Block, Register = Self::Block>;

    /// Blocks in a register.
    const WIDTH: usize;

    fn single(self) -> Self::Single;

    /// A register filled with copies of one block.
    fn splat(self, block: Self::Block) -> Self::Register;

    /// The first `WIDTH` blocks.
    fn gather(self, blocks: &[Self::Block]) -> Self::Register;

    /// The left and the right blocks of up to `WIDTH` pairs, then zeros.
    fn load(self, pairs: &[Pair]) -> [Self::Register; 2];

    /// Stores the left and the right blocks of up to `WIDTH` pairs.
    fn store(self, halves: [Self::Register; 2], pairs: &mut [Pair]);

    /// Stores both halves of `WIDTH` pairs for [`Simd::unstash`], in the cheapest order.
    #[inline(always)]
    fn stash(self, halves: [Self::Register; 2], pairs: &mut [Pair]) {
        self.store(halves, pairs);
    }

    /// Loads both halves of `WIDTH` pairs that [`Simd::stash`] has stored.
    #[inline(always)]
    fn unstash(self, pairs: &[Pair]) -> [Self::Register; 2] {
        self.load(pairs)
    }

    /// The first `count` blocks, then zeros.
    fn first(self, register: Self::Register, count: usize) -> Self::Register;

    /// The sum of the `WIDTH` blocks.
    fn sum(self, register: Self::Register) -> Self::Block;

    /// AES rounds on each of M registers: ⊕ its offset, then R rounds with one key for all
    /// registers, then a round with a key of the register's own.
    fn rounds<const M: usize, const R: usize>(
        self,
        x: [Self::Register; M],
        offset: [Self::Register; M],
        keys: [Self::Block; R],
        last: [Self::Register; M],
    ) -> [Self::Register; M];

    /// The first pass over eight pairs in N registers, in place; returns the sum of the X_i, not
    /// yet added across the register.
    ///
    /// `common` and `of_pairs` sum to the offsets of E(1, i, ·).
    #[inline(always)]
    fn pass1<const N: usize>(
        self,
        key: &Offsets<Self::Block>,
        pairs: &mut [Pair; 8],
        common: Self::Block,
        of_pairs: &[Self::Register; N],
    ) -> Self::Register {
        let offset = xor_each([self.splat(common); N], *of_pairs);
        let [w, x] = passes::pass1(self, key, passes::load(self, pairs), offset);
        passes::stash(self, [w, x], pairs);
        passes::sum(self, x)
    }

    /// The second pass over eight pairs in N registers, in place; returns the sum of the Y_i, not
    /// yet added across the register.
    ///
    /// `s` is S ⊕ 3·J, which takes the offset of E(1, i, ·) to that of E(2, i, ·).
    #[inline(always)]
    fn pass2<const N: usize>(
        self,
        key: &Offsets<Self::Block>,
        pairs: &mut [Pair; 8],
        common: Self::Block,
        of_pairs: &[Self::Register; N],
        s: Self::Block,
    ) -> Self::Register {
        let offset = xor_each([self.splat(common); N], *of_pairs);
        let (halves, y) = passes::pass2(self, key, passes::unstash(self, pairs), offset, s);
        passes::store(self, halves, pairs);
        passes::sum(self, y)
    }
}

/// `x` ⊕ `y`, register by register.
#[inline(always)]
#[expect(clippy::indexing_slicing, reason = "under M; core's `zip` is not inlined without link-time optimisation")]
pub(crate) fn xor_each<R: Copy + BitXor<Output = R>, const M: usize>(mut x: [R; M], y: [R; M]) -> [R; M] {
    for n in 0..M {
        x[n] = x[n] ^ y[n];
    }
    x
}

/// The blocks of the first pair, or zeros.
#[inline(always)]
pub(crate) fn load_pair<B: Block>(pairs: &[Pair]) -> [B; 2] {
    match pairs {
        [[left, right], ..] => [B::from_bytes(left), B::from_bytes(right)],
        [] => [B::zero(); 2],
    }
}

/// Stores the blocks of the first pair, if there is one.
#[inline(always)]
pub(crate) fn store_pair<B: Block>([left, right]: [B; 2], pairs: &mut [Pair]) {
    if let [pair, ..] = pairs {
        *pair = [left.to_bytes(), right.to_bytes()];
    }
}
