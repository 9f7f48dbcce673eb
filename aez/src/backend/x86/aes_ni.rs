//! AES-NI: a block in each register, eight in flight.

use super::{detect, xmm::Xmm};
use crate::{
    aez::Direction,
    backend::blocks::Blocks,
    encipher::encipher,
    engine::{Engine, Pair},
    offsets::{Offsets, Subkeys},
};
use core::{
    arch::{asm, x86_64::_mm_aesenc_si128},
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

    /// Three rounds under J, I and L, in this very order: left to itself, the compiler takes one block after the other to
    /// save registers, and the processor can't look far enough ahead to take eight at once.
    #[inline(always)]
    fn three_rounds(&self, x: Blocks<Xmm>) -> Blocks<Xmm> {
        let Offsets { i, j, l: [l, ..], .. } = self.0;
        let [mut x0, mut x1, mut x2, mut x3, mut x4, mut x5, mut x6, mut x7] = x.0.map(|x| x.0);
        // SAFETY: `self` exists, so that the processor has AES-NI; nothing but the named registers is touched
        unsafe {
            asm!(
                "aesenc {x0}, {j}", "aesenc {x1}, {j}", "aesenc {x2}, {j}", "aesenc {x3}, {j}",
                "aesenc {x4}, {j}", "aesenc {x5}, {j}", "aesenc {x6}, {j}", "aesenc {x7}, {j}",
                "aesenc {x0}, {i}", "aesenc {x1}, {i}", "aesenc {x2}, {i}", "aesenc {x3}, {i}",
                "aesenc {x4}, {i}", "aesenc {x5}, {i}", "aesenc {x6}, {i}", "aesenc {x7}, {i}",
                "aesenc {x0}, {l}", "aesenc {x1}, {l}", "aesenc {x2}, {l}", "aesenc {x3}, {l}",
                "aesenc {x4}, {l}", "aesenc {x5}, {l}", "aesenc {x6}, {l}", "aesenc {x7}, {l}",
                x0 = inout(xmm_reg) x0, x1 = inout(xmm_reg) x1, x2 = inout(xmm_reg) x2, x3 = inout(xmm_reg) x3,
                x4 = inout(xmm_reg) x4, x5 = inout(xmm_reg) x5, x6 = inout(xmm_reg) x6, x7 = inout(xmm_reg) x7,
                j = in(xmm_reg) j.0, i = in(xmm_reg) i.0, l = in(xmm_reg) l.0,
                options(pure, nomem, nostack, preserves_flags),
            );
        }
        Blocks([x0, x1, x2, x3, x4, x5, x6, x7].map(Xmm))
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
        self.round(self.three_rounds(x ^ offset), mask)
    }

    #[inline(always)]
    fn rounds10(&self, mut x: Blocks<Xmm>) -> Blocks<Xmm> {
        let Offsets { i, j, l: [l, ..], .. } = self.0;
        for key in [i, j, l, i, j, l, i, j, l, i] {
            x = self.round(x, self.splat(key));
        }
        x
    }

    /// As the trait's, but that Wi is put away with the offset I of E(0, 0, ·) added, which is free in the last round.
    ///
    /// What is not one of the eight states stays in memory until it is an operand, or else there are not registers
    /// enough: the fences keep the compiler from loading it early and putting it by.
    #[inline(always)]
    fn first_pass(&self, pairs: &mut [Pair; 8], common: Xmm, count: usize) -> Xmm {
        let i = self.splat(self.0.i);
        let m = self.splat(common) ^ self.multiples_of_l() ^ Blocks::load::<1>(pairs);
        let w = self.three_rounds(m);
        fence();
        let w = self.round(w, i ^ Blocks::load::<0>(pairs));
        w.store::<0>(pairs);
        let x = self.three_rounds(w);
        fence();
        let x = self.round(x, Blocks::load::<1>(pairs));
        x.store::<1>(pairs);
        x.sum(count)
    }

    /// As the trait's, with the offset I added to S' and so to Zi, and taken off Wi; Zi and Yi are put where Ci and Ci'
    /// will be.
    #[inline(always)]
    fn second_pass(&self, pairs: &mut [Pair; 8], common: Xmm, s: Xmm, count: usize) -> Xmm {
        let i = self.splat(self.0.i);
        let s = self.round(self.three_rounds(self.splat(s ^ common) ^ self.multiples_of_l()), i);
        let z = s ^ Blocks::load::<1>(pairs);
        (s ^ Blocks::load::<0>(pairs)).store::<1>(pairs);
        z.store::<0>(pairs);
        let right = self.three_rounds(z);
        fence();
        let sum = Blocks::load::<1>(pairs).sum(count);
        let right = self.round(right, Blocks::load::<1>(pairs));
        right.store::<1>(pairs);
        let left = self.three_rounds(right ^ self.splat(common) ^ self.multiples_of_l());
        fence();
        let left = self.round(left, i ^ Blocks::load::<0>(pairs));
        left.store::<0>(pairs);
        sum
    }
}

#[inline(always)]
fn fence() {
    compiler_fence(Ordering::SeqCst);
}
