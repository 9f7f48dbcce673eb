//! Messages of 1 to 31 bytes (AEZ v5, §2: `AEZ-tiny`): a balanced Feistel network.
#![expect(clippy::arithmetic_side_effects, reason = "rounds of at most 24, halves of at most 124 bits")]

use crate::{block::Block, direction::Direction, engine::Engine};

/// Enciphers or deciphers 1 to 31 bytes in place; other lengths are left alone.
///
/// ```text
/// L | R = M
/// for j = 0, 1, …:   L, R = R, L ⊕ E(0, i, Δ ⊕ (R 10*) ⊕ j)      i = 7 under 16 bytes, 6 from 16 on
/// C = R | L
/// ```
///
/// Decryption counts j down.
#[inline(always)]
pub(crate) fn encipher<E: Engine>(engine: &E, nonce: &[u8; 16], direction: Direction, message: &mut [u8]) {
    let offsets = engine.offsets();
    let [tau, nonce] = engine.aes4(offsets.tweak(nonce), [E::Block::zero(); 2]);
    let delta = tau ^ nonce;
    let [_, _, e_3, _, _, e_6, e_7, _] = offsets.of_single_blocks();
    let (rounds, e_i) = match message.len() {
        1 => (24, e_7),
        2 => (16, e_7),
        3..16 => (10, e_7),
        16..32 => (8, e_6),
        _ => return,
    };

    if message.len() < 16 && direction == Direction::Decrypt {
        flip_top_bit(engine, delta ^ e_3, message);
    }
    let mut halves = Halves::split(message);
    for round in 0..rounds {
        let j = match direction {
            Direction::Encrypt => round,
            Direction::Decrypt => rounds - 1 - round,
        };
        let input = E::Block::from_number(halves.padded_right() ^ j);
        let [mixed] = engine.aes4([delta ^ e_i ^ input], [E::Block::zero()]);
        halves.round(mixed.to_number());
    }
    halves.join(message);
    if message.len() < 16 && direction == Direction::Encrypt {
        flip_top_bit(engine, delta ^ e_3, message);
    }
}

/// The top bit of C ⊕= the top bit of E(0, 3, Δ ⊕ (C 0* ∨ 10*)): without it, only even permutations
/// would be possible.
#[inline(always)]
fn flip_top_bit<E: Engine>(engine: &E, offset: E::Block, message: &mut [u8]) {
    let (first, ..) = numbers(message);
    let top_bit = 1 << 127;
    let [mixed] = engine.aes4([offset ^ E::Block::from_number(first | top_bit)], [E::Block::zero()]);
    let [mixed, ..] = mixed.to_bytes();
    if let Some(first) = message.first_mut() {
        *first ^= mixed & 0x80;
    }
}

/// The two halves of a message, each in the top bits of a number.
struct Halves {
    /// n, the bits of a half: 4 to 124.
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

    /// R 10*
    #[inline(always)]
    fn padded_right(&self) -> u128 {
        self.right | 1_u128.wrapping_shl(127 - self.bits)
    }

    #[inline(always)]
    fn round(&mut self, mixed: u128) {
        (self.left, self.right) = (self.right, self.left ^ (mixed & top(self.bits)));
    }

    /// R | L. With the halves exchanged, decryption is the same network with its rounds in reverse
    /// order.
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

/// The message and zeros behind it as two big-endian numbers, and the number of bits in one half.
#[inline(always)]
fn numbers(message: &[u8]) -> (u128, u128, u32) {
    let (mut first, mut second, mut bits) = (0, 0, 0);
    for byte in message.iter().rev() {
        // A shift of both numbers by one byte, instead of a copy into a block by an index that
        // depends on the length.
        second = second >> 8 | first << 120;
        first = first >> 8 | u128::from(*byte) << 120;
        bits += 4;
    }
    (first, second, bits)
}

/// A mask of the top 1 to 127 bits.
#[inline(always)]
const fn top(bits: u32) -> u128 {
    !u128::MAX.wrapping_shr(bits)
}
