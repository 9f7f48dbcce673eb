//! Eight AES states as bit planes.
//!
//! Plane b holds bit b of all their bytes: word c of it is column c, byte r of the word is row r, bit n of the byte is
//! state n. So rows turn by rotating words, columns by renaming words, and each plane fits one 128-bit register where
//! the machine has such.
//!
//! Rows are not shifted. After n rounds the byte of row r and column c stands in column c + n·r instead, and MixColumns
//! looks for it there ("fixslicing": Adomnicai and Peyrin, 2020); after four rounds it is home again.

use super::{columns::Columns, sbox::sub_bytes};
use core::{array, ops::BitXor};
use zeroize::Zeroize;

#[derive(Clone, Copy)]
pub(crate) struct Planes(pub(super) [Columns; 8]);

impl Planes {
    /// The planes of eight states.
    #[inline(always)]
    pub(super) fn pack(states: [Columns; 8]) -> Self {
        Self(transpose(states))
    }

    #[inline(always)]
    pub(super) fn unpack(self) -> [Columns; 8] {
        transpose(self.0)
    }

    /// The planes of one state eight times.
    #[inline(always)]
    pub(super) fn splat(state: Columns) -> Self {
        let plane = |bit: usize| {
            state.map(|column: u32| {
                let lowest: u32 = (column >> bit) & LOWEST;
                (lowest << 8).wrapping_sub(lowest)
            })
        };
        Self(array::from_fn(plane))
    }

    /// The sum of the first `count` states.
    #[inline(always)]
    pub(super) fn sum(self, count: usize) -> Columns {
        let kept = if count < 8 { LOWEST * ((1 << count) - 1) } else { u32::MAX };
        let mut sum = Columns([0; 4]);
        for (bit, plane) in self.0.into_iter().enumerate() {
            sum ^= plane.map(|column| {
                let mut parity = column & kept;
                parity ^= parity >> 4;
                parity ^= parity >> 2;
                parity ^= parity >> 1;
                (parity & LOWEST) << bit
            });
        }
        sum
    }

    /// SubBytes but for its constant.
    #[inline(always)]
    pub(super) fn sub_bytes(mut self) -> Self {
        let [p0, p1, p2, p3, p4, p5, p6, p7] = &mut self.0;
        for c in 0..4 {
            [p0.0[c], p1.0[c], p2.0[c], p3.0[c], p4.0[c], p5.0[c], p6.0[c], p7.0[c]] =
                sub_bytes([p0.0[c], p1.0[c], p2.0[c], p3.0[c], p4.0[c], p5.0[c], p6.0[c], p7.0[c]]);
        }
        self
    }

    /// MixColumns where rows stand apart by `APART` columns: with a the byte of a row and b, c, d those of the rows
    /// below, 2·(a ⊕ b) ⊕ b ⊕ (c ⊕ d).
    #[inline(always)]
    pub(super) fn mix_columns<const APART: usize>(self) -> Self {
        let b = Self(self.0.map(|plane| plane.turn(APART).map(|column| column.rotate_right(8))));
        let ab = self ^ b;
        let cd = Self(ab.0.map(|plane| plane.turn(2 * APART).map(|column| column.rotate_right(16))));
        ab.double() ^ b ^ cd
    }

    /// 2·B in GF(2⁸) of every byte B.
    #[inline(always)]
    fn double(self) -> Self {
        let [p0, p1, p2, p3, p4, p5, p6, p7] = self.0;
        Self([p7, p0 ^ p7, p1, p2 ^ p7, p3 ^ p7, p4, p5, p6])
    }

    /// ShiftRows as it is written, for when the number of rounds is no multiple of four.
    #[inline(always)]
    pub(super) fn shift_rows(self) -> Self {
        Self(self.0.map(shift_rows::<1>))
    }

    /// Adds `byte` to every byte.
    #[inline(always)]
    pub(super) fn add_constant(self, byte: u8) -> Self {
        let flips = Self::splat(Columns([u32::from_ne_bytes([byte; 4]); 4]));
        self ^ flips
    }
}

impl BitXor for Planes {
    type Output = Self;

    #[inline(always)]
    fn bitxor(mut self, other: Self) -> Self {
        for (plane, other) in self.0.iter_mut().zip(other.0) {
            *plane ^= other;
        }
        self
    }
}

impl Zeroize for Planes {
    fn zeroize(&mut self) {
        self.0.zeroize();
    }
}

/// Moves row r of a block or plane left by `ROUNDS`·r columns.
#[inline(always)]
pub(super) fn shift_rows<const ROUNDS: usize>(state: Columns) -> Columns {
    let row = |r: usize| state.turn(ROUNDS * r).map(|column| column & (0xff << (8 * r)));
    row(0) ^ row(1) ^ row(2) ^ row(3)
}

/// Exchanges bit n of every byte of state m with bit m of state n's.
#[inline(always)]
fn transpose(mut states: [Columns; 8]) -> [Columns; 8] {
    let [s0, s1, s2, s3, s4, s5, s6, s7] = &mut states;
    swap::<1>(s0, s1);
    swap::<1>(s2, s3);
    swap::<1>(s4, s5);
    swap::<1>(s6, s7);
    swap::<2>(s0, s2);
    swap::<2>(s1, s3);
    swap::<2>(s4, s6);
    swap::<2>(s5, s7);
    swap::<4>(s0, s4);
    swap::<4>(s1, s5);
    swap::<4>(s2, s6);
    swap::<4>(s3, s7);
    states
}

/// Exchanges the bits of `low` whose number has the bit `SHIFT` with those of `high` whose number has not.
#[inline(always)]
fn swap<const SHIFT: u32>(low: &mut Columns, high: &mut Columns) {
    // 0x55…, 0x33… or 0x0f…
    let mask = u32::MAX / ((1 << SHIFT) + 1);
    let differ = (low.map(|column| column >> SHIFT) ^ *high).map(|column| column & mask);
    *high ^= differ;
    *low ^= differ.map(|column| column << SHIFT);
}

/// The lowest bit of every byte.
const LOWEST: u32 = 0x0101_0101;

#[cfg(test)]
mod tests {
    use super::*;

    fn states() -> [Columns; 8] {
        let mut word = 0x9e37_79b9_u32;
        array::from_fn(|_| {
            Columns([0; 4]).map(|_| 0).0.map(|_| {
                word = word.wrapping_mul(0x0019_660d).wrapping_add(0x3c6e_f35f);
                word
            })
        })
        .map(Columns)
    }

    #[test]
    fn packing_goes_both_ways() {
        assert_eq!(Planes::pack(states()).unpack(), states());
        assert_ne!(Planes::pack(states()).0, states());
    }

    #[test]
    fn splat_is_a_pack_of_equals() {
        let [state, ..] = states();
        assert_eq!(Planes::splat(state).unpack(), [state; 8]);
    }

    #[test]
    fn sums_of_the_first_states() {
        for count in 0..=8 {
            let want = states()[..count].iter().fold(Columns([0; 4]), |sum, state| sum ^ *state);
            assert_eq!(Planes::pack(states()).sum(count), want, "of {count}");
        }
    }

    #[test]
    fn four_shifts_bring_rows_home() {
        let [state, ..] = states();
        let once = shift_rows::<1>(state);
        assert_ne!(once, state);
        assert_eq!(shift_rows::<3>(once), state);
        assert_eq!(Planes::splat(state).shift_rows().unpack(), [once; 8]);
    }
}
