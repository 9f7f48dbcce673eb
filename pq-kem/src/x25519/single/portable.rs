//! Field arithmetic by 64-bit words and their 128-bit products, on any processor.

use super::registers::{Arithmetic, COUNT, Contents, Limbs};
use core::hint::black_box;

/// The arithmetic that every processor has.
#[derive(Clone, Copy)]
pub(super) struct Portable;

impl Arithmetic for Portable {
    #[inline(always)]
    fn mul<const O: usize, const A: usize, const B: usize>(self, registers: &mut Contents) {
        const { assert!(O < COUNT && A < COUNT && B < COUNT) }
        registers[O] = mul(&registers[A], &registers[B]);
    }

    #[inline(always)]
    fn square<const O: usize, const A: usize>(self, registers: &mut Contents) {
        const { assert!(O < COUNT && A < COUNT) }
        registers[O] = square(&registers[A]);
    }

    #[inline(always)]
    fn add<const O: usize, const A: usize, const B: usize>(self, registers: &mut Contents) {
        const { assert!(O < COUNT && A < COUNT && B < COUNT) }
        registers[O] = add(&registers[A], &registers[B]);
    }

    #[inline(always)]
    fn sub<const O: usize, const A: usize, const B: usize>(self, registers: &mut Contents) {
        const { assert!(O < COUNT && A < COUNT && B < COUNT) }
        registers[O] = sub(&registers[A], &registers[B]);
    }

    #[inline(always)]
    fn add_121665_times<const O: usize, const A: usize, const B: usize>(self, registers: &mut Contents) {
        const { assert!(O < COUNT && A < COUNT && B < COUNT) }
        let ([a0, a1, a2, a3], [b0, b1, b2, b3]) = (registers[A], registers[B]);
        let (r0, carry) = multiply_add(b0, 121_665, a0, 0);
        let (r1, carry) = multiply_add(b1, 121_665, a1, carry);
        let (r2, carry) = multiply_add(b2, 121_665, a2, carry);
        let (r3, carry) = multiply_add(b3, 121_665, a3, carry);
        registers[O] = fold([r0, r1, r2, r3], carry);
    }

    #[inline(always)]
    fn select<const O: usize, const A: usize, const B: usize>(self, choice: u64, registers: &mut Contents) {
        const { assert!(O < COUNT && A < COUNT && B < COUNT) }
        let mask = black_box(choice).wrapping_neg();
        let (a, b) = (registers[A], registers[B]);
        for (limb, (a, b)) in registers[O].iter_mut().zip(a.iter().zip(&b)) {
            *limb = a ^ (mask & (a ^ b));
        }
    }

    fn look_up<const O: usize, const WIDTH: usize, const ENTRIES: usize>(
        self,
        table: &[[Limbs; WIDTH]; ENTRIES],
        index: u64,
        registers: &mut Contents,
    ) {
        const { assert!(O + WIDTH <= COUNT) }
        let found = registers[O..O + WIDTH].as_flattened_mut();
        found.fill(0);
        for (number, entry) in (0..).zip(table) {
            // all ones for the entry, all zeros for the others; opaque, because the compiler would
            // make a jump table of it
            let difference = number ^ index;
            let mask = black_box(((difference | difference.wrapping_neg()) >> 63).wrapping_sub(1));
            for (found, limb) in found.iter_mut().zip(entry.as_flattened()) {
                *found |= limb & mask;
            }
        }
    }
}

/// a · b + c + d, which is below 2¹²⁸: its lower and its upper word.
#[inline(always)]
const fn multiply_add(a: u64, b: u64, c: u64, d: u64) -> (u64, u64) {
    let sum = a as u128 * b as u128 + c as u128 + d as u128;
    (sum as u64, (sum >> 64) as u64)
}

#[inline(always)]
const fn add_carry(a: u64, b: u64, carry: u64) -> (u64, u64) {
    let sum = a as u128 + b as u128 + carry as u128;
    (sum as u64, (sum >> 64) as u64)
}

#[inline(always)]
const fn sub_borrow(a: u64, b: u64, borrow: u64) -> (u64, u64) {
    let difference = (a as u128).wrapping_sub(b as u128 + borrow as u128);
    (difference as u64, (difference >> 127) as u64)
}

/// a · b, tight.
#[inline(always)]
pub(super) const fn mul(a: &Limbs, b: &Limbs) -> Limbs {
    let [a0, a1, a2, a3] = *a;
    let [b0, b1, b2, b3] = *b;
    let (r0, carry) = multiply_add(a0, b0, 0, 0);
    let (r1, carry) = multiply_add(a1, b0, carry, 0);
    let (r2, carry) = multiply_add(a2, b0, carry, 0);
    let (r3, r4) = multiply_add(a3, b0, carry, 0);

    let (r1, carry) = multiply_add(a0, b1, r1, 0);
    let (r2, carry) = multiply_add(a1, b1, r2, carry);
    let (r3, carry) = multiply_add(a2, b1, r3, carry);
    let (r4, r5) = multiply_add(a3, b1, r4, carry);

    let (r2, carry) = multiply_add(a0, b2, r2, 0);
    let (r3, carry) = multiply_add(a1, b2, r3, carry);
    let (r4, carry) = multiply_add(a2, b2, r4, carry);
    let (r5, r6) = multiply_add(a3, b2, r5, carry);

    let (r3, carry) = multiply_add(a0, b3, r3, 0);
    let (r4, carry) = multiply_add(a1, b3, r4, carry);
    let (r5, carry) = multiply_add(a2, b3, r5, carry);
    let (r6, r7) = multiply_add(a3, b3, r6, carry);
    reduce([r0, r1, r2, r3], [r4, r5, r6, r7])
}

/// a², tight.
#[inline(always)]
pub(super) const fn square(a: &Limbs) -> Limbs {
    let [a0, a1, a2, a3] = *a;
    // the products of different words
    let (r1, carry) = multiply_add(a0, a1, 0, 0);
    let (r2, carry) = multiply_add(a0, a2, carry, 0);
    let (r3, r4) = multiply_add(a0, a3, carry, 0);
    let (r3, carry) = multiply_add(a1, a2, r3, 0);
    let (r4, r5) = multiply_add(a1, a3, r4, carry);
    let (r5, r6) = multiply_add(a2, a3, r5, 0);
    // twice
    let r7 = r6 >> 63;
    let r6 = r6 << 1 | r5 >> 63;
    let r5 = r5 << 1 | r4 >> 63;
    let r4 = r4 << 1 | r3 >> 63;
    let r3 = r3 << 1 | r2 >> 63;
    let r2 = r2 << 1 | r1 >> 63;
    let r1 = r1 << 1;
    // the squares of the words
    let (r0, carry) = multiply_add(a0, a0, 0, 0);
    let (r1, carry) = add_carry(r1, 0, carry);
    let (low, high) = multiply_add(a1, a1, carry, 0);
    let (r2, carry) = add_carry(r2, low, 0);
    let (r3, carry) = add_carry(r3, high, carry);
    let (low, high) = multiply_add(a2, a2, carry, 0);
    let (r4, carry) = add_carry(r4, low, 0);
    let (r5, carry) = add_carry(r5, high, carry);
    let (low, high) = multiply_add(a3, a3, carry, 0);
    let (r6, carry) = add_carry(r6, low, 0);
    let (r7, _) = add_carry(r7, high, carry);
    reduce([r0, r1, r2, r3], [r4, r5, r6, r7])
}

/// `low` + `high` · 2²⁵⁶, tight: 2²⁵⁶ = 38.
#[inline(always)]
const fn reduce(low: Limbs, high: Limbs) -> Limbs {
    let (r0, carry) = multiply_add(high[0], 38, low[0], 0);
    let (r1, carry) = multiply_add(high[1], 38, low[1], carry);
    let (r2, carry) = multiply_add(high[2], 38, low[2], carry);
    let (r3, carry) = multiply_add(high[3], 38, low[3], carry);
    fold([r0, r1, r2, r3], carry)
}

/// Reduces `number` + `high` · 2²⁵⁶: the sum is q · 2²⁵⁵ + r, and 2²⁵⁵ = 19. The result is r + 19
/// q, below 2²⁵⁵ + 19 q.
#[inline(always)]
const fn fold(number: Limbs, high: u64) -> Limbs {
    let [r0, r1, r2, r3] = number;
    let q = high << 1 | r3 >> 63;
    let (r0, carry) = add_carry(r0, q * 19, 0);
    let (r1, carry) = add_carry(r1, 0, carry);
    let (r2, carry) = add_carry(r2, 0, carry);
    [r0, r1, r2, (r3 & (u64::MAX >> 1)) + carry]
}

/// a + b, where b must be tight. A carry is 2²⁵⁶ = 38, and adding that carries no further.
#[inline(always)]
pub(super) const fn add(a: &Limbs, b: &Limbs) -> Limbs {
    let (r0, carry) = add_carry(a[0], b[0], 0);
    let (r1, carry) = add_carry(a[1], b[1], carry);
    let (r2, carry) = add_carry(a[2], b[2], carry);
    let (r3, carry) = add_carry(a[3], b[3], carry);
    let (r0, carry) = add_carry(r0, 38 * carry, 0);
    let (r1, carry) = add_carry(r1, 0, carry);
    let (r2, carry) = add_carry(r2, 0, carry);
    [r0, r1, r2, r3.wrapping_add(carry)]
}

/// a − b, where b must be tight. A borrow is −2²⁵⁶ = −38, and subtracting that borrows no further.
#[inline(always)]
pub(super) const fn sub(a: &Limbs, b: &Limbs) -> Limbs {
    let (r0, borrow) = sub_borrow(a[0], b[0], 0);
    let (r1, borrow) = sub_borrow(a[1], b[1], borrow);
    let (r2, borrow) = sub_borrow(a[2], b[2], borrow);
    let (r3, borrow) = sub_borrow(a[3], b[3], borrow);
    let (r0, borrow) = sub_borrow(r0, 38 * borrow, 0);
    let (r1, borrow) = sub_borrow(r1, 0, borrow);
    let (r2, borrow) = sub_borrow(r2, 0, borrow);
    [r0, r1, r2, r3.wrapping_sub(borrow)]
}

/// The canonical representative: the residue below p.
pub(super) const fn canonical(number: &Limbs) -> Limbs {
    let [r0, r1, r2, r3] = fold(*number, 0);
    // 1 if it is p or more: it is below 2²⁵⁵ + 19
    let (_, carry) = add_carry(r0, 19, 0);
    let (_, carry) = add_carry(r1, 0, carry);
    let (_, carry) = add_carry(r2, 0, carry);
    let over = (r3 + carry) >> 63;
    let (r0, carry) = add_carry(r0, 19 * over, 0);
    let (r1, carry) = add_carry(r1, 0, carry);
    let (r2, carry) = add_carry(r2, 0, carry);
    [r0, r1, r2, (r3 + carry) & (u64::MAX >> 1)]
}
