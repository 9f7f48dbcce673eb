//! AES rounds in plain integer arithmetic: bitsliced, without a table, a branch or an index that depends on data.

mod columns;
mod planes;
mod sbox;

use self::{
    columns::Columns,
    planes::{Planes, shift_rows},
};
use crate::{
    engine::{Block, Engine, Pair},
    field::first_multiples,
    offsets::Subkeys,
};
use zeroize::{Zeroize, ZeroizeOnDrop};

/// The round keys as planes, each with the constant of SubBytes added: MixColumns leaves a constant as it is.
#[derive(Zeroize, ZeroizeOnDrop)]
pub(crate) struct Portable {
    /// J, I and L, their rows moved as those of the state are after one, two and three rounds.
    four: [Planes; 3],
    /// I, J and L.
    ten: [Planes; 3],
    multiples_of_l: Planes,
}

impl Portable {
    pub(crate) fn new(key: &Subkeys) -> Self {
        let [i, j, l] = [key.i, key.j, key.l].map(Columns::from_number);
        Self {
            four: [shift_rows::<3>(j), shift_rows::<2>(i), shift_rows::<1>(l)].map(round_key),
            ten: [i, j, l].map(round_key),
            multiples_of_l: Planes::pack(first_multiples(key.l).map(Columns::from_number)),
        }
    }
}

impl Engine for Portable {
    type Block = Columns;
    type Eight = Planes;

    #[inline(always)]
    fn splat(&self, block: Columns) -> Planes {
        Planes::splat(block)
    }

    #[inline(always)]
    fn gather(&self, blocks: [Columns; 8]) -> Planes {
        Planes::pack(blocks)
    }

    #[inline(always)]
    fn scatter(&self, eight: Planes) -> [Columns; 8] {
        eight.unpack()
    }

    #[inline(always)]
    fn multiples_of_l(&self) -> Planes {
        self.multiples_of_l
    }

    #[inline(always)]
    fn load(&self, pairs: &[Pair; 8]) -> [Planes; 2] {
        let mut halves = [[Columns([0; 4]); 8]; 2];
        let [left, right] = &mut halves;
        for ((left, right), pair) in left.iter_mut().zip(right).zip(pairs) {
            (*left, *right) = (Columns::from_bytes(&pair[0]), Columns::from_bytes(&pair[1]));
        }
        halves.map(Planes::pack)
    }

    #[inline(always)]
    fn store(&self, halves: [Planes; 2], pairs: &mut [Pair; 8]) {
        let [left, right] = halves.map(Planes::unpack);
        for ((pair, left), right) in pairs.iter_mut().zip(left).zip(right) {
            *pair = [left.to_bytes(), right.to_bytes()];
        }
    }

    /// Stays packed.
    #[inline(always)]
    fn stash(&self, halves: [Planes; 2], pairs: &mut [Pair; 8]) {
        for (place, plane) in pairs.as_flattened_mut().iter_mut().zip(halves.map(|planes| planes.0).as_flattened()) {
            *place = plane.to_bytes();
        }
    }

    #[inline(always)]
    fn unstash(&self, pairs: &[Pair; 8]) -> [Planes; 2] {
        let mut halves = [[Columns([0; 4]); 8]; 2];
        for (place, plane) in pairs.as_flattened().iter().zip(halves.as_flattened_mut()) {
            *plane = Columns::from_bytes(place);
        }
        halves.map(Planes)
    }

    #[inline(always)]
    fn sum(&self, eight: Planes, count: usize) -> Columns {
        eight.sum(count)
    }

    #[inline(never)]
    fn rounds4(&self, x: Planes, offset: Planes, mask: Planes) -> Planes {
        let [j, i, l] = self.four;
        let x = (x ^ offset).sub_bytes().mix_columns::<1>() ^ j;
        let x = x.sub_bytes().mix_columns::<2>() ^ i;
        let x = x.sub_bytes().mix_columns::<3>() ^ l;
        x.sub_bytes().mix_columns::<4>().add_constant(SUB_BYTES) ^ mask
    }

    #[inline(never)]
    fn rounds10(&self, mut x: Planes) -> Planes {
        let keys = self.ten.iter().cycle().take(10);
        for key in keys {
            x = x.sub_bytes().shift_rows().mix_columns::<0>() ^ *key;
        }
        x
    }
}

#[inline(always)]
fn round_key(key: Columns) -> Planes {
    Planes::splat(key).add_constant(SUB_BYTES)
}

/// The constant of SubBytes.
const SUB_BYTES: u8 = 0x63;
