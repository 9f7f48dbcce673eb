//! The offsets Δ that tweak each call of E (AEZ v5, §2: the tweakable block cipher).

use crate::{engine::Block, field::first_multiples};
use zeroize::{Zeroize, ZeroizeOnDrop};

/// What a key expands to: the multiples of its subkeys I, J and L whose sums are the offsets.
///
/// E(j, i, ·) with j ≥ 0 is tweaked by j·J ⊕ 2^⌈i/8⌉·I ⊕ (i mod 8)·L, and E(−1, i, ·) by i·L.
#[derive(Zeroize, ZeroizeOnDrop)]
pub(crate) struct Offsets<B: Block> {
    /// I: the offset of E(0, 0, ·).
    pub(crate) i: B,
    /// 2·I, to go on doubling from.
    pub(crate) two_i: B,
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
    pub(crate) fn new(key: &[u8; 48]) -> Self {
        let (subkeys, _) = key.as_chunks();
        let [i, j, l] = [0, 1, 2].map(|n| subkeys.get(n).map_or(B::zero(), B::from_bytes));
        let two_j = j.double();
        Self { i, two_i: i.double(), j, three_j: two_j ^ j, four_j: two_j.double(), l: first_multiples(l) }
    }

    /// The same in another form.
    pub(crate) fn convert<C: Block>(&self) -> Offsets<C> {
        let other = |block: B| C::from_bytes(&block.to_bytes());
        Offsets {
            i: other(self.i),
            two_i: other(self.two_i),
            j: other(self.j),
            three_j: other(self.three_j),
            four_j: other(self.four_j),
            l: self.l.map(other),
        }
    }

    /// The offsets of E(0, i, ·) for i = 1 … 7 (and then a block that is none).
    #[inline(always)]
    pub(crate) fn of_single_blocks(&self) -> [B; 8] {
        let mut offsets = self.l;
        for offset in &mut offsets {
            *offset = *offset ^ self.two_i;
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
