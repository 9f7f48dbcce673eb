//! Multiples of the base point, from a table of 24 KB that the compiler computes.

use super::{
    edwards::{self, EDWARDS_2D, Table, digits, double, set_multiple, set_neutral, u, u_fraction},
    portable::{add, canonical, mul, square, sub},
    registers::{Arithmetic, Limbs, Machine, ONE, ZERO},
};
use zeroize::Zeroizing;

/// The coordinate u of `scalar`, a number below 2²⁵⁵, times the base point. In constant time.
pub(super) fn multiply<M: Arithmetic>(arithmetic: M, scalar: &Limbs) -> Zeroizing<[u8; 32]> {
    u(&mut sum_of_multiples(arithmetic, scalar))
}

/// The same as a fraction.
pub(super) fn fraction<M: Arithmetic>(arithmetic: M, scalar: &Limbs) -> Zeroizing<(Limbs, Limbs)> {
    u_fraction(&mut sum_of_multiples(arithmetic, scalar))
}

#[inline(always)]
fn sum_of_multiples<M: Arithmetic>(arithmetic: M, scalar: &Limbs) -> Machine<M> {
    let digits = digits(scalar);
    let mut m = Machine::new(arithmetic);
    set_neutral(&mut m);
    // the odd digits count 16 times as much as the even ones before them
    for first in [1, 0] {
        for (table, digit) in BASE.iter().zip(digits.iter().skip(first).step_by(2)) {
            set_multiple(&mut m, table, *digit);
            edwards::add(&mut m);
        }
        if first == 1 {
            (0..3).for_each(|_| double::<M, false>(&mut m));
            double::<M, true>(&mut m);
        }
    }
    m
}

/// 1 to 8 times 256ⁱ times the base point.
static BASE: [Table; 32] = {
    // each point as X, Y, Z, T, and the product of all Z so far
    let mut points = [[[ZERO; 4]; 8]; 32];
    let mut products = [[ONE; 8]; 32];
    let mut product = ONE;
    let mut point = BASE_POINT;
    let mut i = 0;
    while i < 32 {
        let mut k = 0;
        let mut multiple = point;
        while k < 8 {
            points[i][k] = multiple;
            products[i][k] = product;
            product = mul(&product, &multiple[2]);
            multiple = sum(&multiple, &point);
            k += 1;
        }
        // 8 times, and five doublings
        point = points[i][7];
        let mut doublings = 0;
        while doublings < 5 {
            point = sum(&point, &point);
            doublings += 1;
        }
        i += 1;
    }
    // the inverse of each Z, from that of the product of all
    let mut inverse = invert(&product);
    let mut table = [[[ZERO; 3]; 8]; 32];
    while i > 0 {
        i -= 1;
        let mut k = 8;
        while k > 0 {
            k -= 1;
            let [x, y, z, _] = points[i][k];
            let z_inverse = mul(&inverse, &products[i][k]);
            inverse = mul(&inverse, &z);
            let (x, y) = (mul(&x, &z_inverse), mul(&y, &z_inverse));
            let t = mul(&mul(&x, &y), &EDWARDS_2D);
            table[i][k] = [canonical(&add(&y, &x)), canonical(&sub(&y, &x)), canonical(&t)];
        }
    }
    table
};

/// The sum of two points in extended coordinates.
const fn sum(p: &[Limbs; 4], q: &[Limbs; 4]) -> [Limbs; 4] {
    let a = mul(&sub(&p[1], &p[0]), &sub(&q[1], &q[0]));
    let b = mul(&add(&p[1], &p[0]), &add(&q[1], &q[0]));
    let c = mul(&mul(&p[3], &EDWARDS_2D), &q[3]);
    let d = mul(&add(&p[2], &p[2]), &q[2]);
    let (e, f, g, h) = (sub(&b, &a), sub(&d, &c), add(&d, &c), add(&b, &a));
    [mul(&e, &f), mul(&g, &h), mul(&f, &g), mul(&e, &h)]
}

/// The power p − 2.
const fn invert(number: &Limbs) -> Limbs {
    let mut power = ONE;
    let mut bit = 255;
    while bit > 0 {
        bit -= 1;
        power = square(&power);
        // p − 2 = 2²⁵⁵ − 21: ones, but for bits 2 and 4
        if bit != 2 && bit != 4 {
            power = mul(&power, number);
        }
    }
    power
}

/// The point with y = 4/5 and an even x: X, Y, Z and T.
const BASE_POINT: [Limbs; 4] = {
    let x = [0xc956_2d60_8f25_d51a, 0x692c_c760_9525_a7b2, 0xc0a4_e231_fdd6_dc5c, 0x2169_36d3_cd6e_53fe];
    let y = [0x6666_6666_6666_6658, 0x6666_6666_6666_6666, 0x6666_6666_6666_6666, 0x6666_6666_6666_6666];
    [x, y, ONE, mul(&x, &y)]
};
