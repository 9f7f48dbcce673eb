//! The number of authorities needed for a decision.

/// The smallest majority of `authorities`: the number of signatures that a consensus needs.
///
/// ```
/// assert_eq!([1, 2, 3, 4, 5].map(mixwell_pki_types::majority), [1, 2, 2, 3, 3]);
/// ```
#[must_use]
pub const fn majority(authorities: usize) -> usize {
    (authorities >> 1).saturating_add(1)
}
