//! The instructions, as defined in the processors' manuals.
#![expect(unsafe_code, reason = "the instructions' traits have unsafe functions")]
#![expect(clippy::arithmetic_side_effects, clippy::cast_sign_loss, reason = "a model, of constants' indices")]

use super::round::{mix_columns, shift_rows, sub_bytes};
use crate::{
    backend::{
        aese::Aese,
        aesenc::{AesNi, Aesenc, Vaes, Vaes512},
    },
    block::{Block, Pair},
};
use core::{array::from_fn, ops::BitXor};
use zeroize::Zeroize;

/// A processor with all instructions.
#[derive(Clone, Copy)]
pub(super) struct Model;

/// A register of W blocks.
#[derive(Clone, Copy)]
pub(super) struct Wide<const W: usize>([[u8; 16]; W]);

// Nothing is inlined: the engines inline all callees, which would make them very long.

impl<const W: usize> BitXor for Wide<W> {
    type Output = Self;

    #[inline(never)]
    fn bitxor(self, other: Self) -> Self {
        Self(from_fn(|n| from_fn(|i| self.0[n][i] ^ other.0[n][i])))
    }
}

impl Block for Wide<1> {
    #[inline(never)]
    fn from_bytes(bytes: &[u8; 16]) -> Self {
        Self([*bytes])
    }

    #[inline(never)]
    fn to_bytes(self) -> [u8; 16] {
        self.0[0]
    }

    #[inline(never)]
    fn from_number(number: u128) -> Self {
        Self([number.to_be_bytes()])
    }
}

impl Zeroize for Wide<1> {
    fn zeroize(&mut self) {
        self.0.zeroize();
    }
}

fn aesenc(x: [u8; 16], key: [u8; 16]) -> [u8; 16] {
    let x = mix_columns(shift_rows(sub_bytes(x)));
    from_fn(|i| x[i] ^ key[i])
}

impl<const W: usize> Aesenc<Wide<W>> for Model {
    #[inline(never)]
    fn aesenc(self, x: Wide<W>, key: Wide<W>) -> Wide<W> {
        Wide(from_fn(|n| aesenc(x.0[n], key.0[n])))
    }
}

impl AesNi for Model {
    type Xmm = Wide<1>;

    #[inline(never)]
    fn aesenc_8x3(self, x: [Wide<1>; 8], keys: [Wide<1>; 3]) -> [Wide<1>; 8] {
        x.map(|x| keys.into_iter().fold(x, |x, key| self.aesenc(x, key)))
    }

    #[inline(never)]
    fn fence(self) {}
}

impl Vaes for Model {
    type AesNi = Self;
    type Ymm = Wide<2>;

    #[inline(never)]
    fn aes_ni(self) -> Self {
        self
    }

    #[inline(never)]
    fn set_m128i(self, high: Wide<1>, low: Wide<1>) -> Wide<2> {
        Wide([low.to_bytes(), high.to_bytes()])
    }

    #[inline(never)]
    fn castsi256_si128(self, ymm: Wide<2>) -> Wide<1> {
        Block::from_bytes(&ymm.0[0])
    }

    #[inline(never)]
    fn extracti128(self, ymm: Wide<2>) -> Wide<1> {
        Block::from_bytes(&ymm.0[1])
    }

    #[inline(never)]
    fn loadu(self, pair: &Pair) -> Wide<2> {
        Wide(*pair)
    }

    #[inline(never)]
    fn storeu(self, ymm: Wide<2>, pair: &mut Pair) {
        *pair = ymm.0;
    }
}

impl Vaes512 for Model {
    type AesNi = Self;
    type Zmm = Wide<4>;

    #[inline(never)]
    fn aes_ni(self) -> Self {
        self
    }

    #[inline(never)]
    fn broadcast_i32x4(self, xmm: Wide<1>) -> Wide<4> {
        Wide([xmm.to_bytes(); 4])
    }

    #[inline(never)]
    fn set_i32x4(self, blocks: [Wide<1>; 4]) -> Wide<4> {
        Wide(blocks.map(Block::to_bytes))
    }

    #[inline(never)]
    fn extract_i32x4(self, zmm: Wide<4>) -> [Wide<1>; 4] {
        zmm.0.map(|block| Block::from_bytes(&block))
    }

    #[inline(never)]
    fn shuffle_i64x2<const ORDER: i32>(self, a: Wide<4>, b: Wide<4>) -> Wide<4> {
        Wide(from_fn(|n| if n < 2 { a.0 } else { b.0 }[(ORDER >> (2 * n) & 3) as usize]))
    }

    #[inline(never)]
    fn permutex2var_epi64(self, a: Wide<4>, order: [i64; 8], b: Wide<4>) -> Wide<4> {
        let (a, b) = (lanes(a), lanes(b));
        of_lanes(order.map(|lane| if lane & 8 == 0 { a } else { b }[(lane & 7) as usize]))
    }

    #[inline(never)]
    fn maskz_mov_epi64(self, mask: u8, zmm: Wide<4>) -> Wide<4> {
        let lanes = lanes(zmm);
        of_lanes(from_fn(|n| if mask >> n & 1 == 1 { lanes[n] } else { [0; 8] }))
    }

    #[inline(never)]
    fn loadu(self, pairs: &[Pair; 2]) -> Wide<4> {
        Wide([pairs[0][0], pairs[0][1], pairs[1][0], pairs[1][1]])
    }

    #[inline(never)]
    fn storeu(self, zmm: Wide<4>, pairs: &mut [Pair; 2]) {
        *pairs = [[zmm.0[0], zmm.0[1]], [zmm.0[2], zmm.0[3]]];
    }

    /// Panics if a lane is outside the pairs.
    #[inline(never)]
    unsafe fn maskz_loadu_epi64(self, mask: u8, pairs: &[Pair]) -> Wide<4> {
        let (lanes, _) = pairs.as_flattened().as_flattened().as_chunks();
        of_lanes(from_fn(|n| if mask >> n & 1 == 1 { lanes[n] } else { [0; 8] }))
    }

    /// Panics if a lane is outside the pairs.
    #[inline(never)]
    unsafe fn mask_storeu_epi64(self, mask: u8, zmm: Wide<4>, pairs: &mut [Pair]) {
        let (places, _) = pairs.as_flattened_mut().as_flattened_mut().as_chunks_mut();
        for (n, lane) in lanes(zmm).into_iter().enumerate().filter(|(n, _)| mask >> n & 1 == 1) {
            places[n] = lane;
        }
    }
}

fn lanes(zmm: Wide<4>) -> [[u8; 8]; 8] {
    from_fn(|n| from_fn(|i| zmm.0[n >> 1][8 * (n & 1) + i]))
}

fn of_lanes(lanes: [[u8; 8]; 8]) -> Wide<4> {
    Wide(from_fn(|n| from_fn(|i| lanes[2 * n + (i >> 3)][i & 7])))
}

impl Aese for Model {
    type Vector = Wide<1>;

    #[inline(never)]
    fn aese(self, x: Wide<1>, key: Wide<1>) -> Wide<1> {
        Block::from_bytes(&shift_rows(sub_bytes((x ^ key).to_bytes())))
    }

    #[inline(never)]
    fn aesmc(self, x: Wide<1>) -> Wide<1> {
        Block::from_bytes(&mix_columns(x.to_bytes()))
    }
}
