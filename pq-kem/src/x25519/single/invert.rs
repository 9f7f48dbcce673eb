//! Inverses modulo p = 2²⁵⁵ − 19 in constant time, by the division steps of Bernstein and Yang
//! ("Fast constant-time gcd computation and modular inversion", 2019), in the variant with
//! half-integer δ: 590 steps are enough for 256 bits.
//!
//! Numbers are five signed limbs of 62 bits. 60 steps at a time look at the lowest limbs alone and
//! give a matrix, which is then applied to the numbers.

use super::{
    ladder::to_bytes,
    portable::{canonical, mul},
    registers::{Limbs, ONE},
};
use subtle::{ConditionallySelectable, ConstantTimeEq};
use zeroize::{Zeroize, ZeroizeOnDrop, Zeroizing};

/// Σ limbs[i] · 2⁶²ⁱ; all but the last are below 2⁶² and not negative.
type Signed62 = [i64; 5];

const MASK: u64 = u64::MAX >> 2;

/// p, of which the limbs between the first and the last are 0.
const P: Signed62 = [-19, 0, 0, 0, 1 << 7];

/// p⁻¹ modulo 2⁶², by Newton's iteration.
const P_INVERSE: u64 = {
    let p = 0_u64.wrapping_sub(19);
    let mut inverse = 1_u64;
    let mut bits = 1;
    while bits < 64 {
        inverse = inverse.wrapping_mul(2_u64.wrapping_sub(p.wrapping_mul(inverse)));
        bits *= 2;
    }
    inverse & MASK
};

/// The inverse of a number below p, or 0 of 0.
pub(super) fn invert(number: &Limbs) -> Limbs {
    let [a, b, c, d] = *number;
    let g = [a, a >> 62 | b << 2, b >> 60 | c << 4, c >> 58 | d << 6, d >> 56].map(|limb| (limb & MASK).cast_signed());
    let mut state = State { d: [0; 5], e: [1, 0, 0, 0, 0], f: P, g };
    let mut zeta = -1;
    for _ in 0..10 {
        let mut matrix = Matrix::of_60_steps(&mut zeta, state.f[0], state.g[0]);
        state.apply(&matrix);
        matrix.zeroize();
    }
    zeta.zeroize();
    state.result()
}

/// Each numerator divided by its denominator, in the canonical encoding; 0 if the denominator is 0.
/// One inversion does for all (Montgomery's trick): that of the product of all denominators.
pub(super) fn divide_each<const N: usize>(fractions: &[(Limbs, Limbs); N]) -> Zeroizing<[[u8; 32]; N]> {
    let mut fractions = Zeroizing::new(*fractions);
    let mut products_before = Zeroizing::new([ONE; N]);
    let mut product = Zeroizing::new(ONE);
    for ((numerator, denominator), before) in fractions.iter_mut().zip(products_before.iter_mut()) {
        // 0/1 in place of a fraction whose denominator is 0
        let is_zero = canonical(denominator).ct_eq(&[0; 4]);
        for (limb, one) in denominator.iter_mut().zip(&ONE) {
            limb.conditional_assign(one, is_zero);
        }
        for limb in numerator {
            limb.conditional_assign(&0, is_zero);
        }
        *before = *product;
        *product = mul(&product, denominator);
    }
    let mut inverse = Zeroizing::new(invert(&canonical(&product)));
    let mut quotients = Zeroizing::new([[0; 32]; N]);
    let all = fractions.iter().zip(products_before.iter()).zip(quotients.iter_mut());
    for (((numerator, denominator), before), quotient) in all.rev() {
        *quotient = to_bytes(&mul(&mul(&inverse, before), numerator));
        *inverse = mul(&inverse, denominator);
    }
    quotients
}

/// d · x = f and e · x = g modulo p, for the number x whose inverse is sought.
#[derive(Zeroize, ZeroizeOnDrop)]
struct State {
    /// Between −2p and p, as is e.
    d: Signed62,
    e: Signed62,
    f: Signed62,
    g: Signed62,
}

/// What some steps do to f and g, times a power of two: f becomes u f + v g, and g becomes q f + r
/// g.
#[derive(Zeroize)]
struct Matrix {
    u: i64,
    v: i64,
    q: i64,
    r: i64,
}

impl Matrix {
    /// Of 60 steps, times 2⁶². `zeta` is −(δ + 1/2); of f and g the lowest 60 bits count.
    fn of_60_steps(zeta: &mut i64, f: i64, g: i64) -> Self {
        let mut first = Self::of_20_steps(zeta, f, g);
        let (f, g) = first.times(f, g);
        let mut second = Self::of_20_steps(zeta, f >> 20, g >> 20);
        let (f, g) = second.times(f >> 20, g >> 20);
        let mut third = Self::of_20_steps(zeta, f >> 20, g >> 20);
        let (u, q) = second.times(first.u, first.q);
        let (v, r) = second.times(first.v, first.r);
        let (u, q) = third.times(u << 2, q << 2);
        let (v, r) = third.times(v << 2, r << 2);
        first.zeroize();
        second.zeroize();
        third.zeroize();
        Self { u, v, q, r }
    }

    /// Of 20 steps, times 2²⁰; of f and g the lowest 20 bits count.
    ///
    /// A row of the matrix is kept in the same word as its number, the two entries negated: f − 2²¹
    /// u − 2⁴² v, at first with u = 2²⁰, and g − 2²¹ q − 2⁴² r, at first with r = 2²⁰. Each step
    /// halves g, and q and r with it.
    fn of_20_steps(zeta: &mut i64, f: i64, g: i64) -> Self {
        let low = (1 << 20) - 1;
        let (mut f, mut g) = ((f & low) - (1 << 41), (g & low) - (1 << 62));
        for _ in 0..20 {
            // all ones or all zeros: δ > 0, and g is odd
            let positive = *zeta >> 63;
            let odd = g << 63 >> 63;
            let swap = positive & odd;
            // g, plus f or minus f if g is odd; f, or g if it is odd and δ > 0
            let sum = g.wrapping_sub(swap).wrapping_add((f ^ positive) & odd);
            f ^= (f ^ g) & swap;
            g = sum >> 1;
            // 1 − δ if they were swapped, 1 + δ if not
            *zeta = (*zeta ^ swap).wrapping_sub(1);
        }
        // the parts are signed: those below the one that is read are made positive first
        let entries = |row: i64| {
            let row = row.wrapping_add(1 << 20);
            (-(row << 22 >> 43), -(row.wrapping_add(1 << 41) >> 42))
        };
        let ((u, v), (q, r)) = (entries(f), entries(g));
        Self { u, v, q, r }
    }

    fn times(&self, a: i64, b: i64) -> (i64, i64) {
        let product = |x: i64, y: i64| x.wrapping_mul(a).wrapping_add(y.wrapping_mul(b));
        (product(self.u, self.v), product(self.q, self.r))
    }
}

impl State {
    #[inline(never)]
    fn apply(&mut self, matrix: &Matrix) {
        let Matrix { u, v, q, r } = *matrix;
        let (f, g) = (self.f, self.g);
        divided(&mut self.f, (u, &f), (v, &g), 0);
        divided(&mut self.g, (q, &f), (r, &g), 0);
        let (d, e) = (self.d, self.e);
        divided_modulo_p(&mut self.d, (u, &d), (v, &e));
        divided_modulo_p(&mut self.e, (q, &d), (r, &e));
    }

    /// d if f is 1, −d if f is −1; 0 if the number was 0. Below p.
    fn result(&self) -> Limbs {
        let mut number = self.d;
        add_p_if_negative(&mut number);
        let negative = self.f[4] >> 63;
        for limb in &mut number {
            *limb = (*limb ^ negative).wrapping_sub(negative);
        }
        carry(&mut number);
        add_p_if_negative(&mut number);
        carry(&mut number);
        let [a, b, c, d, e] = number.map(i64::cast_unsigned);
        number.zeroize();
        [a | b << 62, b >> 2 | c << 60, c >> 4 | d << 58, d >> 6 | e << 56]
    }
}

/// `out` = (x · a + y · b + `multiple` · p) / 2⁶², which is a whole number.
#[inline]
fn divided(out: &mut Signed62, (x, a): (i64, &Signed62), (y, b): (i64, &Signed62), multiple: i64) {
    let product = |x: i64, y: i64| i128::from(x) * i128::from(y);
    let mut sum = product(x, a[0]) + product(y, b[0]) + product(P[0], multiple);
    for i in 1..5 {
        sum >>= 62;
        sum += product(x, a[i]) + product(y, b[i]);
        if i == 4 {
            sum += product(P[4], multiple);
        }
        out[i - 1] = sum as i64 & MASK.cast_signed();
    }
    out[4] = (sum >> 62) as i64;
}

/// `out` = (x · a + y · b) / 2⁶² modulo p, between −2p and p if a and b are.
#[inline]
fn divided_modulo_p(out: &mut Signed62, (x, a): (i64, &Signed62), (y, b): (i64, &Signed62)) {
    // p is added once to each of the two that is negative, and then as often as makes the lowest
    // limb zero
    let multiple = (x & a[4] >> 63).wrapping_add(y & b[4] >> 63);
    let low = x.wrapping_mul(a[0]).wrapping_add(y.wrapping_mul(b[0])).cast_unsigned();
    let more = P_INVERSE.wrapping_mul(low).wrapping_add(multiple.cast_unsigned()) & MASK;
    divided(out, (x, a), (y, b), multiple.wrapping_sub(more.cast_signed()));
}

fn add_p_if_negative(number: &mut Signed62) {
    let mask = number[4] >> 63;
    number[0] += P[0] & mask;
    number[4] += P[4] & mask;
}

fn carry(number: &mut Signed62) {
    for i in 0..4 {
        number[i + 1] += number[i] >> 62;
        number[i] &= MASK.cast_signed();
    }
}
