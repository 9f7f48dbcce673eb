//! The offsets Δ that tweak each call of E (AEZ v5, §2: the tweakable block cipher).

use crate::{engine::Block, field::first_multiples};
use zeroize::{Zeroize, ZeroizeOnDrop};

/// The key: its three subkeys I, J and L, one after the other.
pub(crate) struct Key([u8; 48]);

impl Key {
    pub(crate) const fn new(key: &[u8; 48]) -> Self {
        Self(*key)
    }

    #[inline(always)]
    fn subkeys<B: Block>(&self) -> [B; 3] {
        let (blocks, _) = self.0.as_chunks();
        let [i, j, l] = blocks else { return [B::zero(); 3] };
        [B::from_bytes(i), B::from_bytes(j), B::from_bytes(l)]
    }
}

impl Drop for Key {
    #[inline]
    fn drop(&mut self) {
        // as a slice, which is wiped many bytes at a time
        self.0.as_mut_slice().zeroize();
    }
}

impl ZeroizeOnDrop for Key {}

/// The multiples of I, J and L whose sums are the offsets.
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
    pub(crate) fn new(key: &Key) -> Self {
        let [i, j, l] = key.subkeys::<B>();
        let two_j = j.double();
        Self { i, two_i: i.double(), j, three_j: two_j ^ j, four_j: two_j.double(), l: first_multiples(l) }
    }

    /// The offsets of E(0, i, ·) for i = 1 … 8.
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
