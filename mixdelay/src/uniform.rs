//! Uniform choice of an index.

use rand_core::CryptoRng;

/// Draws from 0 … `bound` − 1, each exactly as likely; 0 if `bound` is 0.
///
/// By the high half of a product (Lemire, "Fast Random Integer Generation in an Interval", 2019). It draws again less
/// than once in 2⁶⁴ / `bound` times.
pub(crate) fn below(bound: usize, rng: &mut impl CryptoRng) -> usize {
    let bound = bound as u64;
    loop {
        let product = u128::from(rng.next_u64()).wrapping_mul(u128::from(bound));
        #[expect(clippy::cast_possible_truncation, reason = "the halves; the high one is below `bound`, a usize")]
        let (low, high) = (product as u64, (product >> 64) as usize);
        // Of 2⁶⁴ draws, 2⁶⁴ mod `bound` must be rejected; that is less than `bound`, so mostly no division.
        if low >= bound || bound.wrapping_neg().checked_rem(bound).is_none_or(|rejected| low >= rejected) {
            return high;
        }
    }
}
