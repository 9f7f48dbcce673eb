//! Comparison of the processor's instructions with the model.
#![expect(unsafe_code, reason = "the instructions' traits have unsafe functions")]
#![allow(dead_code, reason = "each processor has some of them")]

extern crate std;

use super::instructions::{Model, Wide};
use crate::{
    backend::{
        aese::Aese,
        aesenc::{AesNi, Vaes, Vaes512},
    },
    block::{Block, Pair},
};
use core::array::from_fn;
use std::{vec, vec::Vec};

/// Blocks without similarities.
fn blocks<B: Block, const N: usize>() -> [B; N] {
    let mut number = 0_u128;
    [(); N].map(|()| {
        number = number.wrapping_add(0x9e37_79b9_7f4a_7c15_f39c_c060_5ced_c835);
        B::from_number(number)
    })
}

fn pairs<const N: usize>() -> [Pair; N] {
    let (left, right) = (blocks::<Wide<1>, N>(), blocks::<Wide<1>, N>().map(Block::double));
    from_fn(|n| [left[n].to_bytes(), right[n].to_bytes()])
}

/// Asserts that AES-NI agrees with the model.
pub(crate) fn same_aes_ni(real: impl AesNi) {
    fn all(instructions: impl AesNi) -> [[u8; 16]; 9] {
        let ([x, y, k1, k2, k3], eight) = (blocks(), blocks());
        let [a, b, c, d, e, f, g, h] = instructions.aesenc_8x3(eight, [k1, k2, k3]);
        [instructions.aesenc(x, y), a, b, c, d, e, f, g, h].map(Block::to_bytes)
    }
    assert_eq!(all(real), all(Model));
}

/// Asserts that VAES agrees with the model.
pub(crate) fn same_vaes(real: impl Vaes) {
    fn all<I: Vaes>(instructions: I) -> ([Pair; 4], [[u8; 16]; 2]) {
        let [a, b] = blocks();
        let [c, d] = pairs();
        let (x, y) = (instructions.set_m128i(a, b), instructions.loadu(&c));
        let mut stored = [d; 4];
        for (place, ymm) in stored.iter_mut().zip([x, y, x ^ y, instructions.aesenc(x, y)]) {
            instructions.storeu(ymm, place);
        }
        (stored, [instructions.castsi256_si128(x), instructions.extracti128(x)].map(Block::to_bytes))
    }
    same_aes_ni(real.aes_ni());
    assert_eq!(all(real), all(Model));
}

/// Asserts that VAES with AVX-512 agrees with the model.
pub(crate) fn same_vaes512(real: impl Vaes512) {
    fn all<I: Vaes512>(instructions: I) -> Vec<[Pair; 2]> {
        let [a, b, c, d] = blocks();
        let memory: [Pair; 2] = pairs();
        let (x, y) = (instructions.set_i32x4([a, b, c, d]), instructions.loadu(&memory));
        let [a, b, c, d] = instructions.extract_i32x4(y);
        let mut registers = vec![
            x ^ y,
            instructions.aesenc(x, y),
            instructions.broadcast_i32x4(a),
            instructions.set_i32x4([d, c, b, a]),
            instructions.shuffle_i64x2::<0b00_01_10_11>(x, y),
            instructions.shuffle_i64x2::<0b10_00_11_01>(x, y),
            instructions.permutex2var_epi64(x, [0, 8, 3, 15, 12, 7, 9, 2], y),
            instructions.maskz_mov_epi64(0b0110_1001, x),
        ];
        for (count, mask) in [(0, 0), (1, 0x0f), (1, 0b0110), (2, 0xff), (2, 0b1011_0010)] {
            // SAFETY: four lanes are a pair
            registers.push(unsafe { instructions.maskz_loadu_epi64(mask, &memory[..count]) });
        }
        let mut stored = vec![[[[0; 16]; 2]; 2]; registers.len()];
        for (place, zmm) in stored.iter_mut().zip(registers) {
            instructions.storeu(zmm, place);
        }
        for (count, mask) in [(0, 0), (1, 0x0f), (1, 0b0110), (2, 0xff), (2, 0b1011_0010)] {
            let mut place = memory;
            // SAFETY: four lanes are a pair
            unsafe { instructions.mask_storeu_epi64(mask, x, &mut place[..count]) };
            stored.push(place);
        }
        stored
    }
    same_aes_ni(real.aes_ni());
    assert_eq!(all(real), all(Model));
}

/// Asserts that the instructions of aarch64 agree with the model.
pub(crate) fn same_aese(real: impl Aese) {
    fn all(instructions: impl Aese) -> [[u8; 16]; 2] {
        let [x, y] = blocks();
        [instructions.aese(x, y), instructions.aesmc(x)].map(Block::to_bytes)
    }
    assert_eq!(all(real), all(Model));
}
