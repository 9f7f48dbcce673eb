//! AES-NI: a block in each register, eight in flight.

use super::{detect, xmm::Xmm};
use crate::{
    aez::Direction,
    backend::blocks::Blocks,
    encipher::encipher,
    engine::{Block, Engine, Pair},
    offsets::{Offsets, Subkeys},
};
use core::{
    arch::x86_64::_mm_aesenc_si128,
    sync::atomic::{Ordering, compiler_fence},
};

/// Exists only where the processor has AES-NI.
pub(crate) struct AesNi(Offsets<Xmm>);

impl AesNi {
    pub(crate) fn is_available() -> bool {
        detect::aes()
    }

    #[inline(always)]
    pub(crate) fn new(key: &Subkeys) -> Option<Self> {
        if Self::is_available() { Some(Self(Offsets::new(key))) } else { None }
    }

    /// With AVX the same instructions need no copies of their operands.
    #[inline]
    pub(super) fn encipher(&self, nonce: &[u8; 16], direction: Direction, message: &mut [u8]) {
        #[target_feature(enable = "aes,avx")]
        fn with_avx(engine: &AesNi, nonce: &[u8; 16], direction: Direction, message: &mut [u8]) {
            encipher(engine, nonce, direction, message);
        }
        #[target_feature(enable = "aes")]
        fn without_avx(engine: &AesNi, nonce: &[u8; 16], direction: Direction, message: &mut [u8]) {
            encipher(engine, nonce, direction, message);
        }
        if detect::avx() {
            // SAFETY: the processor has AVX, and AES-NI as an `AesNi` exists
            unsafe { with_avx(self, nonce, direction, message) }
        } else {
            // SAFETY: an `AesNi` exists, so that the processor has AES-NI
            unsafe { without_avx(self, nonce, direction, message) }
        }
    }

    /// One AES round on each block.
    #[inline(always)]
    fn round(&self, mut x: Blocks<Xmm>, keys: Blocks<Xmm>) -> Blocks<Xmm> {
        for (x, key) in x.0.iter_mut().zip(keys.0) {
            // SAFETY: `self` exists, so that the processor has AES-NI
            x.0 = unsafe { _mm_aesenc_si128(x.0, key.0) };
        }
        x
    }
}

impl Engine for AesNi {
    type Block = Xmm;
    type Eight = Blocks<Xmm>;

    #[inline(always)]
    fn offsets(&self) -> &Offsets<Xmm> {
        &self.0
    }

    #[inline(always)]
    fn splat(&self, block: Xmm) -> Blocks<Xmm> {
        Blocks([block; 8])
    }

    #[inline(always)]
    fn gather(&self, blocks: [Xmm; 8]) -> Blocks<Xmm> {
        Blocks(blocks)
    }

    #[inline(always)]
    fn scatter(&self, eight: Blocks<Xmm>) -> [Xmm; 8] {
        eight.0
    }

    #[inline(always)]
    fn multiples_of_l(&self) -> Blocks<Xmm> {
        Blocks(self.0.l)
    }

    #[inline(always)]
    fn load(&self, pairs: &[Pair; 8]) -> [Blocks<Xmm>; 2] {
        [Blocks::load::<0>(pairs), Blocks::load::<1>(pairs)]
    }

    #[inline(always)]
    fn store(&self, [left, right]: [Blocks<Xmm>; 2], pairs: &mut [Pair; 8]) {
        left.store::<0>(pairs);
        right.store::<1>(pairs);
    }

    #[inline(always)]
    fn sum(&self, eight: Blocks<Xmm>, count: usize) -> Xmm {
        eight.sum(count)
    }

    #[inline(always)]
    fn rounds4(&self, x: Blocks<Xmm>, offset: Blocks<Xmm>, mask: Blocks<Xmm>) -> Blocks<Xmm> {
        let Offsets { i, j, l: [l, ..], .. } = self.0;
        let x = self.round(x ^ offset, self.splat(j));
        let x = self.round(x, self.splat(i));
        let x = self.round(x, self.splat(l));
        self.round(x, mask)
    }

    #[inline(always)]
    fn rounds10(&self, mut x: Blocks<Xmm>) -> Blocks<Xmm> {
        let Offsets { i, j, l: [l, ..], .. } = self.0;
        for key in [i, j, l, i, j, l, i, j, l, i] {
            x = self.round(x, self.splat(key));
        }
        x
    }

    /// As the trait's. What is not one of the eight states stays in memory until it is an operand, or else there are
    /// not registers enough: the fences keep the compiler from loading it early and putting it by.
    #[inline(always)]
    fn first_pass(&self, pairs: &mut [Pair; 8], common: Xmm, count: usize) -> Xmm {
        let zero = self.splat(Xmm::zero());
        let m = self.splat(common) ^ self.multiples_of_l() ^ Blocks::load::<1>(pairs);
        fence();
        let w = self.rounds4(m, zero, Blocks::load::<0>(pairs));
        w.store::<0>(pairs);
        fence();
        let x = self.rounds4(w, self.splat(self.0.i), Blocks::load::<1>(pairs));
        x.store::<1>(pairs);
        x.sum(count)
    }

    /// As the trait's, with Zi and Yi put where Ci and Ci' will be.
    #[inline(always)]
    fn second_pass(&self, pairs: &mut [Pair; 8], common: Xmm, s: Xmm, count: usize) -> Xmm {
        let zero = self.splat(Xmm::zero());
        let s = self.rounds4(self.splat(s ^ common), self.multiples_of_l(), zero);
        let z = s ^ Blocks::load::<1>(pairs);
        (s ^ Blocks::load::<0>(pairs)).store::<1>(pairs);
        z.store::<0>(pairs);
        fence();
        let sum = Blocks::load::<1>(pairs).sum(count);
        let right = self.rounds4(z, self.splat(self.0.i), Blocks::load::<1>(pairs));
        right.store::<1>(pairs);
        fence();
        let offset = self.splat(common) ^ self.multiples_of_l();
        let left = self.rounds4(right, offset, Blocks::load::<0>(pairs));
        left.store::<0>(pairs);
        sum
    }
}

#[inline(always)]
fn fence() {
    compiler_fence(Ordering::SeqCst);
}
