//! The AES instructions of aarch64, a block in each register. NEON is part of every target that this is compiled for.
//!
//! `AESE` adds its key before SubBytes and ShiftRows, where `AESENC` of x86 adds it after MixColumns: each key comes one
//! step later here, and the offset before the first round is free.

use super::{Backend, blocks::Blocks};
use crate::{
    aez::Direction,
    encipher::encipher,
    engine::{Block, Engine, Pair},
    offsets::{Key, Offsets},
};
use core::{
    arch::aarch64::{
        uint8x16_t, vaddq_u8, vaeseq_u8, vaesmcq_u8, vandq_u8, vcltzq_s8, vdupq_n_u8, veorq_u8, vextq_u8, vld1q_u8,
        vreinterpretq_s8_u8, vst1q_u8,
    },
    ops::BitXor,
};
use zeroize::Zeroize;

cpufeatures::new!(cpu_aes, "aes");

/// What this target may have beside the portable backend.
pub(super) const BACKENDS: &[Backend] = &[Backend::Armv8];

/// Proof that the processor has the AES instructions.
#[derive(Clone, Copy)]
pub(crate) struct Native(());

impl Native {
    #[inline]
    pub(super) fn best() -> Option<Self> {
        if cpu_aes::get() { Some(Self(())) } else { None }
    }

    #[inline]
    pub(super) fn find(backend: Backend) -> Option<Self> {
        if backend == Backend::Armv8 { Self::best() } else { None }
    }

    #[expect(clippy::unused_self, reason = "as on targets with more than one")]
    pub(super) fn backend(self) -> Backend {
        Backend::Armv8
    }

    #[inline]
    pub(super) fn encipher(self, key: &Key, nonce: &[u8; 16], direction: Direction, message: &mut [u8]) {
        #[target_feature(enable = "aes")]
        fn with_aes(has: Native, key: &Key, nonce: &[u8; 16], direction: Direction, message: &mut [u8]) {
            encipher(&Armv8::new(has, key), nonce, direction, message);
        }
        // SAFETY: the processor has the AES instructions as `self` proves
        unsafe { with_aes(self, key, nonce, direction, message) }
    }
}

/// The expanded key. Exists only where the processor has the AES instructions.
struct Armv8(Offsets<Vector>);

impl Armv8 {
    #[inline(always)]
    fn new(_: Native, key: &Key) -> Self {
        Self(Offsets::new(key))
    }

    /// Adds the keys, then one AES round but for its own key.
    #[inline(always)]
    fn round(&self, mut x: Blocks<Vector>, keys: Blocks<Vector>) -> Blocks<Vector> {
        for n in 0..8 {
            // SAFETY: `self` exists, so that the processor has the AES instructions
            x.0[n].0 = unsafe { vaesmcq_u8(vaeseq_u8(x.0[n].0, keys.0[n].0)) };
        }
        x
    }
}

impl Engine for Armv8 {
    type Block = Vector;
    type Eight = Blocks<Vector>;
    type Sum = Vector;
    type Kept = [Blocks<Vector>; 2];

    #[inline(always)]
    fn offsets(&self) -> &Offsets<Vector> {
        &self.0
    }

    #[inline(always)]
    fn splat(&self, block: Vector) -> Blocks<Vector> {
        Blocks([block; 8])
    }

    #[inline(always)]
    fn gather(&self, blocks: [Vector; 8]) -> Blocks<Vector> {
        Blocks(blocks)
    }

    #[inline(always)]
    fn scatter(&self, eight: Blocks<Vector>) -> [Vector; 8] {
        eight.0
    }

    #[inline(always)]
    fn multiples_of_l(&self) -> Blocks<Vector> {
        Blocks(self.0.l)
    }

    #[inline(always)]
    fn load(&self, pairs: &[Pair]) -> [Blocks<Vector>; 2] {
        [Blocks::load::<0>(pairs), Blocks::load::<1>(pairs)]
    }

    #[inline(always)]
    fn store(&self, [left, right]: [Blocks<Vector>; 2], pairs: &mut [Pair]) {
        left.store::<0>(pairs);
        right.store::<1>(pairs);
    }

    #[inline(always)]
    fn sum(&self, eight: Blocks<Vector>, count: usize) -> Vector {
        eight.sum(count)
    }

    #[inline(always)]
    fn total(&self, sum: Vector) -> Vector {
        sum
    }

    #[inline(always)]
    fn rounds4(&self, x: Blocks<Vector>, offset: Blocks<Vector>, mask: Blocks<Vector>) -> Blocks<Vector> {
        let Offsets { i, j, l: [l, ..], .. } = self.0;
        let x = self.round(x, offset);
        let x = self.round(x, self.splat(j));
        let x = self.round(x, self.splat(i));
        self.round(x, self.splat(l)) ^ mask
    }

    #[inline(always)]
    fn rounds10(&self, x: Blocks<Vector>) -> Blocks<Vector> {
        let Offsets { i, j, l: [l, ..], .. } = self.0;
        let mut x = self.round(x, self.splat(Vector::zero()));
        for key in [i, j, l, i, j, l, i, j, l] {
            x = self.round(x, self.splat(key));
        }
        x ^ self.splat(i)
    }

    #[inline(always)]
    fn first_pass_of_few(&self, pairs: &mut [Pair], common: Vector) -> (Vector, [Blocks<Vector>; 2]) {
        self.first_of_few(pairs, common)
    }

    #[inline(always)]
    fn second_pass_of_few(&self, pairs: &mut [Pair], kept: [Blocks<Vector>; 2], common: Vector, s: Vector) -> Vector {
        self.second_of_few(pairs, kept, common, s)
    }
}

/// A block in a register.
#[derive(Clone, Copy)]
struct Vector(uint8x16_t);

impl Block for Vector {
    #[inline(always)]
    fn from_bytes(bytes: &[u8; 16]) -> Self {
        // SAFETY: NEON is there; reads 16 bytes, at any alignment
        Self(unsafe { vld1q_u8(bytes.as_ptr()) })
    }

    #[inline(always)]
    fn to_bytes(self) -> [u8; 16] {
        let mut bytes = [0; 16];
        // SAFETY: NEON is there; writes 16 bytes, at any alignment
        unsafe { vst1q_u8(bytes.as_mut_ptr(), self.0) };
        bytes
    }

    #[inline(always)]
    fn from_number(number: u128) -> Self {
        Self::from_bytes(&number.to_be_bytes())
    }

    /// Byte by byte, each with the top bit of the next; the first one's comes around to the last as the field's 0x87.
    #[inline(always)]
    fn double(self) -> Self {
        const BITS: [u8; 16] = [1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 0x87];
        // SAFETY: NEON is there; reads 16 bytes
        Self(unsafe {
            let tops = vcltzq_s8(vreinterpretq_s8_u8(self.0));
            let carries = vandq_u8(vextq_u8::<1>(tops, tops), vld1q_u8(BITS.as_ptr()));
            veorq_u8(vaddq_u8(self.0, self.0), carries)
        })
    }

    #[inline(always)]
    fn zero() -> Self {
        // SAFETY: NEON is there
        Self(unsafe { vdupq_n_u8(0) })
    }
}

impl BitXor for Vector {
    type Output = Self;

    #[inline(always)]
    fn bitxor(self, other: Self) -> Self {
        // SAFETY: NEON is there
        Self(unsafe { veorq_u8(self.0, other.0) })
    }
}

impl Zeroize for Vector {
    fn zeroize(&mut self) {
        self.0.zeroize();
    }
}

#[cfg(test)]
mod tests {
    #[test]
    fn doubles() {
        crate::field::tests::doubles::<super::Vector>();
    }
}
