//! What AEZ asks of an implementation of the AES round.

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

    /// One block in all eight places.
    fn splat(&self, block: Self::Block) -> Self::Eight;

    fn gather(&self, blocks: [Self::Block; 8]) -> Self::Eight;

    fn scatter(&self, eight: Self::Eight) -> [Self::Block; 8];

    /// L, 2·L, … 7·L, 0.
    fn multiples_of_l(&self) -> Self::Eight;

    /// The left and the right blocks of eight pairs.
    fn load(&self, pairs: &[Pair; 8]) -> [Self::Eight; 2];

    fn store(&self, halves: [Self::Eight; 2], pairs: &mut [Pair; 8]);

    /// Puts halves away until [`Engine::unstash`]; the bytes in between are the engine's own affair.
    fn stash(&self, halves: [Self::Eight; 2], pairs: &mut [Pair; 8]) {
        self.store(halves, pairs);
    }

    fn unstash(&self, pairs: &[Pair; 8]) -> [Self::Eight; 2] {
        self.load(pairs)
    }

    /// The sum of the first blocks, `count` of them.
    fn sum(&self, eight: Self::Eight, count: usize) -> Self::Block;

    /// Four rounds over `x` ⊕ `offset` under J, I, L, 0, then ⊕ `mask`, which is free with AES instructions.
    fn rounds4(&self, x: Self::Eight, offset: Self::Eight, mask: Self::Eight) -> Self::Eight;

    /// Ten rounds over `x` under I, J, L, I, J, L, I, J, L, I.
    fn rounds10(&self, x: Self::Eight) -> Self::Eight;

    /// Four rounds over up to eight blocks, their offsets added.
    #[inline(always)]
    fn four<const N: usize>(&self, blocks: [Self::Block; N]) -> [Self::Block; N] {
        let zero = self.splat(Self::Block::zero());
        self.take(self.rounds4(self.fill(blocks), zero, zero))
    }

    /// Ten rounds over up to eight blocks, their offsets added.
    #[inline(always)]
    fn ten<const N: usize>(&self, blocks: [Self::Block; N]) -> [Self::Block; N] {
        self.take(self.rounds10(self.fill(blocks)))
    }

    #[inline(always)]
    fn fill<const N: usize>(&self, blocks: [Self::Block; N]) -> Self::Eight {
        let mut eight = [Self::Block::zero(); 8];
        for (place, block) in eight.iter_mut().zip(blocks) {
            *place = block;
        }
        self.gather(eight)
    }

    #[inline(always)]
    fn take<const N: usize>(&self, eight: Self::Eight) -> [Self::Block; N] {
        let mut blocks = [Self::Block::zero(); N];
        for (block, place) in blocks.iter_mut().zip(self.scatter(eight)) {
            *block = place;
        }
        blocks
    }
}
