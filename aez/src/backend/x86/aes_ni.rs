//! AES-NI: a block in each register, eight in flight.

use super::{detect, xmm::Xmm};
use crate::{
    aez::Direction,
    backend::{blocks::Blocks, expanded::Expanded},
    engine::{Block, Engine, Pair},
    field::first_multiples,
    offsets::Subkeys,
};
use core::arch::x86_64::_mm_aesenc_si128;
use zeroize::{Zeroize, ZeroizeOnDrop};

/// The round keys. Exists only where the processor has AES-NI.
#[derive(Zeroize, ZeroizeOnDrop)]
pub(crate) struct AesNi {
    pub(super) i: Xmm,
    pub(super) j: Xmm,
    pub(super) l: Xmm,
    pub(super) multiples_of_l: [Xmm; 8],
}

impl AesNi {
    pub(crate) fn is_available() -> bool {
        detect::aes()
    }

    #[inline(always)]
    pub(crate) fn new(key: &Subkeys) -> Option<Self> {
        Self::is_available().then(|| Self {
            i: Xmm::from_number(key.i),
            j: Xmm::from_number(key.j),
            l: Xmm::from_number(key.l),
            multiples_of_l: first_multiples(key.l).map(Xmm::from_number),
        })
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

impl Expanded<AesNi> {
    /// With AVX the same instructions need no copies of their operands.
    pub(super) fn run(&self, nonce: &[u8; 16], direction: Direction, message: &mut [u8]) {
        #[target_feature(enable = "aes,avx")]
        fn with_avx(key: &Expanded<AesNi>, nonce: &[u8; 16], direction: Direction, message: &mut [u8]) {
            key.encipher(nonce, direction, message);
        }
        #[target_feature(enable = "aes")]
        fn without_avx(key: &Expanded<AesNi>, nonce: &[u8; 16], direction: Direction, message: &mut [u8]) {
            key.encipher(nonce, direction, message);
        }
        if detect::avx() {
            // SAFETY: the processor has AVX, and AES-NI as an `AesNi` exists
            unsafe { with_avx(self, nonce, direction, message) }
        } else {
            // SAFETY: an `AesNi` exists, so that the processor has AES-NI
            unsafe { without_avx(self, nonce, direction, message) }
        }
    }
}

impl Engine for AesNi {
    type Block = Xmm;
    type Eight = Blocks<Xmm>;

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
        Blocks(self.multiples_of_l)
    }

    #[inline(always)]
    fn load(&self, pairs: &[Pair; 8]) -> [Blocks<Xmm>; 2] {
        Blocks::load(pairs)
    }

    #[inline(always)]
    fn store(&self, halves: [Blocks<Xmm>; 2], pairs: &mut [Pair; 8]) {
        Blocks::store(halves, pairs);
    }

    #[inline(always)]
    fn sum(&self, eight: Blocks<Xmm>, count: usize) -> Xmm {
        eight.sum(count)
    }

    #[inline(always)]
    fn rounds4(&self, x: Blocks<Xmm>, offset: Blocks<Xmm>, mask: Blocks<Xmm>) -> Blocks<Xmm> {
        let x = self.round(x ^ offset, self.splat(self.j));
        let x = self.round(x, self.splat(self.i));
        let x = self.round(x, self.splat(self.l));
        self.round(x, mask)
    }

    #[inline(always)]
    fn rounds10(&self, mut x: Blocks<Xmm>) -> Blocks<Xmm> {
        let [i, j, l] = [self.i, self.j, self.l];
        for key in [i, j, l, i, j, l, i, j, l, i] {
            x = self.round(x, self.splat(key));
        }
        x
    }
}
