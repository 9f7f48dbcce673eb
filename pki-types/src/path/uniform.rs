//! A number below another, each as likely.

use rand_core::CryptoRng;

/// A number below `n`; `None` if there is none. (D. Lemire, "Fast random integer generation in an
/// interval", 2019.)
pub(super) fn below<R: CryptoRng + ?Sized>(n: usize, rng: &mut R) -> Option<usize> {
    let n = u64::try_from(n).ok()?;
    // 2^64 mod n: so many products share their upper half with one more than the others do
    let uneven = n.wrapping_neg().checked_rem(n)?;
    loop {
        let product = u128::from(rng.next_u64()).wrapping_mul(n.into());
        #[expect(clippy::cast_possible_truncation, reason = "the lower half is meant")]
        if product as u64 >= uneven {
            return usize::try_from(product >> 64).ok();
        }
    }
}
