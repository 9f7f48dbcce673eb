//! AES-NI: a block in each register, eight in flight.
#![expect(clippy::indexing_slicing, reason = "under eight; core's `zip` is not inlined without link-time optimisation")]

use super::{
    detect,
    few::{self, First, Second},
    xmm::{self, Xmm},
};
use crate::{
    aez::Direction,
    backend::blocks::Blocks,
    encipher::encipher,
    engine::{Engine, Pair},
    offsets::{Key, Offsets},
};
use core::{
    arch::{asm, x86_64::_mm_aesenc_si128},
    sync::atomic::{Ordering, compiler_fence},
};

/// Proof that the processor has AES-NI.
#[derive(Clone, Copy)]
pub(crate) struct HasAesNi(());

impl HasAesNi {
    pub(super) fn find() -> Option<Self> {
        if detect::aes() { Some(Self(())) } else { None }
    }

    /// With AVX the same instructions need no copies of their operands.
    #[inline]
    pub(super) fn encipher(self, key: &Key, nonce: &[u8; 16], direction: Direction, message: &mut [u8]) {
        #[target_feature(enable = "aes,avx")]
        fn with_avx(has: HasAesNi, key: &Key, nonce: &[u8; 16], direction: Direction, message: &mut [u8]) {
            encipher(&AesNi::<true>::new(has, key), nonce, direction, message);
        }
        #[target_feature(enable = "aes")]
        fn without_avx(has: HasAesNi, key: &Key, nonce: &[u8; 16], direction: Direction, message: &mut [u8]) {
            encipher(&AesNi::<false>::new(has, key), nonce, direction, message);
        }
        if detect::avx() {
            // SAFETY: the processor has AVX, and AES-NI as `self` proves
            unsafe { with_avx(self, key, nonce, direction, message) }
        } else {
            // SAFETY: the processor has AES-NI as `self` proves
            unsafe { without_avx(self, key, nonce, direction, message) }
        }
    }
}

/// The expanded key. Exists only where the processor has AES-NI, and AVX if it says so.
struct AesNi<const AVX: bool>(Offsets<Xmm>);

impl<const AVX: bool> AesNi<AVX> {
    #[inline(always)]
    fn new(_: HasAesNi, key: &Key) -> Self {
        Self(Offsets::new(key))
    }

    /// One AES round on each block.
    #[inline(always)]
    fn round(&self, mut x: Blocks<Xmm>, keys: Blocks<Xmm>) -> Blocks<Xmm> {
        for n in 0..8 {
            // SAFETY: `self` exists, so that the processor has AES-NI
            x.0[n].0 = unsafe { _mm_aesenc_si128(x.0[n].0, keys.0[n].0) };
        }
        x
    }

    /// Three rounds under J, I and L, in this very order: left to itself, the compiler takes one block after the other to
    /// save registers, and the processor can't look far enough ahead to take eight at once.
    ///
    /// Without AVX it is left to itself: the instructions without `v` must not meet those with it, as the processor then
    /// waits for the upper halves of registers (a factor of ten on Sapphire Rapids).
    #[inline(always)]
    fn three_rounds(&self, x: Blocks<Xmm>) -> Blocks<Xmm> {
        let Offsets { i, j, l: [l, ..], .. } = self.0;
        if !AVX {
            return [j, i, l].into_iter().fold(x, |x, key| self.round(x, self.splat(key)));
        }
        let Blocks([mut x0, mut x1, mut x2, mut x3, mut x4, mut x5, mut x6, mut x7]) = x;
        // SAFETY: `self` exists, so that the processor has AES-NI and AVX; nothing but the named registers is touched
        unsafe {
            asm!(
                "vaesenc {x0}, {x0}, {j}", "vaesenc {x1}, {x1}, {j}", "vaesenc {x2}, {x2}, {j}", "vaesenc {x3}, {x3}, {j}",
                "vaesenc {x4}, {x4}, {j}", "vaesenc {x5}, {x5}, {j}", "vaesenc {x6}, {x6}, {j}", "vaesenc {x7}, {x7}, {j}",
                "vaesenc {x0}, {x0}, {i}", "vaesenc {x1}, {x1}, {i}", "vaesenc {x2}, {x2}, {i}", "vaesenc {x3}, {x3}, {i}",
                "vaesenc {x4}, {x4}, {i}", "vaesenc {x5}, {x5}, {i}", "vaesenc {x6}, {x6}, {i}", "vaesenc {x7}, {x7}, {i}",
                "vaesenc {x0}, {x0}, {l}", "vaesenc {x1}, {x1}, {l}", "vaesenc {x2}, {x2}, {l}", "vaesenc {x3}, {x3}, {l}",
                "vaesenc {x4}, {x4}, {l}", "vaesenc {x5}, {x5}, {l}", "vaesenc {x6}, {x6}, {l}", "vaesenc {x7}, {x7}, {l}",
                x0 = inout(xmm_reg) x0.0, x1 = inout(xmm_reg) x1.0, x2 = inout(xmm_reg) x2.0, x3 = inout(xmm_reg) x3.0,
                x4 = inout(xmm_reg) x4.0, x5 = inout(xmm_reg) x5.0, x6 = inout(xmm_reg) x6.0, x7 = inout(xmm_reg) x7.0,
                j = in(xmm_reg) j.0, i = in(xmm_reg) i.0, l = in(xmm_reg) l.0,
                options(pure, nomem, nostack, preserves_flags),
            );
        }
        Blocks([x0, x1, x2, x3, x4, x5, x6, x7])
    }
}

impl<const AVX: bool> Engine for AesNi<AVX> {
    type Block = Xmm;
    type Eight = Blocks<Xmm>;
    type Sum = Xmm;
    type Kept = ();
    const FEW_BEFORE_LAST: bool = true;

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
    fn load(&self, pairs: &[Pair]) -> [Blocks<Xmm>; 2] {
        [Blocks::load::<0>(pairs), Blocks::load::<1>(pairs)]
    }

    #[inline(always)]
    fn store(&self, [left, right]: [Blocks<Xmm>; 2], pairs: &mut [Pair]) {
        left.store::<0>(pairs);
        right.store::<1>(pairs);
    }

    #[inline(always)]
    fn sum(&self, eight: Blocks<Xmm>, count: usize) -> Xmm {
        eight.sum(count)
    }

    #[inline(always)]
    fn total(&self, sum: Xmm) -> Xmm {
        sum
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

    #[inline(always)]
    fn four<const N: usize>(&self, blocks: [Xmm; N], masks: [Xmm; N]) -> [Xmm; N] {
        // SAFETY: `self` exists, so that the processor has AES-NI
        unsafe { xmm::four(&self.0, blocks, masks) }
    }

    #[inline(always)]
    fn ten<const N: usize>(&self, blocks: [Xmm; N], masks: [Xmm; N]) -> [Xmm; N] {
        // SAFETY: `self` exists, so that the processor has AES-NI
        unsafe { xmm::ten(&self.0, blocks, masks) }
    }

    /// As the trait's, but that Wi is put away with the offset I of E(0, 0, ·) added, which is free in the last round.
    ///
    /// What is not one of the eight states stays in memory until it is an operand, or else there are not registers
    /// enough: the fences keep the compiler from loading it early and putting it by.
    #[inline(always)]
    fn first_pass(&self, pairs: &mut [Pair; 8], common: Xmm) -> Xmm {
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
        x.sum(8)
    }

    /// As the trait's, with the offset I added to S' and so to Zi, and taken off Wi; Zi and Yi are put where Ci and Ci'
    /// will be.
    #[inline(always)]
    fn second_pass(&self, pairs: &mut [Pair; 8], common: Xmm, s: Xmm) -> Xmm {
        let i = self.splat(self.0.i);
        let s = self.round(self.three_rounds(self.splat(s ^ common) ^ self.multiples_of_l()), i);
        let z = s ^ Blocks::load::<1>(pairs);
        (s ^ Blocks::load::<0>(pairs)).store::<1>(pairs);
        z.store::<0>(pairs);
        let right = self.three_rounds(z);
        fence();
        let sum = Blocks::load::<1>(pairs).sum(8);
        let right = self.round(right, Blocks::load::<1>(pairs));
        right.store::<1>(pairs);
        let left = self.three_rounds(right ^ self.splat(common) ^ self.multiples_of_l());
        fence();
        let left = self.round(left, i ^ Blocks::load::<0>(pairs));
        left.store::<0>(pairs);
        sum
    }

    #[inline(always)]
    fn first_pass_of_few(&self, pairs: &mut [Pair], common: Xmm) -> (Xmm, ()) {
        // SAFETY: `self` exists, so that the processor has AES-NI
        (unsafe { few::pass(&First, &self.0, pairs, common) }, ())
    }

    #[inline(always)]
    fn second_pass_of_few(&self, pairs: &mut [Pair], (): (), common: Xmm, s: Xmm) -> Xmm {
        // SAFETY: `self` exists, so that the processor has AES-NI
        unsafe { few::pass(&Second(s), &self.0, pairs, common) }
    }
}

#[inline(always)]
fn fence() {
    compiler_fence(Ordering::SeqCst);
}
