//! −ln(U) for uniform U, in fixed point and constant time (mixdelay.md, "Sampling").
//!
//! U = (k | 1) / 2¹²⁸ for 128 random bits k: never 0, and fine enough for a tail down to 2⁻¹²⁷. With n leading zeros in
//! k | 1 and m in \[1, 2) the rest, −ln U = (n + 1)·ln 2 − ln m. One of sixteen factors c, chosen by the first four
//! bits of m, takes m to m·c = 1 + r with 0 ≤ r < 1/16; ln m = −ln c + ln(1 + r), and ln(1 + r) is sixteen terms of its
//! alternating series.
//!
//! In units of 2⁻⁶⁴, the result is above the truth by:
//!
//! | from | at least | less than |
//! |---|---|---|
//! | cutting U to the 64 bits after its leading zeros | 0 | 2 |
//! | (n + 1)·ln 2, with ln 2 to 128 bits | −1 | 0.1 |
//! | −ln c, rounded down | 0 | 1 |
//! | r, rounded down to 68 places | 0 | 0.1 |
//! | the series: sixteen terms (below the sum by less than r¹⁷/17), each product and coefficient rounded down | −0.2 | 0.3 |
//! | ln(1 + r) from 68 places to 64 | 0 | 1 |
//! | [`BIAS`] | 2 | 2 |
//! | together | 0 | 8 = 2⁻⁶¹ |
#![expect(clippy::arithmetic_side_effects, reason = "each bound is stated beside the operation")]

use rand_core::CryptoRng;
use subtle::{Choice, ConditionallySelectable, ConstantTimeEq};
use zeroize::Zeroizing;

/// Draws from the exponential distribution of mean 1: the integer part (at most 88) and 64 places after the point.
///
/// Above −ln U by less than 2⁻⁶¹.
pub(crate) fn standard_exponential(rng: &mut impl CryptoRng) -> (u64, u64) {
    let mut random = Zeroizing::new([0; 16]);
    rng.fill_bytes(&mut *random);
    let (zeros, mantissa) = normalise(u128::from_le_bytes(*random) | 1);
    // At most 128 · ln 2 = 88.7…, so the sum keeps to 71 bits. The highest mantissa still leaves more than nothing.
    let nats = ln_2_times(zeros + 1) + BIAS - u128::from(ln(mantissa));
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

/// `count` · ln 2 with 64 places after the point, rounded down; `count` is at most 128.
fn ln_2_times(count: u64) -> u128 {
    const LN_2: [u64; 2] = [0xb172_17f7_d1cf_79ab, 0xc9e3_b398_03f2_f6b0];
    wide(count, LN_2[0]) + (wide(count, LN_2[1]) >> 64)
}

/// ln(m) with 64 places after the point, for m = `mantissa` / 2⁶³ in \[1, 2).
fn ln(mantissa: u64) -> u64 {
    let (factor, minus_ln_factor) = factor_of(mantissa);
    // 63 + 16 places after the point; the leading 1 taken off leaves r < 1/16, which has 64 bits at 68 places.
    let product = wide(mantissa, factor) - (1 << 79);
    let r = low(product >> 11);
    minus_ln_factor + (ln_1_plus(r) >> 4)
}

/// The factor c for m, 16 places after the point, and −ln c. Reads the whole table.
fn factor_of(mantissa: u64) -> (u64, u64) {
    let cell = (mantissa >> 59) & 0xf;
    let mut found = (0, 0);
    for (index, (factor, minus_ln)) in (0_u64..).zip(FACTORS) {
        let here: Choice = index.ct_eq(&cell);
        found.0.conditional_assign(&factor, here);
        found.1.conditional_assign(&minus_ln, here);
    }
    found
}

/// ln(1 + r), `r` and the result with 68 places after the point: r − r·(r·(1/2 − r·(1/3 − … − r·1/16))).
fn ln_1_plus(r: u64) -> u64 {
    // Every bracket is in (0, 1/2], so no difference is negative.
    let bracket = SERIES.iter().fold(LAST_TERM, |bracket, term| term - (high(wide(r, bracket)) >> 4));
    r - high(wide(r, high(wide(r, bracket)) >> 4))
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

/// Makes up for what is rounded down, so that no sample is below the truth.
const BIAS: u128 = 2;

/// For each sixteenth i of \[1, 2): c = ⌈2²⁰ / (16 + i)⌉ with 16 places after the point, and −ln c with 64, rounded down.
const FACTORS: [(u64, u64); 16] = [
    (0x1_0000, 0),
    (0xf0f1, 0x0f85_0860_0931_532b),
    (0xe38f, 0x1e26_276e_8cf2_acbf),
    (0xd795, 0x2bfd_70e1_bfa7_6141),
    (0xcccd, 0x391f_af8f_3d34_4202),
    (0xc30d, 0x459c_62af_3f17_d1b4),
    (0xba2f, 0x5185_8f08_a37a_f51e),
    (0xb217, 0x5ce6_4fdb_7fbf_b419),
    (0xaaab, 0x67cc_0fb3_1e61_2520),
    (0xa3d8, 0x723e_5f1f_8a67_66b1),
    (0x9d8a, 0x7c49_fd7e_c41b_b178),
    (0x97b5, 0x85f2_2722_31d3_183b),
    (0x924a, 0x8f41_7af4_a205_61f0),
    (0x8d3e, 0x983e_599a_8a85_ec7d),
    (0x8889, 0xa0eb_9f42_9595_39f8),
    (0x8422, 0xa94f_8934_a02b_24f6),
];

const LAST_TERM: u64 = 1 << 60;

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
