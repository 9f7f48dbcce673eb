//! How many authorities it takes.

/// How many of `authorities` are a majority: what a consensus needs to be believed, and to be published.
#[must_use]
pub const fn majority(authorities: usize) -> usize {
    (authorities >> 1).saturating_add(1)
}
