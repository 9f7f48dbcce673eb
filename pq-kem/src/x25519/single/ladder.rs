//! The Montgomery ladder of RFC 7748, section 5, and encodings of u coordinates.

use super::registers::{Arithmetic, Limbs, Machine, ONE, ZERO, compute};
use super::{invert::invert, portable::canonical};
use zeroize::{Zeroize, Zeroizing};

const X2: usize = 0;
const Z2: usize = 1;
const X3: usize = 2;
const Z3: usize = 3;
const U: usize = 4;
const A: usize = 5;
const B: usize = 6;
const C: usize = 7;
const D: usize = 8;
const DA: usize = 9;
const CB: usize = 10;
const E: usize = 11;
const F: usize = 12;
const AA: usize = 13;
const BB: usize = 14;

/// The u coordinate of the lowest `bits` bits of `scalar` times the point with this `u`. In
/// constant time in both.
pub(super) fn multiply<M: Arithmetic>(arithmetic: M, scalar: &Limbs, bits: u32, u: &[u8; 32]) -> Zeroizing<[u8; 32]> {
    divide::<M, X2, Z2>(&mut climb(arithmetic, scalar, bits, u))
}

/// The same as a fraction.
pub(super) fn fraction<M: Arithmetic>(
    arithmetic: M,
    scalar: &Limbs,
    bits: u32,
    u: &[u8; 32],
) -> Zeroizing<(Limbs, Limbs)> {
    let m = climb(arithmetic, scalar, bits, u);
    Zeroizing::new((*m.get::<X2>(), *m.get::<Z2>()))
}

/// The product is then X2/Z2.
#[inline(always)]
fn climb<M: Arithmetic>(arithmetic: M, scalar: &Limbs, bits: u32, u: &[u8; 32]) -> Machine<M> {
    let mut m = Machine::new(arithmetic);
    m.set::<U>(&from_bytes(u));
    m.set::<X2>(&ONE);
    m.set::<X3>(&from_bytes(u));
    m.set::<Z3>(&ONE);
    let mut swapped = 0;
    for bit in (0..bits).rev() {
        let bit = scalar[(bit >> 6) as usize & 3] >> (bit & 63) & 1;
        step(&mut m, swapped ^ bit);
        swapped = bit;
    }
    compute!(m; X2 = if swapped { X3 } else { X2 }; Z2 = if swapped { Z3 } else { Z2 };);
    swapped.zeroize();
    m
}

/// A step of the ladder: (X2 : Z2) becomes the double of itself, or of (X3 : Z3) if `swap`, and (X3
/// : Z3) the sum of the two, whose difference is U. The RFC swaps the two points before each step;
/// here a selection of the point to double suffices, because the sum does not depend on the order.
///
/// Operations are ordered so that few directly follow the one whose result they need.
#[inline(always)]
fn step<M: Arithmetic>(m: &mut Machine<M>, swap: u64) {
    compute!(m;
        A = X2 + Z2;
        B = X2 - Z2;
        C = X3 + Z3;
        D = X3 - Z3;
        E = if swap { C } else { A };
        F = if swap { D } else { B };
        AA = E ^ 2;
        DA = D * A;
        BB = F ^ 2;
        CB = C * B;
        E = AA - BB;
        X2 = AA * BB;
        F = AA + 121665 * E;
        A = DA + CB;
        B = DA - CB;
        D = B ^ 2;
        Z2 = E * F;
        X3 = A ^ 2;
        Z3 = U * D;
    );
}

/// X/Z in its canonical encoding, or 0 if Z is 0.
pub(super) fn divide<M: Arithmetic, const X: usize, const Z: usize>(m: &mut Machine<M>) -> Zeroizing<[u8; 32]> {
    let mut inverse = invert(&canonical(m.get::<Z>()));
    m.set::<Z>(&inverse);
    inverse.zeroize();
    compute!(m; X = X * Z;);
    Zeroizing::new(to_bytes(m.get::<X>()))
}

/// A tight number of 32 bytes. RFC 7748 ignores the top bit.
pub(super) fn from_bytes(bytes: &[u8; 32]) -> Limbs {
    let mut limbs = words(bytes);
    limbs[3] &= u64::MAX >> 1;
    limbs
}

/// The four words of 32 bytes.
pub(super) fn words(bytes: &[u8; 32]) -> Limbs {
    let mut words = ZERO;
    for (word, bytes) in words.iter_mut().zip(bytes.as_chunks().0) {
        *word = u64::from_le_bytes(*bytes);
    }
    words
}

/// The canonical encoding of any number.
pub(super) fn to_bytes(number: &Limbs) -> [u8; 32] {
    let mut bytes = [0; 32];
    for (bytes, limb) in bytes.as_chunks_mut().0.iter_mut().zip(canonical(number)) {
        *bytes = limb.to_le_bytes();
    }
    bytes
}
