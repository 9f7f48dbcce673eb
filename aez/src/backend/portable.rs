//! Bitsliced integer arithmetic, without tables, and without branches or indices that depend on
//! data.

mod columns;
mod planes;
mod sbox;

pub(crate) use self::columns::Columns;
use self::planes::{Planes, shift_rows};
use crate::{
    block::{Block, Pair},
    engine::Engine,
    offsets::{Key, Offsets},
};
use zeroize::{Zeroize, ZeroizeOnDrop};

/// The expanded key; its parts also as planes.
#[derive(Zeroize, ZeroizeOnDrop)]
pub(crate) struct Portable {
    /// J, I and L, the keys of four rounds.
    four: [Planes; 3],
    /// J ⊕ (i mod 8)·L.
    of_pairs: Planes,
    offsets: Offsets<Columns>,
}

impl Portable {
    pub(super) fn new(key: &Key) -> Self {
        let offsets = Offsets::new(key);
        let Offsets { i, j, l: [l, ..], .. } = offsets;
        Self {
            four: [round_key::<1>(j), round_key::<2>(i), round_key::<3>(l)],
            of_pairs: Planes::pack(offsets.of_pairs()),
            offsets,
        }
    }
}

impl Portable {
    /// AES4 of eight blocks: their offsets added, four rounds, then ⊕ their masks.
    ///
    /// Not inlined: the call itself is cheap, but each inlined copy would take 1 kB of flash.
    #[inline(never)]
    fn aes4_of_eight(&self, x: Planes, offset: Planes, mask: Planes) -> Planes {
        let [j, i, l] = &self.four;
        let mut x = x ^ offset;
        x.round::<1>(j);
        x.round::<2>(i);
        x.round::<3>(l);
        x.round::<0>(&mask.add_constant(SUB_BYTES));
        x
    }

    /// AES10 of eight blocks, offsets added. Rarely used, so it computes its round keys on the fly.
    fn aes10_of_eight(&self, mut x: Planes) -> Planes {
        let Offsets { i, j, l: [l, ..], .. } = self.offsets;
        x.round::<1>(&round_key::<1>(i));
        x.round::<2>(&round_key::<2>(j));
        x.round::<3>(&round_key::<3>(l));
        x.round::<0>(&round_key::<0>(i));
        x.round::<1>(&round_key::<1>(j));
        x.round::<2>(&round_key::<2>(l));
        x.round::<3>(&round_key::<3>(i));
        x.round::<0>(&round_key::<0>(j));
        x.round::<1>(&round_key::<1>(l));
        x.round::<2>(&round_key::<2>(i));
        // After ten rounds the rows are two shifts away from their places.
        Planes::pack(x.unpack().map(shift_rows::<2>))
    }

    /// The first pass over eight pairs or fewer: their W_i and X_i.
    #[inline(always)]
    fn pass1_of_eight(&self, [left, right]: [Planes; 2], common: Columns) -> [Planes; 2] {
        // W_i = M_i ⊕ E(1, i, M_i')
        let w = self.aes4_of_eight(right, Planes::splat(common) ^ self.of_pairs, left);
        // X_i = M_i' ⊕ E(0, 0, W_i)
        [w, self.aes4_of_eight(w, Planes::splat(self.offsets.i), right)]
    }

    /// The second pass over eight pairs or fewer: their C_i and C_i', and their Y_i. `s` is S with
    /// the difference between the offsets of E(2, i, ·) and E(1, i, ·) added.
    #[inline(always)]
    fn pass2_of_eight(&self, [w, x]: [Planes; 2], common: Columns, s: Columns) -> ([Planes; 2], Planes) {
        let offset = Planes::splat(common) ^ self.of_pairs;
        // S' = E(2, i, S)      Y_i = W_i ⊕ S'      Z_i = X_i ⊕ S'
        let s = self.aes4_of_eight(Planes::splat(s), offset, ZERO);
        let (y, z) = (w ^ s, x ^ s);
        // C_i' = Y_i ⊕ E(0, 0, Z_i)
        let right = self.aes4_of_eight(z, Planes::splat(self.offsets.i), y);
        // C_i = Z_i ⊕ E(1, i, C_i')
        ([self.aes4_of_eight(right, offset, z), right], y)
    }
}

impl Engine for Portable {
    type Block = Columns;
    type Stash = [Planes; 2];

    #[inline(always)]
    fn offsets(&self) -> &Offsets<Columns> {
        &self.offsets
    }

    #[inline(always)]
    fn aes4<const N: usize>(&self, blocks: [Columns; N], masks: [Columns; N]) -> [Columns; N] {
        add_each(self.aes4_of_eight(pack(blocks), ZERO, ZERO), masks)
    }

    #[inline(always)]
    fn aes10<const N: usize>(&self, blocks: [Columns; N], masks: [Columns; N]) -> [Columns; N] {
        add_each(self.aes10_of_eight(pack(blocks)), masks)
    }

    #[inline(always)]
    fn pass1(&self, pairs: &mut [Pair]) -> (Columns, [Planes; 2]) {
        let mut of_eights = self.offsets.of_eights();
        let mut sum = ZERO;
        let (eights, tail) = pairs.as_chunks_mut();
        for eight in eights {
            let [w, x] = self.pass1_of_eight(load(eight), of_eights.next());
            stash([w, x], eight);
            sum = sum ^ x;
        }
        if tail.is_empty() {
            return (sum.sum(), [ZERO; 2]);
        }
        let [w, x] = self.pass1_of_eight(load(tail), of_eights.next());
        ((sum ^ x.first(tail.len())).sum(), [w, x])
    }

    #[inline(always)]
    fn pass2(&self, pairs: &mut [Pair], tail_stash: [Planes; 2], s: Columns) -> Columns {
        let s = s ^ self.offsets.three_j;
        let mut of_eights = self.offsets.of_eights();
        let mut sum = ZERO;
        let (eights, tail) = pairs.as_chunks_mut();
        for eight in eights {
            let (c, y) = self.pass2_of_eight(unstash(eight), of_eights.next(), s);
            store(c, eight);
            sum = sum ^ y;
        }
        if !tail.is_empty() {
            let (c, y) = self.pass2_of_eight(tail_stash, of_eights.next(), s);
            store(c, tail);
            sum = sum ^ y.first(tail.len());
        }
        sum.sum()
    }
}

/// The left and the right blocks of up to eight pairs, then zeros.
fn load(pairs: &[Pair]) -> [Planes; 2] {
    let mut halves = [[Columns([0; 4]); 8]; 2];
    let [left, right] = &mut halves;
    for ((left, right), pair) in left.iter_mut().zip(right).zip(pairs) {
        (*left, *right) = (Columns::from_bytes(&pair[0]), Columns::from_bytes(&pair[1]));
    }
    halves.map(Planes::pack)
}

fn store(halves: [Planes; 2], pairs: &mut [Pair]) {
    let [left, right] = halves.map(Planes::unpack);
    for ((pair, left), right) in pairs.iter_mut().zip(left).zip(right) {
        *pair = [left.to_bytes(), right.to_bytes()];
    }
}

/// Stores the planes as they are, packed, for [`unstash`].
#[inline(always)]
fn stash(halves: [Planes; 2], pairs: &mut [Pair; 8]) {
    for (place, plane) in pairs.as_flattened_mut().iter_mut().zip(halves.map(|planes| planes.0).as_flattened()) {
        *place = plane.to_bytes();
    }
}

#[inline(always)]
fn unstash(pairs: &[Pair; 8]) -> [Planes; 2] {
    let mut halves = [[Columns([0; 4]); 8]; 2];
    for (place, plane) in pairs.as_flattened().iter().zip(halves.as_flattened_mut()) {
        *plane = Columns::from_bytes(place);
    }
    halves.map(Planes)
}

/// Up to eight blocks, then zeros.
#[inline(always)]
fn pack<const N: usize>(blocks: [Columns; N]) -> Planes {
    let mut eight = [Columns([0; 4]); 8];
    for (place, block) in eight.iter_mut().zip(blocks) {
        *place = block;
    }
    Planes::pack(eight)
}

/// The first blocks ⊕ `masks`.
#[inline(always)]
fn add_each<const N: usize>(planes: Planes, mut masks: [Columns; N]) -> [Columns; N] {
    for (mask, block) in masks.iter_mut().zip(planes.unpack()) {
        *mask ^= block;
    }
    masks
}

const ZERO: Planes = Planes([Columns([0; 4]); 8]);

/// A round key for rows that are shifted by `APART` columns, plus the constant of SubBytes, which
/// MixColumns leaves unchanged.
#[inline(always)]
fn round_key<const APART: usize>(key: Columns) -> Planes {
    let key = match APART {
        0 => key,
        1 => shift_rows::<3>(key),
        2 => shift_rows::<2>(key),
        _ => shift_rows::<1>(key),
    };
    Planes::splat(key).add_constant(SUB_BYTES)
}

/// The constant of SubBytes.
const SUB_BYTES: u8 = 0x63;
