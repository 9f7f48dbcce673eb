//! Numbers modulo p = 2²⁵⁵ − 19 as ten limbs of alternately 26 and 25 bits, for instructions that
//! multiply 32-bit numbers. Limb i has the weight 2 to the ⌈25.5 i⌉.
//!
//! The limbs of a tight number are below 2²⁶ + 2¹⁶ and 2²⁵ + 2¹⁶, those of a sum or difference
//! below 2²⁷·⁶ and 2²⁶·⁶. 19 times such a limb fits in 32 bits, and the sum of ten products of two
//! limbs in 64.

use super::{ladder::Field, vector::Vector};

#[derive(Clone, Copy)]
pub(super) struct Radix25<V: Vector> {
    limbs: [V; 10],
    proof: V::Proof,
}

const MASK_26: u64 = (1 << 26) - 1;
const MASK_25: u64 = (1 << 25) - 1;

impl<V: Vector> Radix25<V> {
    /// The tight form of limbs below 2⁶³.
    #[inline(always)]
    fn carried(mut self) -> Self {
        // two independent carry chains, from limb 0 and from limb 5, to shorten the critical path
        self.carry_even::<0>();
        self.carry_odd::<5>();
        self.carry_odd::<1>();
        self.carry_even::<6>();
        self.carry_even::<2>();
        self.carry_odd::<7>();
        self.carry_odd::<3>();
        self.carry_even::<8>();
        self.carry_even::<4>();
        // 2²⁵⁵ = 19 = 1 + 2 + 16; the carry may be longer than 32 bits
        let carry = self.limbs[9].shift_right::<25>();
        self.limbs[9] = self.limbs[9].and(V::splat(self.proof, MASK_25));
        let multiple = carry.add(carry.shift_left::<1>()).add(carry.shift_left::<4>());
        self.limbs[0] = self.limbs[0].add(multiple);
        self.carry_odd::<5>();
        self.carry_even::<0>();
        self
    }

    #[inline(always)]
    fn carry_even<const I: usize>(&mut self) {
        let carry = self.limbs[I].shift_right::<26>();
        self.limbs[I] = self.limbs[I].and(V::splat(self.proof, MASK_26));
        self.limbs[I + 1] = self.limbs[I + 1].add(carry);
    }

    #[inline(always)]
    fn carry_odd<const I: usize>(&mut self) {
        let carry = self.limbs[I].shift_right::<25>();
        self.limbs[I] = self.limbs[I].and(V::splat(self.proof, MASK_25));
        self.limbs[I + 1] = self.limbs[I + 1].add(carry);
    }

    /// 19 times each limb, for the columns of a product with weights of 2²⁵⁵ and more (2²⁵⁵ = 19).
    #[inline(always)]
    fn times_19(&self) -> [V; 10] {
        let mut multiples = self.limbs;
        for limb in &mut multiples {
            *limb = limb.mul_32(V::splat(self.proof, 19));
        }
        multiples
    }

    #[inline(always)]
    fn twice(&self) -> [V; 10] {
        let mut multiples = self.limbs;
        for limb in &mut multiples {
            *limb = limb.add(*limb);
        }
        multiples
    }
}

/// Adds a limb times another number to the columns of a product. A product of two odd limbs counts
/// twice: both of their weights were rounded up, and that of their column was not.
#[inline(always)]
fn add_row<V: Vector, const I: usize>(columns: &mut [V; 10], limb: V, twice: V, other: &[V; 10], other_19: &[V; 10]) {
    for j in 0..10 {
        let limb = if I & j & 1 == 1 { twice } else { limb };
        if I + j < 10 {
            columns[I + j] = columns[I + j].add(limb.mul_32(other[j]));
        } else {
            columns[I + j - 10] = columns[I + j - 10].add(limb.mul_32(other_19[j]));
        }
    }
}

/// The same for a square: the limb times itself, and twice the limb times each later one.
#[inline(always)]
fn add_square_row<V: Vector, const I: usize>(
    columns: &mut [V; 10],
    limbs: &[V; 10],
    twice: &[V; 10],
    times_19: &[V; 10],
) {
    for j in I..10 {
        // twice again if both are odd
        let other = match (I + j < 10, I & j & 1 == 1 && I != j) {
            (true, false) => limbs[j],
            (true, true) => twice[j],
            (false, false) => times_19[j],
            (false, true) => times_19[j].add(times_19[j]),
        };
        let limb = if I == j && I & 1 == 0 { limbs[I] } else { twice[I] };
        let column = if I + j < 10 { I + j } else { I + j - 10 };
        columns[column] = columns[column].add(limb.mul_32(other));
    }
}

impl<V: Vector> Field for Radix25<V> {
    type Vector = V;

    #[inline(always)]
    fn small(proof: V::Proof, number: u64) -> Self {
        let mut limbs = [V::splat(proof, 0); 10];
        limbs[0] = V::splat(proof, number);
        Self { limbs, proof }
    }

    /// RFC 7748 ignores the top bit.
    #[inline(always)]
    fn from_words(proof: V::Proof, words: &[V::Words; 4]) -> Self {
        let mut limbs = [V::ZEROS; 10];
        for lane in 0..V::ZEROS.as_ref().len() {
            let [a, b, c, d] = words.each_ref().map(|words| words.as_ref()[lane]);
            // from bits 0, 26, 51, 77, 102, 128, 153, 179, 204 and 230 on
            let number =
                [a, a >> 26, a >> 51 | b << 13, b >> 13, b >> 38, c, c >> 25, c >> 51 | d << 13, d >> 12, d >> 38];
            for (index, (limb, number)) in limbs.iter_mut().zip(number).enumerate() {
                limb.as_mut()[lane] = number & if index & 1 == 0 { MASK_26 } else { MASK_25 };
            }
        }
        let mut number = Self::small(proof, 0);
        for (limb, words) in number.limbs.iter_mut().zip(&limbs) {
            *limb = V::load(proof, words);
        }
        number
    }

    #[inline(always)]
    fn to_words(self) -> [V::Words; 4] {
        let mut limbs = [V::ZEROS; 10];
        for (words, limb) in limbs.iter_mut().zip(self.limbs) {
            *words = limb.store();
        }
        let mut words = [V::ZEROS; 4];
        for lane in 0..V::ZEROS.as_ref().len() {
            let limb = limbs.each_ref().map(|limb| limb.as_ref()[lane]);
            // carry until the limbs do not overlap
            let mut number = limb;
            for _ in 0..2 {
                for index in 0..9 {
                    let bits = 26 - (index & 1);
                    number[index + 1] += number[index] >> bits;
                    number[index] &= (1 << bits) - 1;
                }
                number[0] += 19 * (number[9] >> 25);
                number[9] &= MASK_25;
            }
            let [a, b, c, d, e, f, g, h, i, j] = number;
            let number = [
                a | b << 26 | c << 51,
                c >> 13 | d << 13 | e << 38,
                f | g << 25 | h << 51,
                h >> 13 | i << 12 | j << 38,
            ];
            for (word, number) in words.iter_mut().zip(number) {
                word.as_mut()[lane] = number;
            }
        }
        words
    }

    #[inline(always)]
    fn add(mut self, other: Self) -> Self {
        for i in 0..10 {
            self.limbs[i] = self.limbs[i].add(other.limbs[i]);
        }
        self
    }

    #[inline(always)]
    fn sub(mut self, other: Self) -> Self {
        // plus 2p, so that no limb becomes negative
        for i in 0..10 {
            let of_2p = if i == 0 { 2 * MASK_26 - 36 } else { 2 * if i & 1 == 0 { MASK_26 } else { MASK_25 } };
            self.limbs[i] = self.limbs[i].add(V::splat(self.proof, of_2p)).sub(other.limbs[i]);
        }
        self
    }

    #[inline(always)]
    fn mul(self, other: Self) -> Self {
        let (twice, other_19) = (self.twice(), other.times_19());
        let mut columns = [V::splat(self.proof, 0); 10];
        let (a, b) = (&self.limbs, &other.limbs);
        add_row::<V, 0>(&mut columns, a[0], twice[0], b, &other_19);
        add_row::<V, 1>(&mut columns, a[1], twice[1], b, &other_19);
        add_row::<V, 2>(&mut columns, a[2], twice[2], b, &other_19);
        add_row::<V, 3>(&mut columns, a[3], twice[3], b, &other_19);
        add_row::<V, 4>(&mut columns, a[4], twice[4], b, &other_19);
        add_row::<V, 5>(&mut columns, a[5], twice[5], b, &other_19);
        add_row::<V, 6>(&mut columns, a[6], twice[6], b, &other_19);
        add_row::<V, 7>(&mut columns, a[7], twice[7], b, &other_19);
        add_row::<V, 8>(&mut columns, a[8], twice[8], b, &other_19);
        add_row::<V, 9>(&mut columns, a[9], twice[9], b, &other_19);
        Self { limbs: columns, ..self }.carried()
    }

    #[inline(always)]
    fn square(self) -> Self {
        let (twice, times_19) = (self.twice(), self.times_19());
        let mut columns = [V::splat(self.proof, 0); 10];
        add_square_row::<V, 0>(&mut columns, &self.limbs, &twice, &times_19);
        add_square_row::<V, 1>(&mut columns, &self.limbs, &twice, &times_19);
        add_square_row::<V, 2>(&mut columns, &self.limbs, &twice, &times_19);
        add_square_row::<V, 3>(&mut columns, &self.limbs, &twice, &times_19);
        add_square_row::<V, 4>(&mut columns, &self.limbs, &twice, &times_19);
        add_square_row::<V, 5>(&mut columns, &self.limbs, &twice, &times_19);
        add_square_row::<V, 6>(&mut columns, &self.limbs, &twice, &times_19);
        add_square_row::<V, 7>(&mut columns, &self.limbs, &twice, &times_19);
        add_square_row::<V, 8>(&mut columns, &self.limbs, &twice, &times_19);
        add_square_row::<V, 9>(&mut columns, &self.limbs, &twice, &times_19);
        Self { limbs: columns, ..self }.carried()
    }

    #[inline(always)]
    fn add_121665_times(mut self, other: Self) -> Self {
        let factor = V::splat(self.proof, 121_665);
        for i in 0..10 {
            self.limbs[i] = self.limbs[i].add(other.limbs[i].mul_32(factor));
        }
        self.carried()
    }

    #[inline(always)]
    fn select(mut self, other: Self, mask: V::Mask) -> Self {
        for i in 0..10 {
            self.limbs[i] = self.limbs[i].select(other.limbs[i], mask);
        }
        self
    }
}
