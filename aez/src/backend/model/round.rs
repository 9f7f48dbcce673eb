//! The steps of an AES round (FIPS 197, section 5.1), byte by byte. Byte n of a block is in row n
//! mod 4, column n / 4.
#![expect(
    clippy::arithmetic_side_effects,
    clippy::integer_division_remainder_used,
    reason = "a model, of constants' indices"
)]

use core::array::from_fn;

pub(super) fn sub_bytes(state: [u8; 16]) -> [u8; 16] {
    state.map(|byte| S_BOX[usize::from(byte)])
}

pub(super) fn shift_rows(state: [u8; 16]) -> [u8; 16] {
    from_fn(|n| state[(n + 4 * (n % 4)) % 16])
}

pub(super) fn mix_columns(state: [u8; 16]) -> [u8; 16] {
    from_fn(|n| {
        let below = |rows: usize| state[n / 4 * 4 + (n + rows) % 4];
        double(below(0) ^ below(1)) ^ below(1) ^ below(2) ^ below(3)
    })
}

/// The inverse in GF(2⁸), then an affine map. The invertible elements are the powers of 3, and the
/// inverse of 3^n is 3^(255 − n).
const S_BOX: [u8; 256] = {
    let mut powers = [1; 256];
    let mut n = 1;
    while n < 256 {
        powers[n] = powers[n - 1] ^ double(powers[n - 1]);
        n += 1;
    }
    let mut table = [0x63; 256];
    while n > 0 {
        n -= 1;
        let inverse = powers[255 - n];
        table[powers[n] as usize] = 0x63
            ^ inverse
            ^ inverse.rotate_left(1)
            ^ inverse.rotate_left(2)
            ^ inverse.rotate_left(3)
            ^ inverse.rotate_left(4);
    }
    table
};

/// Twice a byte in GF(2⁸).
const fn double(byte: u8) -> u8 {
    byte << 1 ^ if byte > 0x7f { 0x1b } else { 0 }
}

/// FIPS 197, appendix B, round 1.
#[test]
fn as_the_standard_has_it() {
    let state = 0x193d_e3be_a0f4_e22b_9ac6_8d2a_e9f8_4808_u128;
    let after_sub_bytes = 0xd427_11ae_e0bf_98f1_b8b4_5de5_1e41_5230_u128;
    let after_shift_rows = 0xd4bf_5d30_e0b4_52ae_b841_11f1_1e27_98e5_u128;
    let after_mix_columns = 0x0466_81e5_e0cb_199a_48f8_d37a_2806_264c_u128;
    assert_eq!(sub_bytes(state.to_be_bytes()), after_sub_bytes.to_be_bytes());
    assert_eq!(shift_rows(after_sub_bytes.to_be_bytes()), after_shift_rows.to_be_bytes());
    assert_eq!(mix_columns(after_shift_rows.to_be_bytes()), after_mix_columns.to_be_bytes());
}
