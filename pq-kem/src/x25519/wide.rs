//! Eight exchanges side by side, where the processor has lanes for them.

#[cfg(all(target_arch = "x86_64", not(mixwell_backend = "portable")))]
mod ifma;

/// What the processor does at once.
pub(super) const LANES: usize = 8;

/// The function of RFC 7748 in each lane, whatever it gives; `None` if this processor has no such lanes.
#[cfg(all(target_arch = "x86_64", not(mixwell_backend = "portable")))]
#[inline]
pub(super) fn multiply(scalars: [&[u8; 32]; LANES], us: [&[u8; 32]; LANES]) -> Option<[[u8; 32]; LANES]> {
    ifma::HasIfma::find().map(|has| has.multiply(scalars, us))
}

#[cfg(not(all(target_arch = "x86_64", not(mixwell_backend = "portable"))))]
pub(super) const fn multiply(_: [&[u8; 32]; LANES], _: [&[u8; 32]; LANES]) -> Option<[[u8; 32]; LANES]> {
    None
}
