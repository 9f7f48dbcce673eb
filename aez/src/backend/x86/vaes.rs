//! VAES: two blocks in each 256-bit register.
#![expect(clippy::indexing_slicing, reason = "under four; core's `zip` is not inlined without link-time optimisation")]

use super::{
    detect,
    few::{self, First, Second},
    xmm::{self, Xmm},
};
use crate::{
    aez::Direction,
    backend::blocks::Blocks,
    encipher::encipher,
    engine::{Block as _, Engine, Pair},
    offsets::{Key, Offsets},
};
use core::{
    arch::x86_64::{__m256i, _mm256_castsi256_si128, _mm256_extracti128_si256, _mm256_set_m128i, _mm256_xor_si256},
    ops::BitXor,
};

/// Proof that the processor has VAES, AES-NI and AVX2.
#[derive(Clone, Copy)]
pub(crate) struct HasVaes(());

impl HasVaes {
    pub(super) fn find() -> Option<Self> {
        if detect::vaes() { Some(Self(())) } else { None }
    }

    #[inline]
    pub(super) fn encipher(self, key: &Key, nonce: &[u8; 16], direction: Direction, message: &mut [u8]) {
        #[cfg_attr(not(test), target_feature(enable = "aes,avx2,vaes"))]
        #[cfg_attr(test, target_feature(enable = "aes,avx2"))]
        fn with_vaes(has: HasVaes, key: &Key, nonce: &[u8; 16], direction: Direction, message: &mut [u8]) {
            encipher(&Vaes::new(has, key), nonce, direction, message);
        }
        // SAFETY: the processor has what is enabled here as `self` proves
        unsafe { with_vaes(self, key, nonce, direction, message) }
    }
}

/// The expanded key. Exists only where the processor has VAES, AES-NI and AVX2.
struct Vaes(Offsets<Xmm>);

impl Vaes {
    #[inline(always)]
    fn new(_: HasVaes, key: &Key) -> Self {
        Self(Offsets::new(key))
    }

    /// One AES round on each block.
    #[inline(always)]
    fn round(&self, mut x: Eight, keys: Eight) -> Eight {
        for n in 0..4 {
            // SAFETY: `self` exists, so that the processor has what it needs
            x.0[n].0 = unsafe { aesenc(x.0[n].0, keys.0[n].0) };
        }
        x
    }
}

#[cfg(not(test))]
use core::arch::x86_64::_mm256_aesenc_epi128 as aesenc;

/// The same with AES-NI, for unit tests: few machines that run them have VAES, and QEMU 7 gets it wrong. (Tests from
/// outside the crate run the real instruction where there is one.)
#[cfg(test)]
#[target_feature(enable = "aes,avx2")]
fn aesenc(x: __m256i, key: __m256i) -> __m256i {
    use core::arch::x86_64::_mm_aesenc_si128;
    let ([x0, x1], [key0, key1]) = (Ymm(x).blocks(), Ymm(key).blocks());
    _mm256_set_m128i(_mm_aesenc_si128(x1.0, key1.0), _mm_aesenc_si128(x0.0, key0.0))
}

impl Engine for Vaes {
    type Block = Xmm;
    type Eight = Eight;
    type Sum = Ymm;
    type Kept = ();

    #[inline(always)]
    fn offsets(&self) -> &Offsets<Xmm> {
        &self.0
    }

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
        self.gather(self.0.l)
    }

    #[inline(always)]
    fn load(&self, pairs: &[Pair]) -> [Eight; 2] {
        // no closure: without link-time optimisation it would be called, as it has not the caller's target features
        let (left, right) = (Blocks::load::<0>(pairs), Blocks::load::<1>(pairs));
        [self.gather(left.0), self.gather(right.0)]
    }

    #[inline(always)]
    fn store(&self, [left, right]: [Eight; 2], pairs: &mut [Pair]) {
        Blocks(self.scatter(left)).store::<0>(pairs);
        Blocks(self.scatter(right)).store::<1>(pairs);
    }

    #[inline(always)]
    fn sum(&self, eight: Eight, count: usize) -> Ymm {
        if count < 8 {
            return Ymm::new(Blocks(self.scatter(eight)).sum(count), Xmm::zero());
        }
        let [a, b, c, d] = eight.0;
        (a ^ b) ^ (c ^ d)
    }

    #[inline(always)]
    fn total(&self, sum: Ymm) -> Xmm {
        let [even, odd] = sum.blocks();
        even ^ odd
    }

    #[inline(always)]
    fn rounds4(&self, x: Eight, offset: Eight, mask: Eight) -> Eight {
        let Offsets { i, j, l: [l, ..], .. } = self.0;
        let x = self.round(x ^ offset, self.splat(j));
        let x = self.round(x, self.splat(i));
        let x = self.round(x, self.splat(l));
        self.round(x, mask)
    }

    #[inline(always)]
    fn rounds10(&self, mut x: Eight) -> Eight {
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

    #[inline(always)]
    fn first_pass_of_few(&self, pairs: &mut [Pair], common: Xmm) -> (Ymm, ()) {
        // SAFETY: `self` exists, so that the processor has AES-NI
        (Ymm::new(unsafe { few::pass(&First, &self.0, pairs, common) }, Xmm::zero()), ())
    }

    #[inline(always)]
    fn second_pass_of_few(&self, pairs: &mut [Pair], (): (), common: Xmm, s: Xmm) -> Ymm {
        // SAFETY: `self` exists, so that the processor has AES-NI
        Ymm::new(unsafe { few::pass(&Second(s), &self.0, pairs, common) }, Xmm::zero())
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
        for n in 0..4 {
            self.0[n] = self.0[n] ^ other.0[n];
        }
        self
    }
}

#[cfg(test)]
#[allow(clippy::cast_possible_truncation, reason = "made-up bytes")]
mod tests {
    use crate::{Aez, Backend};
    use core::array;

    /// The shuffles around the instruction, at every length that differs.
    #[test]
    fn as_the_portable_backend() {
        let key = array::from_fn(|i| (i as u8).wrapping_mul(41) ^ 0x6b);
        let Some(vaes) = Aez::with_backend(&key, Backend::Vaes) else { return };
        let portable = Aez::with_backend(&key, Backend::Portable).unwrap();
        let message: [u8; 700] = array::from_fn(|i| (i as u8).wrapping_mul(29) ^ (i >> 3) as u8);
        for length in 0..=message.len() {
            let (mut ours, mut theirs) = (message, message);
            vaes.encrypt(&[length as u8; 16], &mut ours[..length]);
            portable.encrypt(&[length as u8; 16], &mut theirs[..length]);
            assert_eq!(ours, theirs, "{length} bytes");
            vaes.decrypt(&[length as u8; 16], &mut ours[..length]);
            assert_eq!(ours, message, "{length} bytes");
        }
    }
}
