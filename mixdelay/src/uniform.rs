//! Uniform choice of an index.

use rand_core::CryptoRng;

/// Draws uniformly from 0 … `bound` − 1; 0 if `bound` is 0.
///
/// By the high half of a product (Lemire, "Fast Random Integer Generation in an Interval", 2019).
/// It draws again with a chance of less than `bound` in 2³², or in 2⁶⁴ if `bound` is 2²⁰ or more.
pub(crate) fn below(bound: usize, rng: &mut impl CryptoRng) -> usize {
    let bound = bound as u64;
    if bound < 1 << 20 {
        return reduce(32, bound, || rng.next_u32().into());
    }
    reduce(64, bound, || rng.next_u64())
}

#[inline]
fn reduce(bits: u32, bound: u64, mut draw: impl FnMut() -> u64) -> usize {
    let mask = u64::MAX >> 64_u32.wrapping_sub(bits);
    loop {
        let product = u128::from(draw()).wrapping_mul(bound.into());
        #[expect(clippy::cast_possible_truncation, reason = "the halves; the high one is below `bound`, a usize")]
        let (low, high) = (product as u64 & mask, (product >> bits) as usize);
        // 2^bits mod `bound` of the 2^bits draws must be rejected. That is less than `bound`, so
        // most draws need no division.
        if low >= bound || (mask.wrapping_sub(bound).wrapping_add(1)).checked_rem(bound).is_none_or(|few| low >= few) {
            return high;
        }
    }
}
