//! The offsets Δ that tweak each call of E (AEZ v5, §2: the tweakable block cipher).

use crate::{
    engine::Block,
    field::{double, first_multiples},
};
use zeroize::{Zeroize, ZeroizeOnDrop};

/// The key as its three subkeys, read as big-endian numbers.
#[derive(Zeroize, ZeroizeOnDrop)]
pub(crate) struct Subkeys {
    pub(crate) i: u128,
    pub(crate) j: u128,
    pub(crate) l: u128,
}

impl Subkeys {
    pub(crate) fn new(key: &[u8; 48]) -> Self {
        let (blocks, _) = key.as_chunks();
        let [i, j, l] = [0, 1, 2].map(|n| blocks.get(n).map_or(0, |block| u128::from_be_bytes(*block)));
        Self { i, j, l }
    }
}

/// The multiples of I, J and L whose sums are the offsets.
///
/// E(j, i, ·) with j ≥ 0 is tweaked by j·J ⊕ 2^⌈i/8⌉·I ⊕ (i mod 8)·L, and E(−1, i, ·) by i·L.
#[derive(Zeroize, ZeroizeOnDrop)]
pub(crate) struct Offsets<B: Block> {
    /// I: the offset of E(0, 0, ·).
    pub(crate) i: B,
    /// 2·I, as a number to go on doubling from.
    pub(crate) two_i: u128,
    /// J: E(1, i, ·) from E(0, i, ·).
    pub(crate) j: B,
    /// 3·J: E(2, i, ·) from E(1, i, ·), and E(3, i, ·) from E(0, i, ·).
    pub(crate) three_j: B,
    /// 4·J: E(4, i, ·) from E(0, i, ·).
    four_j: B,
    /// (i mod 8)·L for i = 1 … 8: E(j, i, ·) from E(j, 0, ·), and the offsets of E(−1, i, ·).
    pub(crate) l: [B; 8],
}

impl<B: Block> Offsets<B> {
    #[inline(always)]
    pub(crate) fn new(key: &Subkeys) -> Self {
        let two_j = double(key.j);
        Self {
            i: B::from_number(key.i),
            two_i: double(key.i),
            j: B::from_number(key.j),
            three_j: B::from_number(two_j ^ key.j),
            four_j: B::from_number(double(two_j)),
            l: first_multiples(key.l).map(B::from_number),
        }
    }

    /// The offsets of E(0, i, ·) for i = 1 … 7 (and then a block that is none).
    #[inline(always)]
    pub(crate) fn of_single_blocks(&self) -> [B; 8] {
        let two_i = B::from_number(self.two_i);
        let mut offsets = self.l;
        for offset in &mut offsets {
            *offset = *offset ^ two_i;
        }
        offsets
    }

    /// The tweak of a message, as the two blocks whose E sum up to Δ: the length of its authentication tag, which is
    /// zero here, under E(3, 1, ·), and its nonce under E(4, 1, ·).
    #[inline(always)]
    pub(crate) fn tweak(&self, nonce: &[u8; 16]) -> [B; 2] {
        let [one, ..] = self.of_single_blocks();
        [one ^ self.three_j, one ^ self.four_j ^ B::from_bytes(nonce)]
    }
}
