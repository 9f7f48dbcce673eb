//! A model of the vectors in plain Rust, so that the algorithms run on every machine, and of
//! instructions that are wrong in one way, so that the tests are known to see it.
#![expect(clippy::integer_division_remainder_used, clippy::cast_possible_truncation, reason = "a test")]

use super::vector::{Multiply52, Vector};

/// A word in each lane. `FAULT` is one of the faults below, or [`RIGHT`].
#[derive(Clone, Copy)]
pub(super) struct Model<const LANES: usize, const FAULT: u8>([u64; LANES]);

pub(super) const RIGHT: u8 = 0;
/// 2²⁵⁵ = 18, where it is 19.
pub(super) const FOLD: u8 = 1;
/// The choice of each lane is made in the next one.
pub(super) const LANE_OF_MASK: u8 = 2;
/// What is shifted out of the lower half is lost: a carry of more than 32 bits.
pub(super) const LONG_CARRY: u8 = 3;
/// A carry is one too low.
pub(super) const CARRY: u8 = 4;
/// A product takes more than the lower half of a factor, or more than 52 bits.
pub(super) const WIDTH: u8 = 5;
/// The upper halves of products that are added up begin a bit too high.
pub(super) const UPPER_HALF: u8 = 6;
/// A shift that is to keep the sign does not.
pub(super) const SIGN: u8 = 7;
/// Shifts to the right are by one bit less.
pub(super) const SHIFT: u8 = 8;
/// The lower and the upper halves of products are exchanged.
pub(super) const HALVES: u8 = 9;
/// The choice is made the other way round.
pub(super) const CHOICE: u8 = 10;

impl<const LANES: usize, const FAULT: u8> Model<LANES, FAULT> {
    fn map(self, of: impl Fn(u64) -> u64) -> Self {
        Self(self.0.map(of))
    }

    fn zip(self, other: Self, of: impl Fn(u64, u64) -> u64) -> Self {
        Self(core::array::from_fn(|lane| of(self.0[lane], other.0[lane])))
    }

    fn low_52(word: u64) -> u128 {
        u128::from(if FAULT == WIDTH { word } else { word & ((1 << 52) - 1) })
    }
}

/// Proof of nothing: the model needs no instructions.
#[derive(Clone, Copy)]
pub(super) struct Anywhere;

macro_rules! vector {
    ($lanes:literal) => {
        impl<const FAULT: u8> Vector for Model<$lanes, FAULT> {
            type Proof = Anywhere;
            type Mask = [bool; $lanes];
            type Words = [u64; $lanes];

            const ZEROS: Self::Words = [0; $lanes];

            fn load(_: Anywhere, words: &Self::Words) -> Self {
                Self(*words)
            }

            fn store(self) -> Self::Words {
                self.0
            }

            fn splat(_: Anywhere, word: u64) -> Self {
                Self([if FAULT == FOLD && word.is_multiple_of(19) { word / 19 * 18 } else { word }; $lanes])
            }

            fn add(self, other: Self) -> Self {
                self.zip(other, u64::wrapping_add)
            }

            fn sub(self, other: Self) -> Self {
                self.zip(other, u64::wrapping_sub)
            }

            fn and(self, other: Self) -> Self {
                self.zip(other, |a, b| a & b)
            }

            fn shift_right<const BITS: u64>(self) -> Self {
                self.map(|word| match (word >> BITS, FAULT) {
                    (shifted, CARRY) => shifted.saturating_sub(1),
                    (shifted, LONG_CARRY) => shifted & 0xffff_ffff,
                    (_, SHIFT) => word >> (BITS - 1),
                    (shifted, _) => shifted,
                })
            }

            fn shift_left<const BITS: u64>(self) -> Self {
                self.map(|word| word << BITS)
            }

            fn mul_32(self, other: Self) -> Self {
                let low = |word: u64| if FAULT == WIDTH { word & 0x7fff_ffff } else { word & 0xffff_ffff };
                self.zip(other, |a, b| low(a) * low(b))
            }

            fn is_not_zero(self) -> [bool; $lanes] {
                self.0.map(|word| word != 0)
            }

            fn xor_mask(a: [bool; $lanes], b: [bool; $lanes]) -> [bool; $lanes] {
                core::array::from_fn(|lane| a[lane] != b[lane])
            }

            fn select(self, other: Self, mask: [bool; $lanes]) -> Self {
                let of = |lane: usize| if FAULT == LANE_OF_MASK { (lane + 1) % $lanes } else { lane };
                let other_is_chosen = |lane: usize| mask[of(lane)] != (FAULT == CHOICE);
                Self(core::array::from_fn(|lane| if other_is_chosen(lane) { other.0[lane] } else { self.0[lane] }))
            }
        }
    };
}

vector!(4);
vector!(8);

impl<const FAULT: u8> Model<8, FAULT> {
    fn add_lower_half(self, a: Self, b: Self) -> Self {
        self.add(a.zip(b, |a, b| (Self::low_52(a) * Self::low_52(b)) as u64 & ((1 << 52) - 1)))
    }

    fn add_upper_half(self, a: Self, b: Self) -> Self {
        let shift = if FAULT == UPPER_HALF { 53 } else { 52 };
        self.add(a.zip(b, |a, b| ((Self::low_52(a) * Self::low_52(b)) >> shift) as u64))
    }
}

impl<const FAULT: u8> Multiply52 for Model<8, FAULT> {
    fn add_low(self, a: Self, b: Self) -> Self {
        if FAULT == HALVES { self.add_upper_half(a, b) } else { self.add_lower_half(a, b) }
    }

    fn add_high(self, a: Self, b: Self) -> Self {
        if FAULT == HALVES { self.add_lower_half(a, b) } else { self.add_upper_half(a, b) }
    }

    fn shift_right_signed<const BITS: u64>(self) -> Self {
        self.map(|word| match FAULT {
            SIGN => word >> BITS,
            SHIFT => (word.cast_signed() >> (BITS - 1)).cast_unsigned(),
            CARRY => (word.cast_signed() >> BITS).cast_unsigned().wrapping_sub(1),
            _ => (word.cast_signed() >> BITS).cast_unsigned(),
        })
    }
}
