//! The curve in its Edwards form, −x² + y² = 1 + d x² y², in extended coordinates: the point (X/Z,
//! Y/Z), and T = XY/Z.
//!
//! The formulas are those of Hisil, Wong, Carter and Dawson ("Twisted Edwards curves revisited",
//! 2008). They are complete on this curve: points of small order need no care.

use super::{
    ladder::{divide, from_bytes},
    powers::square_root,
    registers::{Arithmetic, Limbs, Machine, ONE, ZERO, compute},
};
use zeroize::Zeroizing;

const X: usize = 0;
const Y: usize = 1;
const Z: usize = 2;
const T: usize = 3;
// the point that is added
const Y_PLUS_X: usize = 4;
const Y_MINUS_X: usize = 5;
const T_2D: usize = 6;
// what was looked up, in the order of an `Addend` or `ProjectiveAddend`
const FOUND_Y_PLUS_X: usize = 7;
const FOUND_Y_MINUS_X: usize = 8;
const FOUND_T_2D: usize = 9;
const FOUND_2Z: usize = 10;
// what a formula needs beside
const A: usize = 11;
const B: usize = 12;
const C: usize = 13;
const D: usize = 14;
const E: usize = 15;
const F: usize = 16;
const G: usize = 17;
const H: usize = 18;
const S: usize = 19;

/// A point in extended coordinates: X, Y, Z and T.
pub(super) type Point = [Limbs; 4];

/// A point with Z = 1 as it is added: y + x, y − x and 2dxy.
type Addend = [Limbs; 3];

/// A point as it is added: Y + X, Y − X, 2dT and 2Z.
pub(super) type ProjectiveAddend = [Limbs; 4];

/// 1 to 8 times a point.
pub(super) type Table = [Addend; 8];

/// The signed digits of a number below 2²⁵⁵ in base 16, from −8 to 8.
pub(super) fn digits(scalar: &Limbs) -> Zeroizing<[i8; 64]> {
    let mut digits = Zeroizing::new([0; 64]);
    for (index, digit) in digits.iter_mut().enumerate() {
        *digit = (scalar[index >> 4] >> (4 * (index & 15)) & 15) as i8;
    }
    for index in 0..63 {
        let carry = (digits[index] + 8) >> 4;
        digits[index] -= carry << 4;
        digits[index + 1] += carry;
    }
    digits
}

/// Makes the point the neutral element.
pub(super) fn set_neutral<M: Arithmetic>(m: &mut Machine<M>) {
    m.set::<X>(&ZERO);
    m.set::<Y>(&ONE);
    m.set::<Z>(&ONE);
    m.set::<T>(&ZERO);
}

/// u = (1 + y)/(1 − y) of the point, 0 of the neutral element.
pub(super) fn u<M: Arithmetic>(m: &mut Machine<M>) -> Zeroizing<[u8; 32]> {
    compute!(m; A = Z + Y; B = Z - Y;);
    divide::<M, A, B>(m)
}

/// The same as a fraction.
pub(super) fn u_fraction<M: Arithmetic>(m: &mut Machine<M>) -> Zeroizing<(Limbs, Limbs)> {
    compute!(m; A = Z + Y; B = Z - Y;);
    Zeroizing::new((*m.get::<A>(), *m.get::<B>()))
}

/// Doubles the point. T is not computed unless `WITH_T`: it takes no part in doubling.
#[inline(never)]
pub(super) fn double<M: Arithmetic, const WITH_T: bool>(m: &mut Machine<M>) {
    compute!(m;
        A = X ^ 2;
        B = Y ^ 2;
        S = Y + X;
        S = S ^ 2;
        C = Z ^ 2;
        H = A + B;
        G = A - B;
        E = H - S;
        F = G + C;
        F = F + C;
        Y = G * H;
    );
    if WITH_T {
        compute!(m; T = E * H;);
    }
    compute!(m; X = E * F; Z = F * G;);
}

/// Adds the addend, whose Z is 1, to the point.
pub(super) fn add<M: Arithmetic>(m: &mut Machine<M>) {
    compute!(m; D = Z + Z;);
    add_with_zz::<M, true>(m);
}

/// Adds the addend to the point, whose T is lost.
pub(super) fn add_projective<M: Arithmetic>(m: &mut Machine<M>) {
    compute!(m; D = Z * FOUND_2Z;);
    add_with_zz::<M, false>(m);
}

/// Adds the addend to the point; D is twice the product of their Z.
#[inline(never)]
fn add_with_zz<M: Arithmetic, const WITH_T: bool>(m: &mut Machine<M>) {
    compute!(m;
        A = Y - X;
        B = Y + X;
        A = A * Y_MINUS_X;
        B = B * Y_PLUS_X;
        C = T * T_2D;
        E = B - A;
        H = B + A;
        F = D - C;
        G = D + C;
    );
    if WITH_T {
        compute!(m; T = E * H;);
    }
    compute!(m; X = E * F; Y = G * H; Z = F * G;);
}

/// The point plus the addend, and the point minus the addend. The point stays.
pub(super) fn sum_and_difference<M: Arithmetic>(m: &mut Machine<M>, addend: &ProjectiveAddend) -> [Point; 2] {
    start_sum_and_difference(m, addend);
    compute!(m; E = B - A; H = B + A; A = E * F; B = G * H; C = F * G; D = E * H;);
    let sum = [*m.get::<A>(), *m.get::<B>(), *m.get::<C>(), *m.get::<D>()];
    compute!(m; E = S - T_2D; H = S + T_2D; A = E * G; B = F * H; D = E * H;);
    [sum, [*m.get::<A>(), *m.get::<B>(), *m.get::<C>(), *m.get::<D>()]]
}

/// The same as they are added to others.
pub(super) fn addends_of_sum_and_difference<M: Arithmetic>(
    m: &mut Machine<M>,
    addend: &ProjectiveAddend,
    sum: &mut ProjectiveAddend,
    difference: &mut ProjectiveAddend,
) {
    start_sum_and_difference(m, addend);
    m.set::<FOUND_2Z>(&EDWARDS_2D);
    compute!(m;
        E = B - A;
        H = B + A;
        A = E * F;
        B = G * H;
        C = E * H;
        D = F * G;
        C = C * FOUND_2Z;
        D = D + D;
        Y_PLUS_X = B + A;
        Y_MINUS_X = B - A;
    );
    *sum = [*m.get::<Y_PLUS_X>(), *m.get::<Y_MINUS_X>(), *m.get::<C>(), *m.get::<D>()];
    compute!(m;
        E = S - T_2D;
        H = S + T_2D;
        A = E * G;
        B = F * H;
        C = E * H;
        C = C * FOUND_2Z;
        Y_PLUS_X = B + A;
        Y_MINUS_X = B - A;
    );
    *difference = [*m.get::<Y_PLUS_X>(), *m.get::<Y_MINUS_X>(), *m.get::<C>(), *m.get::<D>()];
}

/// The products of both: A and B of the sum, `T_2D` and S of the difference, and F and G.
#[inline(never)]
fn start_sum_and_difference<M: Arithmetic>(m: &mut Machine<M>, addend: &ProjectiveAddend) {
    m.set::<Y_PLUS_X>(&addend[0]);
    m.set::<Y_MINUS_X>(&addend[1]);
    m.set::<T_2D>(&addend[2]);
    m.set::<FOUND_2Z>(&addend[3]);
    compute!(m;
        C = T * T_2D;
        D = Z * FOUND_2Z;
        E = Y - X;
        H = Y + X;
        A = E * Y_MINUS_X;
        B = H * Y_PLUS_X;
        // the addend's negative has y + x and y − x swapped, and −t
        T_2D = E * Y_PLUS_X;
        S = H * Y_MINUS_X;
        F = D - C;
        G = D + C;
    );
}

/// The point.
pub(super) fn point<M: Arithmetic>(m: &Machine<M>) -> Point {
    [*m.get::<X>(), *m.get::<Y>(), *m.get::<Z>(), *m.get::<T>()]
}

pub(super) fn set_point<M: Arithmetic>(m: &mut Machine<M>, [x, y, z, t]: &Point) {
    m.set::<X>(x);
    m.set::<Y>(y);
    m.set::<Z>(z);
    m.set::<T>(t);
}

/// The point as it is added to others.
pub(super) fn projective_addend<M: Arithmetic>(m: &mut Machine<M>) -> ProjectiveAddend {
    m.set::<S>(&EDWARDS_2D);
    compute!(m; A = Y + X; B = Y - X; C = T * S; D = Z + Z;);
    [*m.get::<A>(), *m.get::<B>(), *m.get::<C>(), *m.get::<D>()]
}

/// Makes the point one of the two with this u, and tells whether there are such points. There are
/// none if u belongs to the twist, and at u = 0 the formulas fail. Not in constant time.
pub(super) fn set_from_u<M: Arithmetic>(m: &mut Machine<M>, u: &[u8; 32]) -> bool {
    const U: usize = E;
    const V: usize = F;
    const ONE_: usize = G;
    m.set::<U>(&from_bytes(u));
    m.set::<ONE_>(&ONE);
    m.set::<A>(&[486_662, 0, 0, 0]);
    m.set::<S>(&EDWARDS_SCALE);
    // v² = u³ + 486662 u² + u
    compute!(m; B = A + U; B = B * U; B = B + ONE_; B = B * U;);
    if !square_root::<M, V, B, C, D>(m) {
        return false;
    }
    // x = s u/v, y = (u − 1)/(u + 1). The denominator is not 0: −1 is on the twist
    compute!(m;
        A = U + ONE_;
        B = U - ONE_;
        C = S * U;
        X = C * A;
        Y = B * V;
        Z = A * V;
        T = C * B;
    );
    true
}

/// Makes the addend `digit` times the table's point, in constant time: from −8 to 8.
pub(super) fn set_multiple<M: Arithmetic>(m: &mut Machine<M>, table: &Table, digit: i8) {
    let magnitude = magnitude(digit);
    // nothing is found for 0: zeros, which become the neutral element
    m.arithmetic.look_up::<FOUND_Y_PLUS_X, 3, 8>(table, magnitude.wrapping_sub(1), &mut m.registers);
    let is_zero = magnitude.wrapping_sub(1) >> 63;
    m.registers[FOUND_Y_PLUS_X][0] |= is_zero;
    m.registers[FOUND_Y_MINUS_X][0] |= is_zero;
    negate_found(m, u64::from(digit.cast_unsigned() >> 7));
}

/// Makes the addend an entry of a table, or its negative if `negative`, in constant time.
pub(super) fn set_entry<M: Arithmetic, const N: usize>(
    m: &mut Machine<M>,
    table: &[ProjectiveAddend; N],
    index: u64,
    negative: u64,
) {
    m.arithmetic.look_up::<FOUND_Y_PLUS_X, 4, N>(table, index, &mut m.registers);
    negate_found(m, negative);
}

/// Makes the addend what was looked up, or its negative.
#[inline(always)]
fn negate_found<M: Arithmetic>(m: &mut Machine<M>, negative: u64) {
    m.set::<A>(&ZERO);
    compute!(m;
        A = A - FOUND_T_2D;
        Y_PLUS_X = if negative { FOUND_Y_MINUS_X } else { FOUND_Y_PLUS_X };
        Y_MINUS_X = if negative { FOUND_Y_PLUS_X } else { FOUND_Y_MINUS_X };
        T_2D = if negative { A } else { FOUND_T_2D };
    );
}

const fn magnitude(digit: i8) -> u64 {
    let negative = digit >> 7;
    ((digit ^ negative).wrapping_sub(negative)).cast_unsigned() as u64
}

/// 2d modulo p, of d = −121665/121666.
pub(super) const EDWARDS_2D: Limbs =
    [0xebd6_9b94_26b2_f159, 0x00e0_149a_8283_b156, 0x198e_80f2_eef3_d130, 0x2406_d9dc_56df_fce7];

/// A square root of −486664: the factor between u/v and x.
const EDWARDS_SCALE: Limbs =
    [0xcc6e_04aa_ff45_7e06, 0xc5a1_d3d1_4b7d_1a82, 0xd27b_08dc_03fc_4f7e, 0x0f26_edf4_60a0_06bb];
