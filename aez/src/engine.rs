//! What AEZ asks of an implementation of the AES round.

use crate::{field::double, offsets::Offsets};
use core::ops::BitXor;
use zeroize::Zeroize;

/// Two blocks of the message, enciphered together: Mi and Mi'.
pub(crate) type Pair = [[u8; 16]; 2];

/// One block of 16 bytes, in whatever form the engine likes it best.
pub(crate) trait Block: Copy + BitXor<Output = Self> + Zeroize {
    fn from_bytes(bytes: &[u8; 16]) -> Self;

    fn to_bytes(self) -> [u8; 16];

    /// The block that is this number, big-endian.
    fn from_number(number: u128) -> Self;

    #[inline(always)]
    fn to_number(self) -> u128 {
        u128::from_be_bytes(self.to_bytes())
    }

    /// Twice this number.
    #[inline(always)]
    fn double(self) -> Self {
        Self::from_number(double(self.to_number()))
    }

    #[inline(always)]
    fn zero() -> Self {
        Self::from_number(0)
    }
}

/// AES rounds on eight blocks side by side, under the subkeys I, J and L that it holds.
///
/// Eight, because (i mod 8)·L, a part of the offset of pair i, is then the same for every eight pairs.
pub(crate) trait Engine {
    type Block: Block;

    /// Eight blocks side by side.
    type Eight: Copy + BitXor<Output = Self::Eight>;

    /// A running sum of such blocks, not yet added across.
    type Sum: Copy + BitXor<Output = Self::Sum>;

    /// What it keeps aside of fewer than eight pairs from one pass to the other.
    type Kept;

    /// Whether fewer than eight pairs come before the last eight: what is waited for at the end of a pass are then eight
    /// chains of rounds side by side. By AES-NI that saves 3 in 100; with VAES it costs more than it brings.
    const FEW_BEFORE_LAST: bool = false;

    fn offsets(&self) -> &Offsets<Self::Block>;

    /// One block in all eight places.
    fn splat(&self, block: Self::Block) -> Self::Eight;

    fn gather(&self, blocks: [Self::Block; 8]) -> Self::Eight;

    fn scatter(&self, eight: Self::Eight) -> [Self::Block; 8];

    /// L, 2·L, … 7·L, 0.
    fn multiples_of_l(&self) -> Self::Eight;

    /// The left and the right blocks of up to eight pairs, and zeros for those that are not there.
    fn load(&self, pairs: &[Pair]) -> [Self::Eight; 2];

    fn store(&self, halves: [Self::Eight; 2], pairs: &mut [Pair]);

    /// Puts halves away until [`Engine::unstash`]; the bytes in between are the engine's own affair.
    fn stash(&self, halves: [Self::Eight; 2], pairs: &mut [Pair; 8]) {
        self.store(halves, pairs);
    }

    fn unstash(&self, pairs: &[Pair; 8]) -> [Self::Eight; 2] {
        self.load(pairs)
    }

    /// The sum of the first blocks, `count` of them.
    fn sum(&self, eight: Self::Eight, count: usize) -> Self::Sum;

    /// What a running sum comes to.
    fn total(&self, sum: Self::Sum) -> Self::Block;

    /// Four rounds over `x` ⊕ `offset` under J, I, L, 0, then ⊕ `mask`, which is free with AES instructions.
    fn rounds4(&self, x: Self::Eight, offset: Self::Eight, mask: Self::Eight) -> Self::Eight;

    /// Ten rounds over `x` under I, J, L, I, J, L, I, J, L, I.
    fn rounds10(&self, x: Self::Eight) -> Self::Eight;

    /// Four rounds over up to eight blocks, their offsets added, then ⊕ their masks: free with AES instructions, so that what
    /// waits for the rounds waits for nothing else.
    #[inline(always)]
    fn four<const N: usize>(&self, blocks: [Self::Block; N], masks: [Self::Block; N]) -> [Self::Block; N] {
        let zero = self.splat(Self::Block::zero());
        self.take(self.rounds4(self.fill(blocks), zero, zero), masks)
    }

    /// Ten rounds over up to eight blocks, their offsets added, then ⊕ their masks.
    #[inline(always)]
    fn ten<const N: usize>(&self, blocks: [Self::Block; N], masks: [Self::Block; N]) -> [Self::Block; N] {
        self.take(self.rounds10(self.fill(blocks)), masks)
    }

    #[inline(always)]
    #[expect(clippy::indexing_slicing, reason = "N is at most eight")]
    fn fill<const N: usize>(&self, blocks: [Self::Block; N]) -> Self::Eight {
        let mut eight = [Self::Block::zero(); 8];
        eight[..N].copy_from_slice(&blocks);
        self.gather(eight)
    }

    /// The first blocks ⊕ the masks.
    #[inline(always)]
    fn take<const N: usize>(&self, eight: Self::Eight, mut masks: [Self::Block; N]) -> [Self::Block; N] {
        for (mask, block) in masks.iter_mut().zip(self.scatter(eight)) {
            *mask = *mask ^ block;
        }
        masks
    }

    /// The first pass: makes (Mi, Mi') into
    ///
    /// ```text
    /// Wi = Mi ⊕ E(1, i, Mi')      Xi = Mi' ⊕ E(0, 0, Wi)
    /// ```
    ///
    /// The offsets of E(1, i, ·) are `common` ⊕ (i mod 8)·L.
    #[inline(always)]
    fn first(&self, [left, right]: [Self::Eight; 2], common: Self::Block) -> [Self::Eight; 2] {
        let w = self.rounds4(right, self.splat(common) ^ self.multiples_of_l(), left);
        [w, self.rounds4(w, self.splat(self.offsets().i), right)]
    }

    /// The second pass: makes (Wi, Xi) into (Ci, Ci') and the Yi, where
    ///
    /// ```text
    /// S' = E(2, i, S)      Yi = Wi ⊕ S'      Zi = Xi ⊕ S'      Ci' = Yi ⊕ E(0, 0, Zi)      Ci = Zi ⊕ E(1, i, Ci')
    /// ```
    ///
    /// `s` holds the difference between the offsets of E(2, i, ·) and E(1, i, ·).
    #[inline(always)]
    fn second(&self, [w, x]: [Self::Eight; 2], common: Self::Block, s: Self::Block) -> ([Self::Eight; 2], Self::Eight) {
        let offset = self.splat(common) ^ self.multiples_of_l();
        let s = self.rounds4(self.splat(s), offset, self.splat(Self::Block::zero()));
        let (y, z) = (w ^ s, x ^ s);
        let right = self.rounds4(z, self.splat(self.offsets().i), y);
        ([self.rounds4(right, offset, z), right], y)
    }

    /// The first pass over eight pairs in place; gives the sum of the Xi.
    #[inline(always)]
    fn first_pass(&self, pairs: &mut [Pair; 8], common: Self::Block) -> Self::Sum {
        let [w, x] = self.first(self.load(pairs), common);
        self.stash([w, x], pairs);
        self.sum(x, 8)
    }

    /// The second pass over eight pairs in place; gives the sum of the Yi.
    #[inline(always)]
    fn second_pass(&self, pairs: &mut [Pair; 8], common: Self::Block, s: Self::Block) -> Self::Sum {
        let (halves, y) = self.second(self.unstash(pairs), common, s);
        self.store(halves, pairs);
        self.sum(y, 8)
    }

    /// The first pass over fewer than eight pairs, which it may keep aside or in their place.
    fn first_pass_of_few(&self, pairs: &mut [Pair], common: Self::Block) -> (Self::Sum, Self::Kept);

    /// The second pass over fewer than eight pairs.
    fn second_pass_of_few(
        &self,
        pairs: &mut [Pair],
        kept: Self::Kept,
        common: Self::Block,
        s: Self::Block,
    ) -> Self::Sum;

    /// [`Engine::first_pass_of_few`] by eight, for an engine that keeps them aside.
    #[inline(always)]
    fn first_of_few(&self, pairs: &[Pair], common: Self::Block) -> (Self::Sum, [Self::Eight; 2]) {
        let [w, x] = self.first(self.load(pairs), common);
        (self.sum(x, pairs.len()), [w, x])
    }

    /// [`Engine::second_pass_of_few`] by eight.
    #[inline(always)]
    fn second_of_few(
        &self,
        pairs: &mut [Pair],
        kept: [Self::Eight; 2],
        common: Self::Block,
        s: Self::Block,
    ) -> Self::Sum {
        let (halves, y) = self.second(kept, common, s);
        self.store(halves, pairs);
        self.sum(y, pairs.len())
    }
}
