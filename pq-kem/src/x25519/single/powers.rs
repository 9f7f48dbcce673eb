//! Powers by fixed exponents: square roots, and whether a number is a square.

use super::{
    ladder::from_bytes,
    portable::canonical,
    registers::{Arithmetic, Limbs, Machine, ONE, compute},
};
use subtle::{Choice, ConstantTimeEq};

/// O = X^(2²⁵⁰ − 1). Changes S and T.
pub(super) fn power_of_250_ones<M: Arithmetic, const O: usize, const X: usize, const S: usize, const T: usize>(
    m: &mut Machine<M>,
) {
    // from exponents of a and b ones: one of a + b ones
    compute!(m; S = X ^ 2; S = S * X;);
    m.square_times::<T, S>(2);
    compute!(m; S = T * S;); // 4 ones
    m.square_times::<T, S>(1);
    compute!(m; S = T * X;); // 5
    m.square_times::<T, S>(5);
    compute!(m; S = T * S;); // 10
    m.square_times::<T, S>(10);
    compute!(m; O = T * S;); // 20
    m.square_times::<T, O>(20);
    compute!(m; O = T * O;); // 40
    m.square_times::<T, O>(10);
    compute!(m; O = T * S;); // 50
    m.square_times::<T, O>(50);
    compute!(m; S = T * O;); // 100
    m.square_times::<T, S>(100);
    compute!(m; S = T * S;); // 200
    m.square_times::<T, S>(50);
    compute!(m; O = T * O;); // 250
}

/// Whether v² = u³ + 486662 u² + u has no solution v: then u belongs to a point of the twist, not
/// of the curve. In constant time.
pub(super) fn is_on_twist<M: Arithmetic>(arithmetic: M, u: &[u8; 32]) -> Choice {
    const U: usize = 0;
    const A: usize = 1;
    const ONE_: usize = 2;
    const F: usize = 3;
    const P: usize = 4;
    const S: usize = 5;
    const T: usize = 6;
    let mut m = Machine::new(arithmetic);
    m.set::<U>(&from_bytes(u));
    m.set::<A>(&[486_662, 0, 0, 0]);
    m.set::<ONE_>(&ONE);
    compute!(m; F = A + U; F = F * U; F = F + ONE_; F = F * U;);
    power_of_250_ones::<M, P, F, S, T>(&mut m);
    // (p − 1)/2 = (2²⁵⁰ − 1) · 2⁴ + 6; the power is 1, −1 or 0
    m.square_times::<S, P>(4);
    compute!(m; T = F ^ 2; F = T * F; F = F ^ 2; F = S * F; F = F + ONE_;);
    is_zero(m.get::<F>())
}

/// O = a square root of X, and tells whether X is a square other than 0. Changes S and T. Not in
/// constant time.
#[cfg(not(mixwell_tables = "none"))]
pub(super) fn square_root<M: Arithmetic, const O: usize, const X: usize, const S: usize, const T: usize>(
    m: &mut Machine<M>,
) -> bool {
    power_of_250_ones::<M, O, X, S, T>(m);
    // (p + 3)/8 = (2²⁵⁰ − 1) · 2² + 2: the fourth power of a root is X², so its square is X or −X
    m.square_times::<O, O>(2);
    compute!(m; S = X ^ 2; O = O * S; S = O ^ 2; T = S - X; S = S + X;);
    let (is_root, is_root_of_minus_x) = (is_zero(m.get::<T>()), is_zero(m.get::<S>()));
    m.set::<S>(&ROOT_OF_MINUS_1);
    if bool::from(is_root_of_minus_x) {
        compute!(m; O = O * S;);
    }
    bool::from((is_root | is_root_of_minus_x) & !is_zero(m.get::<X>()))
}

#[cfg(not(mixwell_tables = "none"))]
const ROOT_OF_MINUS_1: Limbs =
    [0xc4ee_1b27_4a0e_a0b0, 0x2f43_1806_ad2f_e478, 0x2b4d_0099_3dfb_d7a7, 0x2b83_2480_4fc1_df0b];

/// In constant time.
pub(super) fn is_zero(number: &Limbs) -> Choice {
    canonical(number).ct_eq(&[0; 4])
}
