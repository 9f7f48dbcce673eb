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

/// In constant time.
pub(super) fn is_zero(number: &Limbs) -> Choice {
    canonical(number).ct_eq(&[0; 4])
}
