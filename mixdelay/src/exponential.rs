//! −ln(U) for uniform U, in fixed point and constant time (`docs/spec/mixdelay.md#sampling`).
//!
//! U = (k | 1) / 2¹²⁸ for 128 random bits k: never 0, and fine enough for a tail down to 2⁻¹²⁷.
//! With n leading zeros in k | 1 and m in \[1, 2) the rest, −ln U = (n + 1)·ln 2 − ln m. Factors
//! 1 + 2⁻ʲ, j = 1 … 4, each taken if it does not make m reach 2, leave m = 2·(1 − r) with r ≤ 1/17,
//! so that
//!
//! −ln U = n·ln 2 + Σ ln(1 + 2⁻ʲ) − ln(1 − r),
//!
//! and −ln(1 − r) is fifteen terms of its series. In units of 2⁻⁶⁴, the result differs from the
//! exact value by at most:
//!
//! | from | below | above |
//! |---|---|---|
//! | cutting U to the 64 bits after its leading zeros | | 2 |
//! | each factor's m, rounded down to 63 places | | 4 · 2 |
//! | n·ln 2, with ln 2 to 128 places | 1.1 | |
//! | the factors' logarithms, rounded down | 4 | |
//! | the series: its coefficients and products rounded down, less than r¹⁶/15 left out | 1.3 | |
//! | together, less than 16 = 2⁻⁶⁰ | 6.4 | 10 |
#![expect(clippy::arithmetic_side_effects, reason = "each bound is stated beside the operation")]

use rand_core::CryptoRng;
use subtle::{Choice, ConditionallySelectable, ConstantTimeEq};
use zeroize::Zeroizing;

/// Draws from the exponential distribution of mean 1: the integer part (at most 88) and 64 places
/// after the point.
///
/// Within 2⁻⁶⁰ of −ln U.
pub(crate) fn standard_exponential(rng: &mut impl CryptoRng) -> (u64, u64) {
    let mut random = Zeroizing::new([0; 16]);
    rng.fill_bytes(&mut *random);
    let (zeros, mantissa) = normalise(u128::from_le_bytes(*random) | 1);
    // At most 127 · ln 2 and 1, so the sum fits 71 bits.
    let nats = ln_2_times(zeros) + u128::from(ln_2_less_ln(mantissa));
    (high(nats), low(nats))
}

/// The number of leading zeros, and the 64 bits from the first one on.
///
/// Shifts by constants only: where a shift or a count of zeros is a library call, it branches.
fn normalise(bits: u128) -> (u64, u64) {
    let (mut head, mut tail) = (high(bits), low(bits));
    let empty = head.ct_eq(&0);
    head.conditional_assign(&tail, empty);
    tail.conditional_assign(&0, empty);
    let mut zeros = u64::from(empty.unwrap_u8()) << 6;
    halve::<32>(&mut head, &mut tail, &mut zeros);
    halve::<16>(&mut head, &mut tail, &mut zeros);
    halve::<8>(&mut head, &mut tail, &mut zeros);
    halve::<4>(&mut head, &mut tail, &mut zeros);
    halve::<2>(&mut head, &mut tail, &mut zeros);
    halve::<1>(&mut head, &mut tail, &mut zeros);
    (zeros, head)
}

/// Shifts by `BITS` if that many leading bits are zero.
#[inline(always)]
#[expect(clippy::inline_always, reason = "the shifts become constants")]
fn halve<const BITS: u32>(head: &mut u64, tail: &mut u64, zeros: &mut u64) {
    let empty = (*head >> (64 - BITS)).ct_eq(&0);
    head.conditional_assign(&((*head << BITS) | (*tail >> (64 - BITS))), empty);
    tail.conditional_assign(&(*tail << BITS), empty);
    *zeros += u64::conditional_select(&0, &u64::from(BITS), empty);
}

/// `count` · ln 2 with 64 places after the point, rounded down; `count` is at most 127.
fn ln_2_times(count: u64) -> u128 {
    wide(count, LN_2[0]) + (wide(count, LN_2[1]) >> 64)
}

/// ln 2 − ln m with 64 places after the point, for m = `mantissa` / 2⁶³ in \[1, 2).
fn ln_2_less_ln(mut mantissa: u64) -> u64 {
    let mut sum = 0;
    for (power, ln_factor) in (1..).zip(LN_FACTORS) {
        let more = mantissa.wrapping_add(mantissa >> power);
        // At 2 the sum overflows, and the highest bit, set in the mantissa alone, is lost. (The
        // carry itself would be a branch on a Cortex-M0.)
        let taken = Choice::from((more >> 63) as u8);
        mantissa.conditional_assign(&more, taken);
        sum += u64::conditional_select(&0, &ln_factor, taken); // all together ln 2.25 = 0.81
    }
    sum + minus_ln_1_minus(mantissa.wrapping_neg())
}

/// −ln(1 − r) = r + r·(r·(1/2 + r·(1/3 + … + r·1/15))), `r` ≤ 1/17 and the result with 64 places
/// after the point.
fn minus_ln_1_minus(r: u64) -> u64 {
    let bracket = SERIES.iter().fold(0, |bracket, term| term + high(wide(r, bracket)));
    r + high(wide(r, high(wide(r, bracket))))
}

fn wide(a: u64, b: u64) -> u128 {
    u128::from(a) * u128::from(b)
}

fn high(value: u128) -> u64 {
    low(value >> 64)
}

#[expect(clippy::cast_possible_truncation, reason = "the low half is what is asked for")]
fn low(value: u128) -> u64 {
    value as u64
}

/// ln 2: 64 places after the point, and 64 more.
const LN_2: [u64; 2] = [0xb172_17f7_d1cf_79ab, 0xc9e3_b398_03f2_f6af];

/// ln(1 + 1/2), ln(1 + 1/4), ln(1 + 1/8), ln(1 + 1/16) with 64 places after the point, rounded
/// down.
const LN_FACTORS: [u64; 4] =
    [0x67cc_8fb2_fe61_2fca, 0x391f_ef8f_3534_4358, 0x1e27_076e_2af2_e5e9, 0x0f85_1860_08b1_5330];

/// 1/15, 1/14, …, 1/2 with 64 places after the point, rounded down.
const SERIES: [u64; 14] = [
    0x1111_1111_1111_1111,
    0x1249_2492_4924_9249,
    0x13b1_3b13_b13b_13b1,
    0x1555_5555_5555_5555,
    0x1745_d174_5d17_45d1,
    0x1999_9999_9999_9999,
    0x1c71_c71c_71c7_1c71,
    0x2000_0000_0000_0000,
    0x2492_4924_9249_2492,
    0x2aaa_aaaa_aaaa_aaaa,
    0x3333_3333_3333_3333,
    0x4000_0000_0000_0000,
    0x5555_5555_5555_5555,
    0x8000_0000_0000_0000,
];
