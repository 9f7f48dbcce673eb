//! Processors of aarch64: detection of the AES instructions, and the entry point that enables them.
//! NEON is part of every target that this is compiled for.

use super::{
    Backend,
    aese::{Aese, Neon},
    simd::Lanes,
};
use crate::{block::Block, direction::Direction, encipher::encipher, offsets::Key};
use core::{
    arch::aarch64::{
        uint8x16_t, vaddq_u8, vaeseq_u8, vaesmcq_u8, vandq_u8, vcltzq_s8, vdupq_n_u8, veorq_u8, vextq_u8, vld1q_u8,
        vreinterpretq_s8_u8, vst1q_u8,
    },
    ops::BitXor,
};
use zeroize::Zeroize;

cpufeatures::new!(cpu_aes, "aes");

/// The back ends of this target besides the portable one.
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
            encipher(&Lanes::<_, 8>::new(Neon(has), key), nonce, direction, message);
        }
        // SAFETY: the processor has the AES instructions as `self` proves
        unsafe { with_aes(self, key, nonce, direction, message) }
    }
}

impl Aese for Native {
    type Vector = Vector;

    #[inline(always)]
    fn aese(self, x: Vector, key: Vector) -> Vector {
        // SAFETY: `self` proves that the processor has the AES instructions
        Vector(unsafe { vaeseq_u8(x.0, key.0) })
    }

    #[inline(always)]
    fn aesmc(self, x: Vector) -> Vector {
        // SAFETY: `self` proves that the processor has the AES instructions
        Vector(unsafe { vaesmcq_u8(x.0) })
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

    /// Shifts each byte left by a bit and fills in the top bit of the next byte; the top bit of the
    /// first byte is reduced to 0x87 in the last byte.
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
    use super::Native;
    use crate::backend::model::same_aese;

    #[test]
    fn the_model_is_the_instructions() {
        Native::best().into_iter().for_each(same_aese);
    }

    #[test]
    fn doubles() {
        crate::field::tests::doubles::<super::Vector>();
    }
}
