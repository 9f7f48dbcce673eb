//! Numbers modulo p = 2²⁵⁵ − 19 as five limbs of 52 bits, for instructions that multiply 52-bit
//! numbers.
//!
//! The multiplications use the lower 52 bits of each limb. The first four limbs have no more (bits
//! above them are ignored); the last limb is below 2⁵⁰, and of a tight number below 2⁴⁷ + 2⁹. So a
//! tight number is below 2²⁵⁵ + 2²¹⁷, less than 2p.

use super::{
    ladder::Field,
    vector::{Multiply52, Vector},
};

#[derive(Clone, Copy)]
pub(super) struct Radix52<V: Vector> {
    limbs: [V; 5],
    proof: V::Proof,
}

/// The lower 52 bits.
const MASK: u64 = (1 << 52) - 1;

impl<V: Multiply52> Radix52<V> {
    #[inline(always)]
    fn zeros(&self) -> [V; 10] {
        [V::splat(self.proof, 0); 10]
    }

    /// Propagates carries from the first limb to the last. Limbs may be negative; the number must
    /// not be.
    ///
    /// Products ignore the bits above the lower 52 of a limb. `MASKED` clears them, which sums
    /// need.
    #[inline(always)]
    fn carried<const MASKED: bool>(mut self) -> Self {
        for i in 0..4 {
            self.limbs[i + 1] = self.limbs[i + 1].add(self.limbs[i].shift_right_signed::<52>());
            if MASKED {
                self.limbs[i] = self.limbs[i].and(V::splat(self.proof, MASK));
            }
        }
        self
    }

    /// The tight form of limbs below 2⁶² plus `above` · 2²⁶⁰, `above` below 2¹⁶.
    #[inline(always)]
    fn tight<const MASKED: bool>(mut self, above: V) -> Self {
        // 2²⁵⁵ = 19, and 2²⁶⁰ = 32 · 19
        let top = self.limbs[4].shift_right::<47>();
        self.limbs[4] = self.limbs[4].and(V::splat(self.proof, (1 << 47) - 1));
        self.limbs[0] =
            self.limbs[0].add_low(above, V::splat(self.proof, 32 * 19)).add_low(top, V::splat(self.proof, 19));
        self.carried::<MASKED>()
    }

    /// The tight form of a product of ten columns below 2⁵⁶, the last below 2⁵¹.
    #[inline(always)]
    fn reduced(mut self, mut columns: [V; 10]) -> Self {
        // 2²⁶⁰ = 32 · 19. Multiplication ignores the bits above the lower 52 of a column: they are
        // added to the next one.
        let fold = V::splat(self.proof, 32 * 19);
        let mut above = V::splat(self.proof, 0);
        for i in 0..5 {
            let upper = columns[i + 5];
            columns[i] = columns[i].add_low(upper, fold);
            let next = if i < 4 { &mut columns[i + 1] } else { &mut above };
            *next = next.add_high(upper, fold).add_low(upper.shift_right::<52>(), fold);
        }
        self.limbs = [columns[0], columns[1], columns[2], columns[3], columns[4]];
        self.tight::<true>(above)
    }
}

impl<V: Multiply52> Field for Radix52<V> {
    type Vector = V;

    #[inline(always)]
    fn small(proof: V::Proof, number: u64) -> Self {
        let mut limbs = [V::splat(proof, 0); 5];
        limbs[0] = V::splat(proof, number);
        Self { limbs, proof }
    }

    /// RFC 7748 ignores the top bit.
    #[inline(always)]
    fn from_words(proof: V::Proof, words: &[V::Words; 4]) -> Self {
        let mut limbs = [V::ZEROS; 5];
        for lane in 0..V::ZEROS.as_ref().len() {
            let [a, b, c, d] = words.each_ref().map(|words| words.as_ref()[lane]);
            let number = [a, a >> 52 | b << 12, b >> 40 | c << 24, c >> 28 | d << 36, d >> 16 & MASK >> 5];
            for (limb, number) in limbs.iter_mut().zip(number) {
                limb.as_mut()[lane] = number & MASK;
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
        let mut limbs = [V::ZEROS; 5];
        for (words, limb) in limbs.iter_mut().zip(self.limbs) {
            *words = limb.store();
        }
        let mut words = [V::ZEROS; 4];
        for lane in 0..V::ZEROS.as_ref().len() {
            let [a, b, c, d, e] = limbs.each_ref().map(|limb| limb.as_ref()[lane]);
            // the last limb has at most 48 bits
            let number = [a | b << 52, b >> 12 | c << 40, c >> 24 | d << 28, d >> 36 | e << 16];
            for (word, number) in words.iter_mut().zip(number) {
                word.as_mut()[lane] = number;
            }
        }
        words
    }

    #[inline(always)]
    fn add(mut self, other: Self) -> Self {
        for i in 0..5 {
            self.limbs[i] = self.limbs[i].add(other.limbs[i]);
        }
        self.carried::<false>()
    }

    #[inline(always)]
    fn sub(mut self, other: Self) -> Self {
        for i in 0..5 {
            self.limbs[i] = self.limbs[i].sub(other.limbs[i]);
        }
        // 2p = 2²⁵⁶ − 38
        self.limbs[0] = self.limbs[0].sub(V::splat(self.proof, 38));
        self.limbs[4] = self.limbs[4].add(V::splat(self.proof, 1 << 48));
        self.carried::<false>()
    }

    #[inline(always)]
    fn mul(self, other: Self) -> Self {
        let mut columns = self.zeros();
        for i in 0..5 {
            for j in 0..5 {
                columns[i + j] = columns[i + j].add_low(self.limbs[i], other.limbs[j]);
                columns[i + j + 1] = columns[i + j + 1].add_high(self.limbs[i], other.limbs[j]);
            }
        }
        self.reduced(columns)
    }

    #[inline(always)]
    fn square(self) -> Self {
        let mut columns = self.zeros();
        for i in 0..5 {
            for j in i + 1..5 {
                columns[i + j] = columns[i + j].add_low(self.limbs[i], self.limbs[j]);
                columns[i + j + 1] = columns[i + j + 1].add_high(self.limbs[i], self.limbs[j]);
            }
        }
        // the products of different limbs count twice
        for column in &mut columns[1..9] {
            *column = column.add(*column);
        }
        for i in 0..5 {
            columns[2 * i] = columns[2 * i].add_low(self.limbs[i], self.limbs[i]);
            columns[2 * i + 1] = columns[2 * i + 1].add_high(self.limbs[i], self.limbs[i]);
        }
        self.reduced(columns)
    }

    #[inline(always)]
    fn add_121665_times(mut self, other: Self) -> Self {
        let factor = V::splat(self.proof, 121_665);
        for i in 0..5 {
            self.limbs[i] = self.limbs[i].add_low(other.limbs[i], factor);
        }
        for i in 0..4 {
            self.limbs[i + 1] = self.limbs[i + 1].add_high(other.limbs[i], factor);
        }
        let above = V::splat(self.proof, 0).add_high(other.limbs[4], factor);
        self.tight::<false>(above)
    }

    #[inline(always)]
    fn select(mut self, other: Self, mask: V::Mask) -> Self {
        for i in 0..5 {
            self.limbs[i] = self.limbs[i].select(other.limbs[i], mask);
        }
        self
    }
}
