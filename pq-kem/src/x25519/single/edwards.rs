//! The curve in its Edwards form, −x² + y² = 1 + d x² y², in extended coordinates: the point (X/Z,
//! Y/Z), and T = XY/Z.
//!
//! The formulas are those of Hisil, Wong, Carter and Dawson ("Twisted Edwards curves revisited",
//! 2008). They are complete on this curve: points of small order need no care.

use super::{
    ladder::divide,
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
// what was looked up, in the order of an `Addend`
const FOUND_Y_PLUS_X: usize = 7;
const FOUND_Y_MINUS_X: usize = 8;
const FOUND_T_2D: usize = 9;
// what a formula needs beside
const A: usize = 10;
const B: usize = 11;
const C: usize = 12;
const D: usize = 13;
const E: usize = 14;
const F: usize = 15;
const G: usize = 16;
const H: usize = 17;
const S: usize = 18;

/// A point as it is added: y + x, y − x and 2dxy.
type Addend = [Limbs; 3];

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
#[inline(never)]
pub(super) fn add<M: Arithmetic>(m: &mut Machine<M>) {
    compute!(m;
        A = Y - X;
        B = Y + X;
        A = A * Y_MINUS_X;
        B = B * Y_PLUS_X;
        C = T * T_2D;
        D = Z + Z;
        E = B - A;
        H = B + A;
        F = D - C;
        G = D + C;
        T = E * H;
        X = E * F;
        Y = G * H;
        Z = F * G;
    );
}

/// Makes the addend `digit` times the table's point, in constant time: from −8 to 8.
pub(super) fn set_multiple<M: Arithmetic>(m: &mut Machine<M>, table: &Table, digit: i8) {
    m.arithmetic.look_up::<FOUND_Y_PLUS_X>(table, magnitude(digit), &[ONE, ONE, ZERO], &mut m.registers);
    // or the negative of that point
    let negative = u64::from(digit.cast_unsigned() >> 7);
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
