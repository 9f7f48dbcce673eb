//! VAES with AVX-512: four blocks in each register.

#![expect(clippy::cast_possible_truncation, reason = "a count of at most eight")]
#![expect(clippy::indexing_slicing, reason = "under four; core's `zip` is not inlined without link-time optimisation")]

use super::{
    detect,
    xmm::{self, Xmm},
};
use crate::{
    aez::Direction,
    encipher::encipher,
    engine::{Block as _, Engine, Pair},
    offsets::{Key, Offsets},
};
use core::{
    arch::x86_64::{
        __m512i, _mm512_aesenc_epi128, _mm512_broadcast_i32x4, _mm512_castsi128_si512, _mm512_castsi512_si128,
        _mm512_extracti32x4_epi32, _mm512_inserti32x4, _mm512_loadu_si512, _mm512_mask_storeu_epi64,
        _mm512_maskz_loadu_epi64, _mm512_maskz_mov_epi64, _mm512_permutex2var_epi64, _mm512_set_epi64,
        _mm512_shuffle_i64x2, _mm512_storeu_si512, _mm512_xor_si512,
    },
    ops::BitXor,
};

/// Proof that the processor has VAES, AES-NI, AVX2 and AVX-512.
#[derive(Clone, Copy)]
pub(crate) struct HasVaes512(());

impl HasVaes512 {
    pub(super) fn find() -> Option<Self> {
        if detect::vaes512() { Some(Self(())) } else { None }
    }

    #[inline]
    pub(super) fn encipher(self, key: &Key, nonce: &[u8; 16], direction: Direction, message: &mut [u8]) {
        #[target_feature(enable = "aes,avx2,avx512f,vaes")]
        fn with_vaes(has: HasVaes512, key: &Key, nonce: &[u8; 16], direction: Direction, message: &mut [u8]) {
            encipher(&Vaes512::new(has, key), nonce, direction, message);
        }
        // SAFETY: the processor has all four as `self` proves
        unsafe { with_vaes(self, key, nonce, direction, message) }
    }
}

/// The expanded key. Exists only where the processor has VAES, AES-NI, AVX2 and AVX-512.
struct Vaes512(Offsets<Xmm>);

impl Vaes512 {
    #[inline(always)]
    fn new(_: HasVaes512, key: &Key) -> Self {
        Self(Offsets::new(key))
    }

    /// One AES round on each block.
    #[inline(always)]
    fn round(&self, x: Eight, keys: Eight) -> Eight {
        let ([x0, x1], [key0, key1]) = (x.0, keys.0);
        // SAFETY: `self` exists, so that the processor has VAES and AVX-512
        unsafe { Eight([Zmm(_mm512_aesenc_epi128(x0.0, key0.0)), Zmm(_mm512_aesenc_epi128(x1.0, key1.0))]) }
    }

    /// Fewer than eight pairs, as they lie, then zeros.
    #[inline(always)]
    fn load_lanes(&self, pairs: &[Pair]) -> [Eight; 2] {
        let (mut zmm, lanes) = ([Zmm::zero(self); 4], lanes_of(pairs));
        let place = pairs.as_ptr().cast::<[Pair; 2]>();
        for n in 0..4 {
            // SAFETY: `self` exists, so that the processor has AVX-512; reads no lanes but those of `pairs`
            zmm[n].0 = unsafe { _mm512_maskz_loadu_epi64(lanes[n], place.wrapping_add(n).cast()) };
        }
        let [a, b, c, d] = zmm;
        [Eight([a, b]), Eight([c, d])]
    }

    #[inline(always)]
    fn store_lanes(&self, [Eight([a, b]), Eight([c, d])]: [Eight; 2], pairs: &mut [Pair]) {
        let (zmm, lanes) = ([a, b, c, d], lanes_of(pairs));
        let place = pairs.as_mut_ptr().cast::<[Pair; 2]>();
        for n in 0..4 {
            // SAFETY: `self` exists, so that the processor has AVX-512; writes no lanes but those of `pairs`
            unsafe { _mm512_mask_storeu_epi64(place.wrapping_add(n).cast(), lanes[n], zmm[n].0) };
        }
    }
}

/// The 64-bit lanes that fewer than eight pairs fill, for each 64 bytes.
#[inline(always)]
fn lanes_of(pairs: &[Pair]) -> [u8; 4] {
    (!u32::MAX.unbounded_shl(4_u32.saturating_mul(pairs.len() as u32))).to_le_bytes()
}

/// The 64-bit lanes of the first `count` of eight blocks.
#[inline(always)]
fn lanes_of_blocks(count: usize) -> [u8; 2] {
    (!u16::MAX.unbounded_shl(2_u32.saturating_mul(count as u32))).to_le_bytes()
}

impl Engine for Vaes512 {
    type Block = Xmm;
    type Eight = Eight;
    type Sum = Zmm;
    type Kept = [Eight; 2];

    #[inline(always)]
    fn offsets(&self) -> &Offsets<Xmm> {
        &self.0
    }

    #[inline(always)]
    fn splat(&self, block: Xmm) -> Eight {
        // SAFETY: `self` exists, so that the processor has AVX-512
        Eight([Zmm(unsafe { _mm512_broadcast_i32x4(block.0) }); 2])
    }

    #[inline(always)]
    fn gather(&self, [a, b, c, d, e, f, g, h]: [Xmm; 8]) -> Eight {
        Eight([Zmm::new([a, b, c, d]), Zmm::new([e, f, g, h])])
    }

    #[inline(always)]
    fn scatter(&self, eight: Eight) -> [Xmm; 8] {
        let Eight([front, back]) = eight;
        let ([a, b, c, d], [e, f, g, h]) = (front.blocks(), back.blocks());
        [a, b, c, d, e, f, g, h]
    }

    #[inline(always)]
    fn multiples_of_l(&self) -> Eight {
        self.gather(self.0.l)
    }

    #[inline(always)]
    fn load(&self, pairs: &[Pair]) -> [Eight; 2] {
        const LEFT: i32 = 0b10_00_10_00;
        const RIGHT: i32 = 0b11_01_11_01;
        let [Eight([a, b]), Eight([c, d])] = match pairs.as_array() {
            Some(pairs) => self.unstash(pairs),
            None => self.load_lanes(pairs),
        };
        // SAFETY: `self` exists, so that the processor has AVX-512
        unsafe {
            // no closures: without link-time optimisation they would be called, as they have not the caller's target features
            let left = [_mm512_shuffle_i64x2::<LEFT>(a.0, b.0), _mm512_shuffle_i64x2::<LEFT>(c.0, d.0)];
            let right = [_mm512_shuffle_i64x2::<RIGHT>(a.0, b.0), _mm512_shuffle_i64x2::<RIGHT>(c.0, d.0)];
            [Eight([Zmm(left[0]), Zmm(left[1])]), Eight([Zmm(right[0]), Zmm(right[1])])]
        }
    }

    #[inline(always)]
    fn store(&self, [Eight([left0, left1]), Eight([right0, right1])]: [Eight; 2], pairs: &mut [Pair]) {
        // SAFETY: `self` exists, so that the processor has AVX-512
        let [a, b, c, d] = unsafe {
            // 64-bit lanes of the left blocks are 0 to 7, of the right ones 8 to 15
            let front = _mm512_set_epi64(11, 10, 3, 2, 9, 8, 1, 0);
            let back = _mm512_set_epi64(15, 14, 7, 6, 13, 12, 5, 4);
            [
                Zmm(_mm512_permutex2var_epi64(left0.0, front, right0.0)),
                Zmm(_mm512_permutex2var_epi64(left0.0, back, right0.0)),
                Zmm(_mm512_permutex2var_epi64(left1.0, front, right1.0)),
                Zmm(_mm512_permutex2var_epi64(left1.0, back, right1.0)),
            ]
        };
        let halves = [Eight([a, b]), Eight([c, d])];
        match pairs.as_mut_array() {
            Some(pairs) => self.stash(halves, pairs),
            None => self.store_lanes(halves, pairs),
        }
    }

    /// As they are: the order of the blocks in between is of no matter, and it saves the shuffles.
    #[inline(always)]
    fn stash(&self, [Eight([a, b]), Eight([c, d])]: [Eight; 2], pairs: &mut [Pair; 8]) {
        let place = pairs.as_mut_ptr().cast::<[Pair; 2]>();
        // SAFETY: `self` exists, so that the processor has AVX-512; writes the 256 bytes
        unsafe {
            _mm512_storeu_si512(place.cast(), a.0);
            _mm512_storeu_si512(place.wrapping_add(1).cast(), b.0);
            _mm512_storeu_si512(place.wrapping_add(2).cast(), c.0);
            _mm512_storeu_si512(place.wrapping_add(3).cast(), d.0);
        }
    }

    #[inline(always)]
    fn unstash(&self, pairs: &[Pair; 8]) -> [Eight; 2] {
        let place = pairs.as_ptr().cast::<[Pair; 2]>();
        // SAFETY: `self` exists, so that the processor has AVX-512; reads the 256 bytes
        let [a, b, c, d] = unsafe {
            [
                Zmm(_mm512_loadu_si512(place.cast())),
                Zmm(_mm512_loadu_si512(place.wrapping_add(1).cast())),
                Zmm(_mm512_loadu_si512(place.wrapping_add(2).cast())),
                Zmm(_mm512_loadu_si512(place.wrapping_add(3).cast())),
            ]
        };
        [Eight([a, b]), Eight([c, d])]
    }

    #[inline(always)]
    fn sum(&self, eight: Eight, count: usize) -> Zmm {
        let [mut a, mut b] = eight.0;
        if count < 8 {
            let [front, back] = lanes_of_blocks(count);
            // SAFETY: `self` exists, so that the processor has AVX-512
            unsafe {
                a = Zmm(_mm512_maskz_mov_epi64(front, a.0));
                b = Zmm(_mm512_maskz_mov_epi64(back, b.0));
            }
        }
        a ^ b
    }

    #[inline(always)]
    fn total(&self, sum: Zmm) -> Xmm {
        let [a, b, c, d] = sum.blocks();
        (a ^ b) ^ (c ^ d)
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
    fn first_pass_of_few(&self, pairs: &mut [Pair], common: Xmm) -> (Zmm, [Eight; 2]) {
        self.first_of_few(pairs, common)
    }

    #[inline(always)]
    fn second_pass_of_few(&self, pairs: &mut [Pair], kept: [Eight; 2], common: Xmm, s: Xmm) -> Zmm {
        self.second_of_few(pairs, kept, common, s)
    }
}

/// Four blocks. Made and used only by a [`Vaes512`].
#[derive(Clone, Copy)]
struct Zmm(__m512i);

impl Zmm {
    #[inline(always)]
    fn zero(engine: &Vaes512) -> Self {
        let Eight([zero, _]) = engine.splat(Xmm::zero());
        zero
    }

    #[inline(always)]
    fn new([a, b, c, d]: [Xmm; 4]) -> Self {
        // SAFETY: where there is a `Vaes512`, there is AVX-512
        Self(unsafe {
            let abcd = _mm512_inserti32x4::<1>(_mm512_castsi128_si512(a.0), b.0);
            _mm512_inserti32x4::<3>(_mm512_inserti32x4::<2>(abcd, c.0), d.0)
        })
    }

    #[inline(always)]
    fn blocks(self) -> [Xmm; 4] {
        // SAFETY: where there is a `Vaes512`, there is AVX-512
        unsafe {
            [
                Xmm(_mm512_castsi512_si128(self.0)),
                Xmm(_mm512_extracti32x4_epi32::<1>(self.0)),
                Xmm(_mm512_extracti32x4_epi32::<2>(self.0)),
                Xmm(_mm512_extracti32x4_epi32::<3>(self.0)),
            ]
        }
    }
}

impl BitXor for Zmm {
    type Output = Self;

    #[inline(always)]
    fn bitxor(self, other: Self) -> Self {
        // SAFETY: where there is a `Vaes512`, there is AVX-512
        Self(unsafe { _mm512_xor_si512(self.0, other.0) })
    }
}

/// Eight blocks.
#[derive(Clone, Copy)]
struct Eight([Zmm; 2]);

impl BitXor for Eight {
    type Output = Self;

    #[inline(always)]
    fn bitxor(self, other: Self) -> Self {
        let ([a, b], [c, d]) = (self.0, other.0);
        Self([a ^ c, b ^ d])
    }
}
