//! The field arithmetic of each instruction set against `crypto-bigint`, and the functions built on
//! it against `curve25519-dalek`.
#![expect(clippy::integer_division_remainder_used, reason = "a test")]

extern crate std;

use super::{
    adx::Adx,
    base,
    comb::Comb,
    invert, ladder,
    portable::{Portable, canonical},
    powers,
    registers::{Arithmetic, COUNT, Contents, Limbs},
};
use crypto_bigint::{NonZero, U256, U512};
use curve25519_dalek::{MontgomeryPoint, Scalar, constants::EIGHT_TORSION};
use proptest::prelude::*;
use std::vec::Vec;

const P: U256 = U256::from_be_hex("7fffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffed");

/// A tight number is below 2²⁵⁵ + `TIGHT`.
const TIGHT: u64 = 1 << 23;

pub(in super::super) fn wide(limbs: &Limbs) -> U512 {
    let [a, b, c, d] = *limbs;
    U512::from_words([a, b, c, d, 0, 0, 0, 0])
}

/// The number reduced modulo p.
pub(in super::super) fn residue(number: &U512) -> Limbs {
    let p = NonZero::new(P.resize::<{ U512::LIMBS }>()).unwrap();
    let words = number.rem_vartime(&p).to_words();
    core::array::from_fn(|i| words[i])
}

fn is_tight(limbs: &Limbs) -> bool {
    let [low, middle @ .., high] = limbs;
    high >> 63 == 0 || (*high == 1 << 63 && middle == &[0, 0] && *low < TIGHT)
}

/// A tight number that is not above the given one.
fn tight(limbs: &Limbs) -> Limbs {
    let [a, b, c, d] = *limbs;
    if is_tight(limbs) { *limbs } else { [a, b, c, d & (u64::MAX >> 1)] }
}

/// Each operation on two numbers, in place and not; the second number is made tight where an
/// operation requires it.
fn check_operations(arithmetic: impl Arithmetic, a: &Limbs, b: &Limbs) {
    const OUT: usize = 2;
    let with = |a: &Limbs, b: &Limbs, work: &dyn Fn(&mut Contents)| {
        let mut registers = [[0; 4]; COUNT];
        (registers[0], registers[1]) = (*a, *b);
        work(&mut registers);
        registers
    };
    let same = |name: &str, found: &Limbs, want: &U512| {
        assert_eq!(canonical(found), residue(want), "{name} of {a:x?} and {b:x?}");
    };
    let (x, y) = (wide(a), wide(b));

    let product = x.wrapping_mul(&y);
    for (out, registers) in [
        (OUT, with(a, b, &|r| arithmetic.mul::<OUT, 0, 1>(r))),
        (0, with(a, b, &|r| arithmetic.mul::<0, 0, 1>(r))),
        (1, with(a, b, &|r| arithmetic.mul::<1, 0, 1>(r))),
    ] {
        same("the product", &registers[out], &product);
        assert!(is_tight(&registers[out]), "the product of {a:x?} and {b:x?}");
    }
    for (out, registers) in [
        (OUT, with(a, b, &|r| arithmetic.square::<OUT, 0>(r))),
        (0, with(a, b, &|r| arithmetic.square::<0, 0>(r))),
        (0, with(a, b, &|r| arithmetic.mul::<0, 0, 0>(r))),
    ] {
        same("the square", &registers[out], &x.wrapping_mul(&x));
        assert!(is_tight(&registers[out]), "the square of {a:x?}");
    }
    let multiple = x.wrapping_add(&y.wrapping_mul(&U512::from(121_665_u32)));
    for (out, registers) in [
        (OUT, with(a, b, &|r| arithmetic.add_121665_times::<OUT, 0, 1>(r))),
        (1, with(a, b, &|r| arithmetic.add_121665_times::<1, 0, 1>(r))),
    ] {
        same("121665 times the second plus the first", &registers[out], &multiple);
        assert!(is_tight(&registers[out]), "121665 times {b:x?} plus {a:x?}");
    }

    let b = &tight(b);
    let y = wide(b);
    for (out, registers) in [
        (OUT, with(a, b, &|r| arithmetic.add::<OUT, 0, 1>(r))),
        (0, with(a, b, &|r| arithmetic.add::<0, 0, 1>(r))),
        (1, with(a, b, &|r| arithmetic.add::<1, 0, 1>(r))),
    ] {
        same("the sum", &registers[out], &x.wrapping_add(&y));
    }
    // a multiple of p that is at least b
    let multiple_of_p = wide(&[u64::MAX - 37, u64::MAX, u64::MAX, u64::MAX]);
    for (out, registers) in [
        (OUT, with(a, b, &|r| arithmetic.sub::<OUT, 0, 1>(r))),
        (0, with(a, b, &|r| arithmetic.sub::<0, 0, 1>(r))),
        (1, with(a, b, &|r| arithmetic.sub::<1, 0, 1>(r))),
    ] {
        same("the difference", &registers[out], &x.wrapping_add(&multiple_of_p).wrapping_sub(&y));
    }
    for (choice, chosen) in [(0, a), (1, b)] {
        let registers = with(a, b, &|r| arithmetic.select::<OUT, 0, 1>(choice, r));
        assert_eq!(&registers[OUT], chosen);
    }
}

/// Every entry of a table, and indices of none.
fn check_lookups<const WIDTH: usize, const ENTRIES: usize>(arithmetic: impl Arithmetic) {
    const OUT: usize = 5;
    let number = |entry: u64, at: u64| [entry << 8 | at, !entry, entry.wrapping_mul(at), at << 60];
    let table: [[Limbs; WIDTH]; ENTRIES] =
        core::array::from_fn(|entry| core::array::from_fn(|at| number(entry as u64, at as u64)));
    for index in (0..20).chain([u64::MAX, 1 << 32, 1 << 63]) {
        let mut found = [[u64::MAX; 4]; COUNT];
        arithmetic.look_up::<OUT, WIDTH, ENTRIES>(&table, index, &mut found);
        assert_eq!(found[OUT..OUT + WIDTH], *table.get(index as usize).unwrap_or(&[[0; 4]; WIDTH]), "{index}");
        // nothing else is written
        assert!([&found[..OUT], &found[OUT + WIDTH..]].concat().iter().all(|limbs| *limbs == [u64::MAX; 4]));
    }
}

/// Numbers around the multiples of p, 2²⁵⁵ and 2²⁵⁶, and all combinations of extreme words.
pub(in super::super) fn remarkable() -> Vec<Limbs> {
    let mut numbers = Vec::new();
    for words in 0..256_u32 {
        let ends = [0, 1, u64::MAX, 1 << 63];
        numbers.push(core::array::from_fn(|i| ends[(words >> (2 * i) & 3) as usize]));
    }
    for high in [u64::MAX, u64::MAX >> 1] {
        numbers.extend((0..80).map(|less| [u64::MAX - less, u64::MAX, u64::MAX, high]));
    }
    numbers.extend((0..80).map(|low| [low, 0, 0, 0]));
    numbers.extend([1, TIGHT - 1].map(|low| [low, 0, 0, 1 << 63]));
    numbers
}

fn check_remarkable(arithmetic: impl Arithmetic) {
    let numbers = remarkable();
    for a in &numbers {
        for b in numbers.iter().step_by(3) {
            check_operations(arithmetic, a, b);
        }
    }
    check_lookups::<3, 8>(arithmetic);
    check_lookups::<4, 16>(arithmetic);
}

#[test]
fn operations_of_portable() {
    check_remarkable(Portable);
}

#[test]
fn operations_of_adx() {
    if let Some(adx) = Adx::find() {
        check_remarkable(adx);
    }
}

#[test]
fn inverses() {
    for number in remarkable() {
        let inverse = invert::invert(&canonical(&number));
        let product = wide(&inverse).wrapping_mul(&wide(&number));
        let is_zero = canonical(&number) == [0; 4];
        assert_eq!(residue(&product), [u64::from(!is_zero), 0, 0, 0], "{number:x?}");
        assert_eq!(canonical(&inverse), inverse);
    }
}

/// Divisions next to divisions by 0.
#[test]
fn divisions() {
    let numbers = remarkable();
    for (at, denominator) in numbers.iter().enumerate() {
        let mut fractions = [([7, 0, 0, 0], *denominator); 8];
        for (i, fraction) in fractions.iter_mut().enumerate() {
            *fraction = (numbers[(at + 5 * i) % numbers.len()], numbers[(at + 3 * i) % numbers.len()]);
        }
        let quotients = invert::divide_each(&fractions);
        for ((numerator, denominator), quotient) in fractions.iter().zip(&*quotients) {
            let quotient = ladder::words(quotient);
            if canonical(denominator) == [0; 4] {
                assert_eq!(quotient, [0; 4]);
            } else {
                assert_eq!(residue(&wide(&quotient).wrapping_mul(&wide(denominator))), canonical(numerator));
                assert_eq!(canonical(&quotient), quotient);
            }
        }
    }
}

/// Checks the functions that are built on the operations.
fn check_functions(arithmetic: impl Arithmetic, private: &[u8; 32], u: &[u8; 32]) {
    let scalar = super::clamped(private);
    let point = MontgomeryPoint(*u);
    let product = point.mul_clamped(*private).to_bytes();
    assert_eq!(*ladder::multiply(arithmetic, &scalar, 255, u), product, "{private:x?} times {u:x?}");
    let on_base = MontgomeryPoint::mul_base_clamped(*private).to_bytes();
    assert_eq!(*base::multiply(arithmetic, &scalar), on_base, "{private:x?}");
    // scalars that are not clamped
    let reduced = Scalar::from_bytes_mod_order(*private);
    let by_reduced = base::multiply(arithmetic, &ladder::words(reduced.as_bytes()));
    assert_eq!(*by_reduced, MontgomeryPoint::mul_base(&reduced).to_bytes(), "{private:x?}");

    let on_curve = point.to_edwards(0).is_some();
    let comb = Comb::new(arithmetic, u);
    assert_eq!(comb.is_some(), on_curve && is_not_zero(u), "{u:x?}");
    if let Some(comb) = comb {
        assert_eq!(*comb.multiply(arithmetic, &scalar), product, "{private:x?} times {u:x?}, by a comb");
    }
    assert_eq!(bool::from(powers::is_on_twist(arithmetic, u)), !on_curve, "{u:x?}");
}

/// Whether u is a residue other than 0.
fn is_not_zero(u: &[u8; 32]) -> bool {
    canonical(&ladder::from_bytes(u)) != [0; 4]
}

fn check_on_remarkable(arithmetic: impl Arithmetic) {
    let small_order = EIGHT_TORSION.map(|point| point.to_montgomery().to_bytes());
    let numbers = remarkable();
    let us = numbers.iter().map(|number| {
        let mut bytes = [0; 32];
        for (bytes, word) in bytes.as_chunks_mut().0.iter_mut().zip(number) {
            *bytes = word.to_le_bytes();
        }
        bytes
    });
    let privates = [[0; 32], [0xff; 32], [0x80; 32], core::array::from_fn(|i| (i as u8).wrapping_mul(37))];
    for (i, u) in small_order.into_iter().chain(us).enumerate() {
        check_functions(arithmetic, &privates[i % 4], &u);
    }
}

#[test]
fn functions_of_portable() {
    check_on_remarkable(Portable);
}

#[test]
fn functions_of_adx() {
    if let Some(adx) = Adx::find() {
        check_on_remarkable(adx);
    }
}

proptest! {
    #[test]
    fn random_operations(a in any::<Limbs>(), b in any::<Limbs>()) {
        check_operations(Portable, &a, &b);
        if let Some(adx) = Adx::find() {
            check_operations(adx, &a, &b);
        }
    }

    #[test]
    fn random_inverses(number in any::<Limbs>()) {
        let inverse = invert::invert(&canonical(&number));
        prop_assert_eq!(residue(&wide(&inverse).wrapping_mul(&wide(&number))), [1, 0, 0, 0]);
    }

    /// Random bytes are points of the curve or of its twist, in about equal parts.
    #[test]
    fn random_functions(private in any::<[u8; 32]>(), u in any::<[u8; 32]>()) {
        check_functions(Portable, &private, &u);
        if let Some(adx) = Adx::find() {
            check_functions(adx, &private, &u);
        }
    }
}
