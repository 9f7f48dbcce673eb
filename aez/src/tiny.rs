//! Messages of 1 to 31 bytes (AEZ v5, §2: `AEZ-tiny`): a balanced Feistel network.
#![expect(clippy::arithmetic_side_effects, reason = "rounds of at most 24, halves of at most 124 bits")]

use crate::{
    aez::Direction,
    engine::{Block, Engine},
};

/// Enciphers or deciphers 1 to 31 bytes in place; other lengths are left alone.
#[inline(always)]
pub(crate) fn encipher<E: Engine>(engine: &E, nonce: &[u8; 16], direction: Direction, message: &mut [u8]) {
    let offsets = engine.offsets();
    let [length, nonce] = engine.four(offsets.tweak(nonce), [E::Block::zero(); 2]);
    let tweak = length ^ nonce;
    let [_, _, flip, _, _, from_16, under_16, _] = offsets.of_single_blocks();
    let (rounds, round_offset) = match message.len() {
        1 => (24, under_16),
        2 => (16, under_16),
        3..16 => (10, under_16),
        16..32 => (8, from_16),
        _ => return,
    };

    if message.len() < 16 && direction == Direction::Decrypt {
        flip_top_bit(engine, tweak ^ flip, message);
    }
    let mut halves = Halves::split(message);
    for round in 0..rounds {
        let number = match direction {
            Direction::Encrypt => round,
            Direction::Decrypt => rounds - 1 - round,
        };
        let [mixed] = engine
            .four([tweak ^ round_offset ^ E::Block::from_number(halves.padded_right() ^ number)], [E::Block::zero()]);
        halves.round(mixed.to_number());
    }
    halves.join(message);
    if message.len() < 16 && direction == Direction::Encrypt {
        flip_top_bit(engine, tweak ^ flip, message);
    }
}

/// The network alone would give even permutations only: flips the top bit, or not, by what the other bits say.
#[inline(always)]
fn flip_top_bit<E: Engine>(engine: &E, offset: E::Block, message: &mut [u8]) {
    let (first, ..) = numbers(message);
    let top_bit = 1 << 127;
    let [mixed] = engine.four([offset ^ E::Block::from_number(first | top_bit)], [E::Block::zero()]);
    let [mixed, ..] = mixed.to_bytes();
    if let Some(first) = message.first_mut() {
        *first ^= mixed & 0x80;
    }
}

/// The two halves of a message, each in the top bits of a number.
struct Halves {
    /// The length of a half: 4 to 124.
    bits: u32,
    left: u128,
    right: u128,
}

impl Halves {
    #[inline(always)]
    fn split(message: &[u8]) -> Self {
        let (first, second, bits) = numbers(message);
        let right = first.wrapping_shl(bits) | second.wrapping_shr(128 - bits);
        Self { bits, left: first & top(bits), right: right & top(bits) }
    }

    /// The right half, then `10*`.
    #[inline(always)]
    fn padded_right(&self) -> u128 {
        self.right | 1_u128.wrapping_shl(127 - self.bits)
    }

    #[inline(always)]
    fn round(&mut self, mixed: u128) {
        (self.left, self.right) = (self.right, self.left ^ (mixed & top(self.bits)));
    }

    /// Writes the right half, then the left: deciphering is then the same with the rounds in the other order.
    #[inline(always)]
    fn join(self, message: &mut [u8]) {
        let first = self.right | self.left.wrapping_shr(self.bits);
        let second = self.left.wrapping_shl(128 - self.bits);
        for (bytes, number) in message.chunks_mut(16).zip([first, second]) {
            for (byte, new) in bytes.iter_mut().zip(number.to_be_bytes()) {
                *byte = new;
            }
        }
    }
}

/// A message as two numbers, zeros after it, and its length in half bytes.
#[inline(always)]
fn numbers(message: &[u8]) -> (u128, u128, u32) {
    let (mut first, mut second, mut bits) = (0, 0, 0);
    for byte in message.iter().rev() {
        // a shift by one byte of the whole
        second = second >> 8 | first << 120;
        first = first >> 8 | u128::from(*byte) << 120;
        bits += 4;
    }
    (first, second, bits)
}

/// A mask of the top bits, of which there are 1 to 127.
#[inline(always)]
const fn top(bits: u32) -> u128 {
    !u128::MAX.wrapping_shr(bits)
}
