//! Several multiples of one point, of which the preparation is shared: a comb (Lim and Lee, "More
//! flexible exponentiation with precomputation", 1994).
//!
//! The scalar's bits are signs: it is Σ ±2ⁱ. They are laid out in five rows of 51, each with a
//! *tooth*: the point times the value of the row's lowest bit. A *column*, a bit of each row, is
//! then ± the sum of the last tooth and each of the others or its negative; the 16 such sums are in
//! a table. A multiplication takes a doubling and an addition for each column, where a ladder has
//! five steps.
//!
//! The point is public: its conversion from u to the curve's Edwards form, and what the table
//! holds, need no care.

use super::{
    edwards::{
        Point, ProjectiveAddend, add_projective, addends_of_sum_and_difference, double, point, projective_addend,
        set_entry, set_from_u, set_neutral, set_point, sum_and_difference, u,
    },
    registers::{Arithmetic, Limbs, Machine},
};
use subtle::{Choice, ConditionallySelectable};
use zeroize::{Zeroize, ZeroizeOnDrop, Zeroizing};

const TEETH: usize = 5;
const SPACING: usize = 51;

/// A point prepared for multiplications by clamped scalars.
///
/// It is multiplied by 8 in advance, for two reasons: a clamped scalar is a multiple of 8, and of
/// the rest is known that adding and subtracting ℓ changes nothing. Wiped on drop.
#[derive(Zeroize, ZeroizeOnDrop)]
pub(super) struct Comb([ProjectiveAddend; 1 << (TEETH - 1)]);

impl Comb {
    /// `None` if u is 0 or belongs to the curve's twist. Not in constant time.
    pub(super) fn new<M: Arithmetic>(arithmetic: M, u: &[u8; 32]) -> Option<Self> {
        let mut m = Machine::new(arithmetic);
        if !set_from_u(&mut m, u) {
            return None;
        }
        double_times(&mut m, 3);
        let mut teeth = [point(&m); TEETH];
        for tooth in &mut teeth[1..] {
            double_times(&mut m, SPACING);
            *tooth = point(&m);
        }
        Some(Self(table(&mut m, &teeth)))
    }

    /// The coordinate u of a clamped scalar times the point. In constant time in the scalar.
    pub(super) fn multiply<M: Arithmetic>(&self, arithmetic: M, scalar: &Limbs) -> Zeroizing<[u8; 32]> {
        let signs = signs(scalar);
        let mut m = Machine::new(arithmetic);
        set_neutral(&mut m);
        for column in (0..SPACING).rev() {
            if column != SPACING - 1 {
                double::<M, true>(&mut m);
            }
            let sign = |tooth: usize| {
                let bit = column + SPACING * tooth;
                signs[bit >> 6] >> (bit & 63) & 1
            };
            // if the last tooth is subtracted, all are added with their signs reversed
            let negative = sign(4) ^ 1;
            let others = sign(3) << 3 | sign(2) << 2 | sign(1) << 1 | sign(0);
            set_entry(&mut m, &self.0, others ^ (negative.wrapping_neg() & 15), negative);
            add_projective(&mut m);
        }
        u(&mut m)
    }
}

fn double_times<M: Arithmetic>(m: &mut Machine<M>, times: usize) {
    (1..times).for_each(|_| double::<M, false>(m));
    double::<M, true>(m);
}

/// The last tooth plus each of the others or its negative: bit i of the index tells whether tooth i
/// is added.
fn table<M: Arithmetic>(m: &mut Machine<M>, teeth: &[Point; TEETH]) -> [ProjectiveAddend; 1 << (TEETH - 1)] {
    let mut addend = |point: &Point| {
        set_point(m, point);
        projective_addend(m)
    };
    let [tooth_0, tooth_2, tooth_3] = [0, 2, 3].map(|tooth| addend(&teeth[tooth]));
    set_point(m, &teeth[1]);
    // teeth 0 and 1, of which 1 is added
    let low = sum_and_difference(m, &tooth_0);
    let low = low.map(|point| {
        set_point(m, &point);
        projective_addend(m)
    });
    let mut table = [[[0; 4]; 4]; 1 << (TEETH - 1)];
    set_point(m, &teeth[4]);
    let with_3 = sum_and_difference(m, &tooth_3);
    for (high, point) in [1, 0].into_iter().zip(&with_3) {
        set_point(m, point);
        let with_2 = sum_and_difference(m, &tooth_2);
        for (middle, point) in [1, 0].into_iter().zip(&with_2) {
            let [difference_0, difference_1, sum_1, sum_0] = &mut table[high << 3 | middle << 2..][..4] else {
                continue;
            };
            set_point(m, point);
            addends_of_sum_and_difference(m, &low[0], sum_0, difference_0);
            addends_of_sum_and_difference(m, &low[1], sum_1, difference_1);
        }
    }
    table
}

/// The signs of an odd number below 2²⁵⁵ that is, modulo ℓ, an eighth of the clamped scalar or its
/// negative: bit i is set if 2ⁱ is added, and clear if it is subtracted. The coordinate u is that
/// of both.
fn signs(scalar: &Limbs) -> Zeroizing<Limbs> {
    let [a, b, c, d] = *scalar;
    let mut eighth = Zeroizing::new([a >> 3 | b << 61, b >> 3 | c << 61, c >> 3 | d << 61, d >> 3]);
    // ℓ − m if m is even. A clamped scalar is below 2²⁵⁵, so m is below ℓ
    let is_even = Choice::from((!eighth[0] & 1) as u8);
    let mut borrow = 0;
    for (limb, order) in eighth.iter_mut().zip(&ORDER) {
        let difference = u128::from(*order).wrapping_sub(u128::from(*limb) + borrow);
        borrow = difference >> 127;
        limb.conditional_assign(&(difference as u64), is_even);
    }
    // Σ ±2ⁱ, for i below n, is twice the sum of those that are added, less 2ⁿ − 1. With n = 255,
    // those that are added are half of m + 2²⁵⁵ − 1
    let [a, b, c, d] = *eighth;
    *eighth = [a >> 1 | b << 63, b >> 1 | c << 63, c >> 1 | d << 63, d >> 1 | 1 << (SPACING * TEETH - 1 - 192)];
    eighth
}

/// ℓ = 2²⁵² + 27742317777372353535851937790883648493, the order of the curve's largest subgroup.
const ORDER: Limbs = [0x5812_631a_5cf5_d3ed, 0x14de_f9de_a2f7_9cd6, 0, 1 << 60];
