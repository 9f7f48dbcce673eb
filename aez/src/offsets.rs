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
    /// 3·J: E(2, i, ·) from E(1, i, ·).
    pub(crate) three_j: B,
    /// 3·J ⊕ 2·I ⊕ L: the offset of E(3, 1, ·).
    pub(crate) tag_length: B,
    /// 4·J ⊕ 2·I ⊕ L: the offset of E(4, 1, ·).
    pub(crate) nonce: B,
    /// i·L for i = 1 … 7: the offsets of E(−1, i, ·).
    pub(crate) l: [B; 7],
    /// 2·I ⊕ i·L for i = 1 … 7: the offsets of E(0, i, ·).
    pub(crate) two_i_l: [B; 7],
}

impl<B: Block> Offsets<B> {
    #[inline(always)]
    pub(crate) fn new(key: &Subkeys) -> Self {
        let two_i = double(key.i);
        let two_j = double(key.j);
        let [l, two_l, three_l, four_l, five_l, six_l, seven_l, _] = first_multiples(key.l);
        let multiples = [l, two_l, three_l, four_l, five_l, six_l, seven_l];
        Self {
            i: B::from_number(key.i),
            two_i,
            j: B::from_number(key.j),
            three_j: B::from_number(two_j ^ key.j),
            tag_length: B::from_number(two_j ^ key.j ^ two_i ^ l),
            nonce: B::from_number(double(two_j) ^ two_i ^ l),
            l: multiples.map(B::from_number),
            two_i_l: multiples.map(|multiple| B::from_number(two_i ^ multiple)),
        }
    }

    /// The tweak of a message, as the two blocks whose E sum up to Δ: the length of its authentication tag, which is
    /// zero here, under E(3, 1, ·), and its nonce under E(4, 1, ·).
    #[inline(always)]
    pub(crate) fn tweak(&self, nonce: &[u8; 16]) -> [B; 2] {
        [self.tag_length, B::from_bytes(nonce) ^ self.nonce]
    }
}
