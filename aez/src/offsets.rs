//! The key, and the offsets Δ that tweak each call of E (AEZ v5, §2: the tweakable block cipher).

use crate::{block::Block, field::first_multiples};
use zeroize::{Zeroize, ZeroizeOnDrop};

/// The three subkeys I | J | L, 16 bytes each. Wiped on drop.
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
        // A slice is wiped many bytes at a time, an array byte by byte.
        self.0.as_mut_slice().zeroize();
    }
}

impl ZeroizeOnDrop for Key {}

/// The multiples of I, J and L whose sums are the offsets. Wiped on drop.
///
/// ```text
/// E(j, i, ·) with j ≥ 0:   Δ = j·J ⊕ 2^⌈i/8⌉·I ⊕ (i mod 8)·L      (2⁰·I for i = 0)
/// E(−1, i, ·):             Δ = i·L
/// ```
#[derive(Zeroize, ZeroizeOnDrop)]
pub(crate) struct Offsets<B: Block> {
    /// I: the offset of E(0, 0, ·).
    pub(crate) i: B,
    /// 2·I: part of the offsets of E(j, 1, ·) to E(j, 8, ·).
    pub(crate) two_i: B,
    /// J: the difference between the offsets of E(1, i, ·) and E(0, i, ·).
    pub(crate) j: B,
    /// 3·J: the difference between the offsets of E(2, i, ·) and E(1, i, ·), and of E(3, i, ·) and
    /// E(0, i, ·).
    pub(crate) three_j: B,
    /// 4·J: the difference between the offsets of E(4, i, ·) and E(0, i, ·).
    four_j: B,
    /// (i mod 8)·L for i = 1 … 8. The first seven are also the offsets of E(−1, 1, ·) to E(−1, 7,
    /// ·).
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

    /// The two blocks, offsets added, whose AES4 sum to the tweak hash Δ = E(3, 1, 0) ⊕ E(4, 1, N):
    /// the first encodes the tag's length, which is zero.
    #[inline(always)]
    pub(crate) fn tweak(&self, nonce: &[u8; 16]) -> [B; 2] {
        let [one, ..] = self.of_single_blocks();
        [one ^ self.three_j, one ^ self.four_j ^ B::from_bytes(nonce)]
    }

    /// 2^⌈i/8⌉·I, the part of the offset that eight successive pairs share, for one eight after the
    /// other.
    #[inline(always)]
    pub(crate) fn of_eights(&self) -> OffsetsOfEights<B> {
        OffsetsOfEights([self.two_i, self.two_i.double()])
    }

    /// J ⊕ (i mod 8)·L: the rest of the offset of E(1, i, ·), for each of eight successive pairs.
    #[inline(always)]
    pub(crate) fn of_pairs(&self) -> [B; 8] {
        let mut offsets = self.l;
        for offset in &mut offsets {
            *offset = *offset ^ self.j;
        }
        offsets
    }
}

pub(crate) struct OffsetsOfEights<B>([B; 2]);

impl<B: Block> OffsetsOfEights<B> {
    #[inline(always)]
    pub(crate) fn next(&mut self) -> B {
        let [now, next] = self.0;
        self.0 = [next, next.double()];
        now
    }
}
