//! Eight AES states as bit planes.
//!
//! Plane b holds bit b of all their bytes: word c of it is column c, byte r of the word is row r,
//! bit n of the byte is state n. So rotating a word gives the next row, another word the next
//! column, and a plane fits in a 128-bit register if the machine has one.
//!
//! Rows are not shifted. Instead, after n rounds the byte of row r and column c is in column c +
//! n·r, where MixColumns expects it ("fixslicing": Adomnicai and Peyrin, 2020). After four rounds
//! it is back in its place.
#![expect(
    clippy::arithmetic_side_effects,
    clippy::indexing_slicing,
    clippy::integer_division_remainder_used,
    reason = "constant indices into arrays, shifts and counts of at most eight, a constant's division"
)]

use super::{columns::Columns, sbox::sub_bytes};
use core::{array, ops::BitXor};
use zeroize::Zeroize;

#[derive(Clone, Copy)]
pub(crate) struct Planes(pub(super) [Columns; 8]);

impl Planes {
    /// The planes of eight states.
    #[inline(always)]
    pub(super) fn pack(mut states: [Columns; 8]) -> Self {
        transpose_each(&mut states);
        Self(states)
    }

    #[inline(always)]
    pub(super) fn unpack(mut self) -> [Columns; 8] {
        transpose_each(&mut self.0);
        self.0
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

    /// The first `count` states, then zeros.
    #[inline(always)]
    pub(super) fn first(self, count: usize) -> Self {
        if count >= 8 {
            return self;
        }
        let kept = LOWEST * ((1 << count) - 1);
        Self(self.0.map(|plane| plane.map(|column| column & kept)))
    }

    /// The sum of the states.
    #[inline(always)]
    pub(super) fn sum(self) -> Columns {
        let mut sum = Columns([0; 4]);
        for (bit, plane) in self.0.into_iter().enumerate() {
            sum ^= plane.map(|mut parity| {
                parity ^= parity >> 4;
                parity ^= parity >> 2;
                parity ^= parity >> 1;
                (parity & LOWEST) << bit
            });
        }
        sum
    }

    /// One AES round without the constant of SubBytes. After it, rows are shifted by `APART`
    /// columns, like those of the key.
    #[inline(never)]
    pub(super) fn round<const APART: usize>(&mut self, key: &Self) {
        sub_bytes_each(&mut self.0);
        *self = self.mix_columns::<APART>() ^ *key;
    }

    #[inline(always)]
    fn mix_columns<const APART: usize>(mut self) -> Self {
        let [near, far, farther] = [1, 2, 3].map(|rows| self.0.map(|plane| plane.rotate(rows * APART)));
        let [p0, p1, p2, p3, p4, p5, p6, p7] = &mut self.0;
        for c in 0..4 {
            let rows = [&near, &far, &farther].map(|planes| planes.each_ref().map(|plane| plane.0[c]));
            let a = [p0.0[c], p1.0[c], p2.0[c], p3.0[c], p4.0[c], p5.0[c], p6.0[c], p7.0[c]];
            [p0.0[c], p1.0[c], p2.0[c], p3.0[c], p4.0[c], p5.0[c], p6.0[c], p7.0[c]] = mix_rows(a, rows);
        }
        self
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

/// 2·(a ⊕ b) ⊕ b ⊕ c ⊕ d in GF(2⁸), bit by bit, where `a` is a row and `b`, `c`, `d` are the rows
/// below it, each in its own place.
#[inline(always)]
fn mix_rows(a: [u32; 8], [b, c, d]: [[u32; 8]; 3]) -> [u32; 8] {
    let b = b.map(|word| word.rotate_right(8));
    let mut out = [0; 8];
    let mut carry = a[7] ^ b[7];
    for bit in 0..8 {
        // align d with c, then move both up by two rows
        let far = (c[bit] ^ d[bit].rotate_right(8)).rotate_right(16);
        out[bit] = b[bit] ^ far ^ carry;
        carry = a[bit] ^ b[bit];
        if matches!(bit, 0 | 2 | 3) {
            carry ^= a[7] ^ b[7];
        }
    }
    out
}

/// Moves row r of a block or plane left by `ROUNDS`·r columns.
#[inline(always)]
pub(super) fn shift_rows<const ROUNDS: usize>(state: Columns) -> Columns {
    let row = |r: usize| state.rotate(ROUNDS * r).map(|column| column & (0xff << (8 * r)));
    row(0) ^ row(1) ^ row(2) ^ row(3)
}

#[inline(never)]
fn sub_bytes_each([p0, p1, p2, p3, p4, p5, p6, p7]: &mut [Columns; 8]) {
    for c in 0..4 {
        [p0.0[c], p1.0[c], p2.0[c], p3.0[c], p4.0[c], p5.0[c], p6.0[c], p7.0[c]] =
            sub_bytes([p0.0[c], p1.0[c], p2.0[c], p3.0[c], p4.0[c], p5.0[c], p6.0[c], p7.0[c]]);
    }
}

#[inline(never)]
fn transpose_each([p0, p1, p2, p3, p4, p5, p6, p7]: &mut [Columns; 8]) {
    for c in 0..4 {
        [p0.0[c], p1.0[c], p2.0[c], p3.0[c], p4.0[c], p5.0[c], p6.0[c], p7.0[c]] =
            transpose([p0.0[c], p1.0[c], p2.0[c], p3.0[c], p4.0[c], p5.0[c], p6.0[c], p7.0[c]]);
    }
}

/// Exchanges bit n of every byte of word m with bit m of word n's.
#[inline(always)]
fn transpose([mut w0, mut w1, mut w2, mut w3, mut w4, mut w5, mut w6, mut w7]: [u32; 8]) -> [u32; 8] {
    swap::<1>(&mut w0, &mut w1);
    swap::<1>(&mut w2, &mut w3);
    swap::<1>(&mut w4, &mut w5);
    swap::<1>(&mut w6, &mut w7);
    swap::<2>(&mut w0, &mut w2);
    swap::<2>(&mut w1, &mut w3);
    swap::<2>(&mut w4, &mut w6);
    swap::<2>(&mut w5, &mut w7);
    swap::<4>(&mut w0, &mut w4);
    swap::<4>(&mut w1, &mut w5);
    swap::<4>(&mut w2, &mut w6);
    swap::<4>(&mut w3, &mut w7);
    [w0, w1, w2, w3, w4, w5, w6, w7]
}

/// Exchanges the bits of `low` whose index contains `SHIFT` with the bits of `high` whose index
/// does not.
#[inline(always)]
fn swap<const SHIFT: u32>(low: &mut u32, high: &mut u32) {
    // 0x55…, 0x33… or 0x0f…
    let mask = const { u32::MAX / ((1 << SHIFT) + 1) };
    let differ = (*low >> SHIFT ^ *high) & mask;
    *high ^= differ;
    *low ^= differ << SHIFT;
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
            assert_eq!(Planes::pack(states()).first(count).sum(), want, "of {count}");
        }
    }

    #[test]
    fn four_shifts_bring_rows_home() {
        let [state, ..] = states();
        let once = shift_rows::<1>(state);
        assert_ne!(once, state);
        assert_eq!(shift_rows::<3>(once), state);
    }
}
