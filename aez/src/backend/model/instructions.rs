//! The instructions, each as its processor's manual has it.
#![expect(unsafe_code, reason = "the instructions' traits have unsafe functions")]
#![expect(clippy::arithmetic_side_effects, clippy::cast_sign_loss, reason = "a model, of constants' indices")]

use super::round::{mix_columns, shift_rows, sub_bytes};
use crate::{
    backend::{
        Columns,
        aese::Aese,
        aesenc::{AesNi, Aesenc, Vaes, Vaes512},
    },
    block::{Block, Pair},
};
use core::{array::from_fn, ops::BitXor};

/// A processor that has them all.
#[derive(Clone, Copy)]
pub(super) struct Model;

/// A register of W blocks.
#[derive(Clone, Copy)]
pub(super) struct Wide<const W: usize>([[u8; 16]; W]);

impl<const W: usize> BitXor for Wide<W> {
    type Output = Self;

    fn bitxor(self, other: Self) -> Self {
        Self(from_fn(|n| from_fn(|i| self.0[n][i] ^ other.0[n][i])))
    }
}

fn aesenc(x: [u8; 16], key: [u8; 16]) -> [u8; 16] {
    let x = mix_columns(shift_rows(sub_bytes(x)));
    from_fn(|i| x[i] ^ key[i])
}

impl Aesenc<Columns> for Model {
    fn aesenc(self, x: Columns, key: Columns) -> Columns {
        Block::from_bytes(&aesenc(x.to_bytes(), key.to_bytes()))
    }
}

impl<const W: usize> Aesenc<Wide<W>> for Model {
    fn aesenc(self, x: Wide<W>, key: Wide<W>) -> Wide<W> {
        Wide(from_fn(|n| aesenc(x.0[n], key.0[n])))
    }
}

impl AesNi for Model {
    type Xmm = Columns;

    fn aesenc_8x3(self, x: [Columns; 8], keys: [Columns; 3]) -> [Columns; 8] {
        x.map(|x| keys.into_iter().fold(x, |x, key| self.aesenc(x, key)))
    }

    fn fence(self) {}
}

impl Vaes for Model {
    type AesNi = Self;
    type Ymm = Wide<2>;

    fn aes_ni(self) -> Self {
        self
    }

    fn set_m128i(self, high: Columns, low: Columns) -> Wide<2> {
        Wide([low.to_bytes(), high.to_bytes()])
    }

    fn castsi256_si128(self, ymm: Wide<2>) -> Columns {
        Block::from_bytes(&ymm.0[0])
    }

    fn extracti128(self, ymm: Wide<2>) -> Columns {
        Block::from_bytes(&ymm.0[1])
    }

    fn loadu(self, pair: &Pair) -> Wide<2> {
        Wide(*pair)
    }

    fn storeu(self, ymm: Wide<2>, pair: &mut Pair) {
        *pair = ymm.0;
    }
}

impl Vaes512 for Model {
    type AesNi = Self;
    type Zmm = Wide<4>;

    fn aes_ni(self) -> Self {
        self
    }

    fn broadcast_i32x4(self, xmm: Columns) -> Wide<4> {
        Wide([xmm.to_bytes(); 4])
    }

    fn set_i32x4(self, blocks: [Columns; 4]) -> Wide<4> {
        Wide(blocks.map(Block::to_bytes))
    }

    fn extract_i32x4(self, zmm: Wide<4>) -> [Columns; 4] {
        zmm.0.map(|block| Block::from_bytes(&block))
    }

    fn shuffle_i64x2<const ORDER: i32>(self, a: Wide<4>, b: Wide<4>) -> Wide<4> {
        Wide(from_fn(|n| if n < 2 { a.0 } else { b.0 }[(ORDER >> (2 * n) & 3) as usize]))
    }

    fn permutex2var_epi64(self, a: Wide<4>, order: [i64; 8], b: Wide<4>) -> Wide<4> {
        let (a, b) = (lanes(a), lanes(b));
        of_lanes(order.map(|lane| if lane & 8 == 0 { a } else { b }[(lane & 7) as usize]))
    }

    fn maskz_mov_epi64(self, mask: u8, zmm: Wide<4>) -> Wide<4> {
        let lanes = lanes(zmm);
        of_lanes(from_fn(|n| if mask >> n & 1 == 1 { lanes[n] } else { [0; 8] }))
    }

    fn loadu(self, pairs: &[Pair; 2]) -> Wide<4> {
        Wide([pairs[0][0], pairs[0][1], pairs[1][0], pairs[1][1]])
    }

    fn storeu(self, zmm: Wide<4>, pairs: &mut [Pair; 2]) {
        *pairs = [[zmm.0[0], zmm.0[1]], [zmm.0[2], zmm.0[3]]];
    }

    /// Panics if a lane is none of the pairs'.
    unsafe fn maskz_loadu_epi64(self, mask: u8, pairs: &[Pair]) -> Wide<4> {
        let (lanes, _) = pairs.as_flattened().as_flattened().as_chunks();
        of_lanes(from_fn(|n| if mask >> n & 1 == 1 { lanes[n] } else { [0; 8] }))
    }

    /// Panics if a lane is none of the pairs'.
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
    type Vector = Columns;

    fn aese(self, x: Columns, key: Columns) -> Columns {
        Block::from_bytes(&shift_rows(sub_bytes((x ^ key).to_bytes())))
    }

    fn aesmc(self, x: Columns) -> Columns {
        Block::from_bytes(&mix_columns(x.to_bytes()))
    }
}
