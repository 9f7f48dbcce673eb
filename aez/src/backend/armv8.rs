//! The AES instructions of aarch64, a block in each register. NEON is part of every target that this is compiled for.
//!
//! `AESE` adds its key before SubBytes and ShiftRows, where `AESENC` of x86 adds it after MixColumns: each key comes one
//! step later here, and the offset before the first round is free.

use super::{Backend, blocks::Blocks, expanded::Expanded};
use crate::{
    aez::Direction,
    engine::{Block, Engine, Pair},
    field::first_multiples,
    offsets::Subkeys,
};
use core::{
    arch::aarch64::{uint8x16_t, vaeseq_u8, vaesmcq_u8, vdupq_n_u8, veorq_u8, vld1q_u8, vst1q_u8},
    ops::BitXor,
};
use zeroize::{Zeroize, ZeroizeOnDrop};

cpufeatures::new!(cpu_aes, "aes");

/// What this target has beside the portable backend, with the way to ask whether this machine does.
pub(super) const BACKENDS: [(Backend, fn() -> bool); 1] = [(Backend::Armv8, Armv8::is_available)];

/// A key, expanded for it.
pub(crate) struct Native(Expanded<Armv8>);

impl Native {
    pub(super) fn best(key: &Subkeys) -> Option<Self> {
        Armv8::new(key).map(|engine| Self(Expanded::new(engine, key)))
    }

    pub(super) fn new(key: &Subkeys, backend: Backend) -> Option<Self> {
        if backend == Backend::Armv8 { Self::best(key) } else { None }
    }

    #[expect(clippy::unused_self, reason = "as on targets with more than one")]
    pub(super) fn backend(&self) -> Backend {
        Backend::Armv8
    }

    pub(super) fn encipher(&self, nonce: &[u8; 16], direction: Direction, message: &mut [u8]) {
        #[target_feature(enable = "aes")]
        fn with_aes(key: &Expanded<Armv8>, nonce: &[u8; 16], direction: Direction, message: &mut [u8]) {
            key.encipher(nonce, direction, message);
        }
        // SAFETY: an `Armv8` exists, so that the processor has the AES instructions
        unsafe { with_aes(&self.0, nonce, direction, message) }
    }
}

/// The round keys. Exists only where the processor has the AES instructions.
#[derive(Zeroize, ZeroizeOnDrop)]
pub(crate) struct Armv8 {
    i: Vector,
    j: Vector,
    l: Vector,
    multiples_of_l: [Vector; 8],
}

impl Armv8 {
    pub(crate) fn is_available() -> bool {
        cpu_aes::get()
    }

    #[inline(always)]
    pub(crate) fn new(key: &Subkeys) -> Option<Self> {
        Self::is_available().then(|| Self {
            i: Vector::from_number(key.i),
            j: Vector::from_number(key.j),
            l: Vector::from_number(key.l),
            multiples_of_l: first_multiples(key.l).map(Vector::from_number),
        })
    }

    /// Adds the keys, then one AES round but for its own key.
    #[inline(always)]
    fn round(&self, mut x: Blocks<Vector>, keys: Blocks<Vector>) -> Blocks<Vector> {
        for (x, key) in x.0.iter_mut().zip(keys.0) {
            // SAFETY: `self` exists, so that the processor has the AES instructions
            x.0 = unsafe { vaesmcq_u8(vaeseq_u8(x.0, key.0)) };
        }
        x
    }
}

impl Engine for Armv8 {
    type Block = Vector;
    type Eight = Blocks<Vector>;

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
        Blocks(self.multiples_of_l)
    }

    #[inline(always)]
    fn load(&self, pairs: &[Pair; 8]) -> [Blocks<Vector>; 2] {
        Blocks::load(pairs)
    }

    #[inline(always)]
    fn store(&self, halves: [Blocks<Vector>; 2], pairs: &mut [Pair; 8]) {
        Blocks::store(halves, pairs);
    }

    #[inline(always)]
    fn sum(&self, eight: Blocks<Vector>, count: usize) -> Vector {
        eight.sum(count)
    }

    #[inline(always)]
    fn rounds4(&self, x: Blocks<Vector>, offset: Blocks<Vector>, mask: Blocks<Vector>) -> Blocks<Vector> {
        let x = self.round(x, offset);
        let x = self.round(x, self.splat(self.j));
        let x = self.round(x, self.splat(self.i));
        self.round(x, self.splat(self.l)) ^ mask
    }

    #[inline(always)]
    fn rounds10(&self, x: Blocks<Vector>) -> Blocks<Vector> {
        let [i, j, l] = [self.i, self.j, self.l];
        let mut x = self.round(x, self.splat(Vector::zero()));
        for key in [i, j, l, i, j, l, i, j, l] {
            x = self.round(x, self.splat(key));
        }
        x ^ self.splat(i)
    }
}

/// A block in a register.
#[derive(Clone, Copy)]
pub(crate) struct Vector(uint8x16_t);

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
