//! Uniformly random numbers below a bound.

use rand_core::CryptoRng;

/// A uniformly random number below `n`; `None` if `n` is 0. (D. Lemire, "Fast random integer
/// generation in an interval", 2019.)
pub(super) fn below<R: CryptoRng + ?Sized>(n: usize, rng: &mut R) -> Option<usize> {
    let n = u64::try_from(n).ok()?;
    // 2^64 mod n: the number of results that would be drawn once more often than the others
    let uneven = n.wrapping_neg().checked_rem(n)?;
    loop {
        let product = u128::from(rng.next_u64()).wrapping_mul(n.into());
        #[expect(clippy::cast_possible_truncation, reason = "the lower half is meant")]
        if product as u64 >= uneven {
            return usize::try_from(product >> 64).ok();
        }
    }
}
