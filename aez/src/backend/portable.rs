//! AES rounds in plain integer arithmetic: bitsliced, without a table, a branch or an index that depends on data.

mod columns;
mod planes;
mod sbox;

pub(crate) use self::columns::Columns;
use self::planes::{Planes, shift_rows};
use crate::{
    engine::{Block, Engine, Pair},
    offsets::{Key, Offsets},
};
use zeroize::{Zeroize, ZeroizeOnDrop};

/// The key as planes.
#[derive(Zeroize, ZeroizeOnDrop)]
pub(crate) struct Portable {
    /// J, I and L, the keys of four rounds.
    four: [Planes; 3],
    multiples_of_l: Planes,
    offsets: Offsets<Columns>,
}

impl Portable {
    pub(super) fn new(key: &Key) -> Self {
        let offsets = Offsets::new(key);
        let Offsets { i, j, l: [l, ..], .. } = offsets;
        Self {
            four: [round_key::<1>(j), round_key::<2>(i), round_key::<3>(l)],
            multiples_of_l: Planes::pack(offsets.l),
            offsets,
        }
    }
}

impl Engine for Portable {
    type Block = Columns;
    type Eight = Planes;
    type Sum = Planes;
    type Kept = [Planes; 2];

    #[inline(always)]
    fn offsets(&self) -> &Offsets<Columns> {
        &self.offsets
    }

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

    #[inline]
    fn load(&self, pairs: &[Pair]) -> [Planes; 2] {
        let mut halves = [[Columns([0; 4]); 8]; 2];
        let [left, right] = &mut halves;
        for ((left, right), pair) in left.iter_mut().zip(right).zip(pairs) {
            (*left, *right) = (Columns::from_bytes(&pair[0]), Columns::from_bytes(&pair[1]));
        }
        halves.map(Planes::pack)
    }

    #[inline]
    fn store(&self, halves: [Planes; 2], pairs: &mut [Pair]) {
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
    fn sum(&self, eight: Planes, count: usize) -> Planes {
        eight.first(count)
    }

    #[inline(always)]
    fn total(&self, sum: Planes) -> Columns {
        sum.sum()
    }

    /// Its call costs little beside it, and an inlined copy for each caller 1 kB of flash.
    #[inline(never)]
    fn rounds4(&self, x: Planes, offset: Planes, mask: Planes) -> Planes {
        let [j, i, l] = &self.four;
        let mut x = x ^ offset;
        x.round::<1>(j);
        x.round::<2>(i);
        x.round::<3>(l);
        x.round::<0>(&mask.add_constant(SUB_BYTES));
        x
    }

    /// Rare, so that it makes its round keys as it goes.
    fn rounds10(&self, mut x: Planes) -> Planes {
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
        // two more shifts bring the rows home
        Planes::pack(x.unpack().map(shift_rows::<2>))
    }

    #[inline(always)]
    fn first_pass_of_few(&self, pairs: &mut [Pair], common: Columns) -> (Planes, [Planes; 2]) {
        self.first_of_few(pairs, common)
    }

    #[inline(always)]
    fn second_pass_of_few(&self, pairs: &mut [Pair], kept: [Planes; 2], common: Columns, s: Columns) -> Planes {
        self.second_of_few(pairs, kept, common, s)
    }
}

/// A round key where rows stand apart by `APART` columns, with the constant of SubBytes, which MixColumns would leave
/// as it is.
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
