//! One exchange at a time, by our own arithmetic of 64-bit words.
//!
//! An exchange is one Montgomery ladder (`ladder`); multiples of the base point come from a table
//! (`base`), and several multiples of one public key from a table of its own (`comb`). All of it is
//! generic over `Arithmetic`, which has a portable implementation and one in inline assembly.
#![expect(
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    clippy::cast_possible_truncation,
    clippy::inline_always,
    reason = "words and registers have constant indices, and their bounds are stated where they are needed"
)]
#![expect(clippy::many_single_char_names, reason = "words in order, and the names of the papers")]

#[cfg_attr(not(all(target_arch = "x86_64", not(mixwell_backend = "portable"))), path = "single/no_adx.rs")]
mod adx;
#[cfg(not(mixwell_tables = "none"))]
mod base;
#[cfg(not(mixwell_tables = "none"))]
mod comb;
#[cfg(not(mixwell_tables = "none"))]
mod edwards;
mod invert;
mod ladder;
mod portable;
mod powers;
mod registers;
#[cfg(test)]
pub(super) mod tests;

use self::{adx::Adx, comb::Comb, portable::Portable, registers::Limbs};
use super::backend::{X25519Backend, is_allowed};
use subtle::Choice;
use zeroize::{Zeroize, ZeroizeOnDrop, Zeroizing, zeroize_stack};

/// Bytes of the stack below the caller that are wiped after each operation, more than any of them
/// uses.
const STACK_LEN: usize = 4096;

/// Evaluates an expression with the best arithmetic of this processor, and wipes what the compiler
/// left on the stack.
macro_rules! with_arithmetic {
    ($arithmetic:ident => $work:expr) => {
        wiped(|| {
            if let Some($arithmetic) = adx() {
                return $work;
            }
            let $arithmetic = Portable;
            $work
        })
    };
}

/// X25519 (RFC 7748, section 5): the u coordinate of the clamped private key times the point with
/// this `u`.
pub(crate) fn multiply(private: &[u8; 32], u: &[u8; 32]) -> Zeroizing<[u8; 32]> {
    with_arithmetic!(arithmetic => ladder::multiply(arithmetic, &clamped(private), 255, u))
}

/// X25519 of the base point: the public key.
pub(crate) fn multiply_base(private: &[u8; 32]) -> Zeroizing<[u8; 32]> {
    with_arithmetic!(arithmetic => base::multiply(arithmetic, &clamped(private)))
}

/// The u coordinate of a number below 2²⁵³ times the base point.
pub(super) fn multiply_base_by(scalar: &[u8; 32]) -> Zeroizing<[u8; 32]> {
    with_arithmetic!(arithmetic => base::multiply(arithmetic, &Zeroizing::new(words(scalar))))
}

/// The u coordinate of 8 times a number below 2²⁵³, times the point with this `u`.
pub(super) fn multiply_by_8_times(scalar: &[u8; 32], u: &[u8; 32]) -> Zeroizing<[u8; 32]> {
    with_arithmetic!(arithmetic => ladder::multiply(arithmetic, &eightfold(scalar), 256, u))
}

/// [`multiply_base_by`] and [`multiply_by_8_times`], with one inversion for both.
pub(super) fn multiply_base_and_u(base_scalar: &[u8; 32], scalar: &[u8; 32], u: &[u8; 32]) -> Zeroizing<[[u8; 32]; 2]> {
    with_arithmetic!(arithmetic => {
        let of_base = base::fraction(arithmetic, &Zeroizing::new(words(base_scalar)));
        let of_u = ladder::fraction(arithmetic, &eightfold(scalar), 256, u);
        invert::divide_each(&Zeroizing::new([*of_base, *of_u]))
    })
}

fn eightfold(scalar: &[u8; 32]) -> Zeroizing<Limbs> {
    let [a, b, c, d] = words(scalar);
    Zeroizing::new([a << 3, b << 3 | a >> 61, c << 3 | b >> 61, d << 3 | c >> 61])
}

/// A u, for several multiplications. Not in constant time in u. Wiped on drop.
#[derive(Zeroize, ZeroizeOnDrop)]
pub(super) struct Prepared {
    u: [u8; 32],
    /// The ladder serves the others: it is for the curve and its twist alike. Wipes itself.
    #[zeroize(skip)]
    comb: Option<Comb>,
}

impl Prepared {
    pub(super) fn new(u: &[u8; 32]) -> Self {
        let comb = adx().map_or_else(|| Comb::new(Portable, u), |adx| Comb::new(adx, u));
        Self { u: *u, comb }
    }

    /// X25519: the u coordinate of the clamped private key times the point.
    pub(super) fn multiply(&self, private: &[u8; 32]) -> Zeroizing<[u8; 32]> {
        match &self.comb {
            Some(comb) => with_arithmetic!(arithmetic => comb.multiply(arithmetic, &clamped(private))),
            None => multiply(private, &self.u),
        }
    }
}

/// Each numerator divided by its denominator, in the canonical encoding; 0 if the denominator is 0.
pub(super) fn divide_each<const N: usize>(fractions: &[(Limbs, Limbs); N]) -> Zeroizing<[[u8; 32]; N]> {
    wiped(|| invert::divide_each(fractions))
}

/// Whether `u` belongs to a point of the curve's twist, in constant time.
pub(super) fn is_on_twist(u: &[u8; 32]) -> Choice {
    with_arithmetic!(arithmetic => powers::is_on_twist(arithmetic, u))
}

pub(super) fn has_adx() -> bool {
    adx().is_some()
}

fn adx() -> Option<Adx> {
    Adx::find().filter(|_| is_allowed(X25519Backend::Adx))
}

/// The four words of 32 bytes, least significant first.
pub(super) fn words(bytes: &[u8; 32]) -> Limbs {
    ladder::words(bytes)
}

/// RFC 7748: a multiple of 8, at least 2²⁵⁴ and below 2²⁵⁵.
pub(super) fn clamped(private: &[u8; 32]) -> Zeroizing<Limbs> {
    let mut scalar = Zeroizing::new(words(private));
    scalar[0] &= !7;
    scalar[3] = scalar[3] & (u64::MAX >> 1) | 1 << 62;
    scalar
}

fn wiped<T>(work: impl FnOnce() -> T) -> T {
    #[inline(never)]
    fn call<T>(work: impl FnOnce() -> T) -> T {
        work()
    }
    let output = call(work);
    zeroize_stack::<STACK_LEN>();
    output
}

/// Without a table, the base point is a point like any other.
#[cfg(mixwell_tables = "none")]
mod base {
    use super::{
        ladder,
        registers::{Arithmetic, Limbs},
    };
    use zeroize::Zeroizing;

    pub(super) fn multiply<M: Arithmetic>(arithmetic: M, scalar: &Limbs) -> Zeroizing<[u8; 32]> {
        ladder::multiply(arithmetic, scalar, 255, &BASE)
    }

    pub(super) fn fraction<M: Arithmetic>(arithmetic: M, scalar: &Limbs) -> Zeroizing<(Limbs, Limbs)> {
        ladder::fraction(arithmetic, scalar, 255, &BASE)
    }

    const BASE: [u8; 32] = {
        let mut u = [0; 32];
        u[0] = 9;
        u
    };
}

/// Nor has another point a table.
#[cfg(mixwell_tables = "none")]
mod comb {
    use super::registers::{Arithmetic, Limbs};
    use zeroize::{Zeroize, ZeroizeOnDrop, Zeroizing};

    #[derive(Zeroize, ZeroizeOnDrop)]
    pub(super) enum Comb {}

    impl Comb {
        pub(super) const fn new<M: Arithmetic>(_: M, _: &[u8; 32]) -> Option<Self> {
            None
        }

        pub(super) fn multiply<M: Arithmetic>(&self, _: M, _: &Limbs) -> Zeroizing<[u8; 32]> {
            match *self {}
        }
    }
}
