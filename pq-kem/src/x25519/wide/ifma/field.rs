//! Eight numbers modulo p = 2²⁵⁵ − 19, one in each lane, as five limbs of 51 bits and a little more.
//!
//! IFMA multiplies 52-bit numbers, so that every limb stays below 2⁵¹ + 2¹⁶ between operations.
#![expect(
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    clippy::needless_range_loop,
    reason = "constant indices, unrolled; limbs are bounded"
)]
#![expect(clippy::large_types_passed_by_value, reason = "in registers, as all is inlined")]
#![expect(clippy::many_single_char_names, clippy::similar_names, reason = "limbs in order")]

use super::{LANES, lanes, transposed};
use core::arch::x86_64::{
    __m512i, _mm512_add_epi64, _mm512_and_si512, _mm512_madd52hi_epu64, _mm512_madd52lo_epu64, _mm512_mask_blend_epi64,
    _mm512_set1_epi64, _mm512_setzero_si512, _mm512_slli_epi64, _mm512_srli_epi64, _mm512_storeu_si512,
    _mm512_sub_epi64,
};

const MASK: u64 = (1 << 51) - 1;

#[derive(Clone, Copy)]
pub(super) struct Fe([__m512i; 5]);

impl Fe {
    #[inline]
    #[target_feature(enable = "avx512f")]
    pub(super) fn zero() -> Self {
        Self([_mm512_setzero_si512(); 5])
    }

    #[inline]
    #[target_feature(enable = "avx512f")]
    pub(super) fn one() -> Self {
        let mut one = Self::zero();
        one.0[0] = _mm512_set1_epi64(1);
        one
    }

    /// RFC 7748 ignores the top bit, and takes numbers from p on.
    #[inline]
    #[target_feature(enable = "avx512f")]
    pub(super) fn from_bytes(bytes: [&[u8; 32]; LANES]) -> Self {
        let [a, b, c, d] = transposed(bytes);
        let pair = |low: [u64; LANES], high: [u64; LANES], shift: u32| {
            let mut limb = [0; LANES];
            for ((limb, low), high) in limb.iter_mut().zip(low).zip(high) {
                *limb = (low >> shift | high << (64 - shift)) & MASK;
            }
            limb
        };
        let limbs = [a.map(|a| a & MASK), pair(a, b, 51), pair(b, c, 38), pair(c, d, 25), d.map(|d| d >> 12 & MASK)];
        Self([lanes(limbs[0]), lanes(limbs[1]), lanes(limbs[2]), lanes(limbs[3]), lanes(limbs[4])])
    }

    /// In the one encoding that is below p.
    #[inline]
    #[target_feature(enable = "avx512f,avx512ifma")]
    pub(super) fn to_bytes(self) -> [[u8; 32]; LANES] {
        let mut limbs = [[0; LANES]; 5];
        for (limb, words) in self.0.into_iter().zip(&mut limbs) {
            // SAFETY: writes 64 bytes, the eight words
            #[expect(unsafe_code, reason = "a store")]
            unsafe {
                _mm512_storeu_si512(words.as_mut_ptr().cast(), limb);
            }
        }
        core::array::from_fn(|lane| canonical(limbs.map(|words| words[lane])))
    }

    /// The first where the mask has a 0, the second where it has a 1, and the other way round.
    #[inline]
    #[target_feature(enable = "avx512f")]
    pub(super) fn swap(self, other: Self, mask: u8) -> (Self, Self) {
        let (mut a, mut b) = (self, other);
        for i in 0..5 {
            a.0[i] = _mm512_mask_blend_epi64(mask, self.0[i], other.0[i]);
            b.0[i] = _mm512_mask_blend_epi64(mask, other.0[i], self.0[i]);
        }
        (a, b)
    }

    #[inline]
    #[target_feature(enable = "avx512f,avx512ifma")]
    pub(super) fn add(self, other: Self) -> Self {
        let mut sum = self.0;
        for i in 0..5 {
            sum[i] = _mm512_add_epi64(sum[i], other.0[i]);
        }
        carry(sum)
    }

    #[inline]
    #[target_feature(enable = "avx512f,avx512ifma")]
    pub(super) fn sub(self, other: Self) -> Self {
        // 2p, so that no limb gets below zero
        let [low, others] = [(1 << 52) - 38, (1 << 52) - 2].map(|limb| _mm512_set1_epi64(limb));
        let mut difference = [low, others, others, others, others];
        for i in 0..5 {
            difference[i] = _mm512_sub_epi64(_mm512_add_epi64(difference[i], self.0[i]), other.0[i]);
        }
        carry(difference)
    }

    #[inline]
    #[target_feature(enable = "avx512f,avx512ifma")]
    pub(super) fn mul(self, other: Self) -> Self {
        let (mut low, mut high) = ([_mm512_setzero_si512(); 9], [_mm512_setzero_si512(); 9]);
        for i in 0..5 {
            for j in 0..5 {
                low[i + j] = _mm512_madd52lo_epu64(low[i + j], self.0[i], other.0[j]);
                high[i + j] = _mm512_madd52hi_epu64(high[i + j], self.0[i], other.0[j]);
            }
        }
        reduce(low, high)
    }

    #[inline]
    #[target_feature(enable = "avx512f,avx512ifma")]
    pub(super) fn square(self) -> Self {
        let (mut low, mut high) = ([_mm512_setzero_si512(); 9], [_mm512_setzero_si512(); 9]);
        for i in 0..5 {
            for j in i + 1..5 {
                low[i + j] = _mm512_madd52lo_epu64(low[i + j], self.0[i], self.0[j]);
                high[i + j] = _mm512_madd52hi_epu64(high[i + j], self.0[i], self.0[j]);
            }
        }
        // what is off the diagonal counts twice; a limb does not fit 52 bits if doubled
        for i in 1..8 {
            low[i] = _mm512_add_epi64(low[i], low[i]);
            high[i] = _mm512_add_epi64(high[i], high[i]);
        }
        for i in 0..5 {
            low[2 * i] = _mm512_madd52lo_epu64(low[2 * i], self.0[i], self.0[i]);
            high[2 * i] = _mm512_madd52hi_epu64(high[2 * i], self.0[i], self.0[i]);
        }
        reduce(low, high)
    }

    /// 121665 times this, and `other`.
    #[inline]
    #[target_feature(enable = "avx512f,avx512ifma")]
    pub(super) fn mul_121665_add(self, other: Self) -> Self {
        let (factor, mut sum) = (_mm512_set1_epi64(121_665), other.0);
        for i in 0..5 {
            sum[i] = _mm512_madd52lo_epu64(sum[i], self.0[i], factor);
        }
        // the upper parts, of at most 17 bits, count 2⁵² = 2 · 2⁵¹
        let mut high = [_mm512_setzero_si512(); 5];
        for i in 0..5 {
            high[i] = _mm512_madd52hi_epu64(high[i], self.0[i], factor);
        }
        sum[0] = _mm512_madd52lo_epu64(sum[0], high[4], _mm512_set1_epi64(38));
        for i in 0..4 {
            sum[i + 1] = _mm512_add_epi64(sum[i + 1], _mm512_slli_epi64::<1>(high[i]));
        }
        carry(sum)
    }

    /// The inverse, or 0 of 0: the power p − 2.
    #[inline]
    #[target_feature(enable = "avx512f,avx512ifma")]
    pub(super) fn invert(self) -> Self {
        let two = self.square();
        let nine = two.squares(2).mul(self);
        let eleven = nine.mul(two);
        // each is 2ⁿ − 1
        let bits5 = eleven.square().mul(nine);
        let bits10 = bits5.squares(5).mul(bits5);
        let bits20 = bits10.squares(10).mul(bits10);
        let bits40 = bits20.squares(20).mul(bits20);
        let bits50 = bits40.squares(10).mul(bits10);
        let bits100 = bits50.squares(50).mul(bits50);
        let bits200 = bits100.squares(100).mul(bits100);
        let bits250 = bits200.squares(50).mul(bits50);
        bits250.squares(5).mul(eleven)
    }

    #[inline]
    #[target_feature(enable = "avx512f,avx512ifma")]
    fn squares(self, times: u32) -> Self {
        let mut power = self;
        for _ in 0..times {
            power = power.square();
        }
        power
    }
}

/// The sum of `low` at 2⁵¹ⁱ and `high` at 2⁵¹ⁱ⁺⁵², each below 5 · 2⁵², modulo p.
#[inline]
#[target_feature(enable = "avx512f,avx512ifma")]
fn reduce(low: [__m512i; 9], high: [__m512i; 9]) -> Fe {
    // 2⁵² = 2 · 2⁵¹: below 15 · 2⁵²
    let mut sum = [_mm512_setzero_si512(); 10];
    for i in 0..9 {
        sum[i + 1] = _mm512_slli_epi64::<1>(high[i]);
    }
    for i in 0..9 {
        sum[i] = _mm512_add_epi64(sum[i], low[i]);
    }
    // 2²⁵⁵ = 19 = 1 + 2 + 16: below 2⁶¹
    let mut folded = [_mm512_setzero_si512(); 5];
    for i in 0..5 {
        let upper = sum[i + 5];
        let three = _mm512_add_epi64(upper, _mm512_slli_epi64::<1>(upper));
        folded[i] = _mm512_add_epi64(_mm512_add_epi64(sum[i], three), _mm512_slli_epi64::<4>(upper));
    }
    carry(folded)
}

/// Brings limbs below 2⁶¹ down to 51 bits and a little more.
#[inline]
#[target_feature(enable = "avx512f,avx512ifma")]
fn carry(limbs: [__m512i; 5]) -> Fe {
    let (mut kept, mut carries) = (limbs, limbs);
    for i in 0..5 {
        kept[i] = _mm512_and_si512(limbs[i], _mm512_set1_epi64(MASK.cast_signed()));
        carries[i] = _mm512_srli_epi64::<51>(limbs[i]);
    }
    kept[0] = _mm512_madd52lo_epu64(kept[0], carries[4], _mm512_set1_epi64(19));
    for i in 0..4 {
        kept[i + 1] = _mm512_add_epi64(kept[i + 1], carries[i]);
    }
    Fe(kept)
}

/// The bytes of one lane's number modulo p.
fn canonical(mut limbs: [u64; 5]) -> [u8; 32] {
    // twice around, and what is left over is below 2²⁵⁵
    for _ in 0..2 {
        for i in 0..4 {
            limbs[i + 1] += limbs[i] >> 51;
            limbs[i] &= MASK;
        }
        limbs[0] += 19 * (limbs[4] >> 51);
        limbs[4] &= MASK;
    }
    // 1 if it is p or more
    let over = limbs.iter().fold(19, |carry, limb| (limb + carry) >> 51);
    limbs[0] += 19 * over;
    for i in 0..4 {
        limbs[i + 1] += limbs[i] >> 51;
        limbs[i] &= MASK;
    }
    limbs[4] &= MASK;

    let [a, b, c, d, e] = limbs;
    let words = [a | b << 51, b >> 13 | c << 38, c >> 26 | d << 25, d >> 39 | e << 12];
    let mut bytes = [0; 32];
    for (bytes, word) in bytes.as_chunks_mut::<8>().0.iter_mut().zip(words) {
        *bytes = word.to_le_bytes();
    }
    bytes
}
