//! VAES: two blocks in each 256-bit register.

use super::{aes_ni::AesNi, detect, xmm::Xmm};
use crate::{
    aez::Direction,
    backend::{blocks::Blocks, expanded::Expanded},
    engine::{Engine, Pair},
    offsets::Subkeys,
};
use core::{
    arch::x86_64::{
        __m256i, _mm256_aesenc_epi128, _mm256_castsi256_si128, _mm256_extracti128_si256, _mm256_set_m128i,
        _mm256_xor_si256,
    },
    ops::BitXor,
};
use zeroize::{Zeroize, ZeroizeOnDrop};

/// The round keys, in 128-bit registers. Exists only where the processor has VAES and AVX2.
#[derive(Zeroize, ZeroizeOnDrop)]
pub(crate) struct Vaes(AesNi);

impl Vaes {
    pub(crate) fn is_available() -> bool {
        detect::vaes()
    }

    #[inline(always)]
    pub(crate) fn new(key: &Subkeys) -> Option<Self> {
        if Self::is_available() { AesNi::new(key).map(Self) } else { None }
    }

    /// One AES round on each block.
    #[inline(always)]
    fn round(&self, mut x: Eight, keys: Eight) -> Eight {
        for (x, key) in x.0.iter_mut().zip(keys.0) {
            // SAFETY: `self` exists, so that the processor has VAES
            x.0 = unsafe { _mm256_aesenc_epi128(x.0, key.0) };
        }
        x
    }
}

impl Expanded<Vaes> {
    pub(super) fn run(&self, nonce: &[u8; 16], direction: Direction, message: &mut [u8]) {
        #[target_feature(enable = "aes,avx2,vaes")]
        fn with_vaes(key: &Expanded<Vaes>, nonce: &[u8; 16], direction: Direction, message: &mut [u8]) {
            key.encipher(nonce, direction, message);
        }
        // SAFETY: a `Vaes` exists, so that the processor has all three
        unsafe { with_vaes(self, nonce, direction, message) }
    }
}

impl Engine for Vaes {
    type Block = Xmm;
    type Eight = Eight;

    #[inline(always)]
    fn splat(&self, block: Xmm) -> Eight {
        Eight([Ymm::new(block, block); 4])
    }

    #[inline(always)]
    fn gather(&self, [a, b, c, d, e, f, g, h]: [Xmm; 8]) -> Eight {
        Eight([Ymm::new(a, b), Ymm::new(c, d), Ymm::new(e, f), Ymm::new(g, h)])
    }

    #[inline(always)]
    fn scatter(&self, eight: Eight) -> [Xmm; 8] {
        let [a, b, c, d] = eight.0;
        let ([a, b], [c, d], [e, f], [g, h]) = (a.blocks(), b.blocks(), c.blocks(), d.blocks());
        [a, b, c, d, e, f, g, h]
    }

    #[inline(always)]
    fn multiples_of_l(&self) -> Eight {
        self.gather(self.0.multiples_of_l)
    }

    #[inline(always)]
    fn load(&self, pairs: &[Pair; 8]) -> [Eight; 2] {
        Blocks::load(pairs).map(|blocks| self.gather(blocks.0))
    }

    #[inline(always)]
    fn store(&self, [left, right]: [Eight; 2], pairs: &mut [Pair; 8]) {
        Blocks::store([left, right].map(|half| Blocks(self.scatter(half))), pairs);
    }

    #[inline(always)]
    fn sum(&self, eight: Eight, count: usize) -> Xmm {
        if count < 8 {
            return Blocks(self.scatter(eight)).sum(count);
        }
        let [a, b, c, d] = eight.0;
        let [even, odd] = ((a ^ b) ^ (c ^ d)).blocks();
        even ^ odd
    }

    #[inline(always)]
    fn rounds4(&self, x: Eight, offset: Eight, mask: Eight) -> Eight {
        let x = self.round(x ^ offset, self.splat(self.0.j));
        let x = self.round(x, self.splat(self.0.i));
        let x = self.round(x, self.splat(self.0.l));
        self.round(x, mask)
    }

    #[inline(always)]
    fn rounds10(&self, mut x: Eight) -> Eight {
        let [i, j, l] = [self.0.i, self.0.j, self.0.l];
        for key in [i, j, l, i, j, l, i, j, l, i] {
            x = self.round(x, self.splat(key));
        }
        x
    }
}

/// Two blocks. Made and used only by a [`Vaes`].
#[derive(Clone, Copy)]
pub(crate) struct Ymm(__m256i);

impl Ymm {
    #[inline(always)]
    fn new(first: Xmm, second: Xmm) -> Self {
        // SAFETY: where there is a `Vaes`, there is AVX
        Self(unsafe { _mm256_set_m128i(second.0, first.0) })
    }

    #[inline(always)]
    fn blocks(self) -> [Xmm; 2] {
        // SAFETY: where there is a `Vaes`, there is AVX2
        unsafe { [Xmm(_mm256_castsi256_si128(self.0)), Xmm(_mm256_extracti128_si256::<1>(self.0))] }
    }
}

impl BitXor for Ymm {
    type Output = Self;

    #[inline(always)]
    fn bitxor(self, other: Self) -> Self {
        // SAFETY: where there is a `Vaes`, there is AVX2
        Self(unsafe { _mm256_xor_si256(self.0, other.0) })
    }
}

/// Eight blocks.
#[derive(Clone, Copy)]
pub(crate) struct Eight([Ymm; 4]);

impl BitXor for Eight {
    type Output = Self;

    #[inline(always)]
    fn bitxor(mut self, other: Self) -> Self {
        for (x, y) in self.0.iter_mut().zip(other.0) {
            *x = *x ^ y;
        }
        self
    }
}
