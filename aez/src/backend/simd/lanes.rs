//! The engine for SIMD registers of any width: eight blocks side by side in N registers, with one,
//! two or four in each.
//!
//! There are eight for two reasons. (i mod 8)·L, a part of the offset of pair i, repeats every
//! eight pairs. And a processor starts one or two AES rounds per cycle and finishes each three to
//! eight cycles later, so fewer blocks would leave it idle.
#![expect(
    clippy::arithmetic_side_effects,
    clippy::indexing_slicing,
    reason = "under N, at most eight; core's `zip` is not inlined without link-time optimisation"
)]

use super::{Simd, passes, xor_each};
use crate::{
    block::{Block, Pair},
    engine::Engine,
    offsets::{Key, Offsets},
};

/// The expanded key.
pub(crate) struct Lanes<S: Simd, const N: usize> {
    simd: S,
    key: Offsets<S::Block>,
}

impl<S: Simd, const N: usize> Engine for Lanes<S, N> {
    type Block = S::Block;

    /// W_i and X_i of the tail, the last one to seven pairs.
    type Stash = [[S::Register; N]; 2];

    #[inline(always)]
    fn offsets(&self) -> &Offsets<S::Block> {
        &self.key
    }

    #[inline(always)]
    fn aes4<const M: usize>(&self, blocks: [S::Block; M], masks: [S::Block; M]) -> [S::Block; M] {
        let Offsets { i, j, l: [l, ..], .. } = self.key;
        self.simd.single().rounds(blocks, [S::Block::zero(); M], [j, i, l], masks)
    }

    #[inline(always)]
    fn aes10<const M: usize>(&self, blocks: [S::Block; M], masks: [S::Block; M]) -> [S::Block; M] {
        let Offsets { i, j, l: [l, ..], .. } = self.key;
        let last = xor_each(masks, [i; M]);
        self.simd.single().rounds(blocks, [S::Block::zero(); M], [i, j, l, i, j, l, i, j, l], last)
    }

    #[inline(always)]
    fn pass1(&self, pairs: &mut [Pair]) -> (S::Block, Self::Stash) {
        let (eights, tail) = pairs.as_chunks_mut();
        let (of_pairs, mut of_eights) = (self.of_pairs(), self.key.of_eights());
        let mut sum = self.simd.splat(S::Block::zero());
        for eight in eights {
            sum = sum ^ self.simd.pass1(&self.key, eight, of_eights.next(), &of_pairs);
        }
        if tail.is_empty() {
            return (self.simd.sum(sum), [passes::zeros(self.simd); 2]);
        }
        let offset = xor_each([self.simd.splat(of_eights.next()); N], of_pairs);
        let (x, stash) = match tail.len().div_ceil(S::WIDTH) {
            ..=1 => self.pass1_of_tail::<1>(tail, offset),
            n if n == 2 || N == 2 => self.pass1_of_tail::<2>(tail, offset),
            n if n <= 4 || N == 4 => self.pass1_of_tail::<4>(tail, offset),
            _ => self.pass1_of_tail::<8>(tail, offset),
        };
        (self.simd.sum(sum ^ x), stash)
    }

    #[inline(always)]
    fn pass2(&self, pairs: &mut [Pair], stash: Self::Stash, s: S::Block) -> S::Block {
        let (eights, tail) = pairs.as_chunks_mut();
        let (of_pairs, mut of_eights) = (self.of_pairs(), self.key.of_eights());
        let s = s ^ self.key.three_j;
        let mut sum = self.simd.splat(S::Block::zero());
        for eight in eights {
            sum = sum ^ self.simd.pass2(&self.key, eight, of_eights.next(), &of_pairs, s);
        }
        if !tail.is_empty() {
            let offset = xor_each([self.simd.splat(of_eights.next()); N], of_pairs);
            let y = match tail.len().div_ceil(S::WIDTH) {
                ..=1 => self.pass2_of_tail::<1>(tail, stash, offset, s),
                n if n == 2 || N == 2 => self.pass2_of_tail::<2>(tail, stash, offset, s),
                n if n <= 4 || N == 4 => self.pass2_of_tail::<4>(tail, stash, offset, s),
                _ => self.pass2_of_tail::<8>(tail, stash, offset, s),
            };
            sum = sum ^ y;
        }
        self.simd.sum(sum)
    }
}

impl<S: Simd, const N: usize> Lanes<S, N> {
    #[inline(always)]
    pub(crate) fn new(simd: S, key: &Key) -> Self {
        const { assert!(N * S::WIDTH == 8, "N registers hold eight blocks") };
        Self { simd, key: Offsets::new(key) }
    }

    /// J ⊕ (i mod 8)·L for eight pairs.
    #[inline(always)]
    fn of_pairs(&self) -> [S::Register; N] {
        let offsets = self.key.of_pairs();
        let mut registers = passes::zeros(self.simd);
        for n in 0..N {
            registers[n] = self.simd.gather(&offsets[n * S::WIDTH..]);
        }
        registers
    }

    /// The first pass over the tail in M registers; returns the sum of its X_i, and its W_i and
    /// X_i.
    #[inline(always)]
    fn pass1_of_tail<const M: usize>(
        &self,
        tail: &[Pair],
        offset: [S::Register; N],
    ) -> (S::Register, [[S::Register; N]; 2]) {
        let halves = passes::load(self.simd, tail);
        let [w, x] = passes::pass1::<S, M>(self.simd, &self.key, halves, self.resize(offset));
        (passes::sum_of_first(self.simd, x, tail.len()), [self.resize(w), self.resize(x)])
    }

    /// The second pass over the tail in M registers; returns the sum of its Y_i.
    #[inline(always)]
    fn pass2_of_tail<const M: usize>(
        &self,
        tail: &mut [Pair],
        [w, x]: [[S::Register; N]; 2],
        offset: [S::Register; N],
        s: S::Block,
    ) -> S::Register {
        let halves = [self.resize(w), self.resize(x)];
        let (halves, y) = passes::pass2::<S, M>(self.simd, &self.key, halves, self.resize(offset), s);
        passes::store(self.simd, halves, tail);
        passes::sum_of_first(self.simd, y, tail.len())
    }

    /// The first `B` registers of `from`, followed by zeros if it has fewer.
    #[inline(always)]
    fn resize<const A: usize, const B: usize>(&self, from: [S::Register; A]) -> [S::Register; B] {
        let mut to = passes::zeros(self.simd);
        let count = if A < B { A } else { B };
        to[..count].copy_from_slice(&from[..count]);
        to
    }
}
