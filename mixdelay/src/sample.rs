//! Delays drawn from a rate (`docs/spec/mixdelay.md#sampling`).

use crate::{Rate, RateError, exponential::standard_exponential};
use rand_core::CryptoRng;
use subtle::{Choice, ConditionallySelectable, ConstantTimeEq};

impl Rate {
    /// Draws an exponential delay in whole milliseconds, rounded down, saturating.
    ///
    /// Takes 16 bytes from `rng`, in constant time.
    #[must_use]
    pub fn sample_millis(&self, rng: &mut impl CryptoRng) -> u64 {
        self.sample::<1>(rng)
    }

    /// Draws an exponential delay in whole nanoseconds, rounded down, saturating.
    ///
    /// Takes 16 bytes from `rng`, in constant time.
    #[must_use]
    pub fn sample_nanos(&self, rng: &mut impl CryptoRng) -> u64 {
        self.sample::<1_000_000>(rng)
    }

    /// Draws the delay of a hop in milliseconds, for its routing command: an exponential delay
    /// rounded down plus 1, at most the [safety cap](Rate::cap_millis).
    #[must_use]
    pub fn hop_delay_millis(&self, rng: &mut impl CryptoRng) -> u32 {
        // The cap is at least 1, so 1 can be added to anything up to the cap − 1. (A saturating
        // addition is a branch.)
        let delay = minimum(self.sample_millis(rng), self.cap_millis().saturating_sub(1)).wrapping_add(1);
        #[expect(clippy::cast_possible_truncation, reason = "just made to fit")]
        let delay = minimum(delay, u64::from(u32::MAX)) as u32;
        delay
    }

    /// `UNITS`: units per millisecond, at most 2²⁰.
    #[expect(clippy::arithmetic_side_effects, reason = "89 · 2⁶³ · 2²⁰ is less than 2⁹⁰")]
    fn sample<const UNITS: u32>(&self, rng: &mut impl CryptoRng) -> u64 {
        let (whole, part) = standard_exponential(rng);
        let reciprocal = u128::from(self.reciprocal);
        let delay = u128::from(whole) * reciprocal + ((u128::from(part) * reciprocal) >> 64);
        shift_down(delay * u128::from(UNITS), self.shift)
    }
}

/// Draws the delay of a hop as [`Rate::hop_delay_millis`] does, from the published number.
///
/// `|mu, rng| hop_delay_millis(mu, rng).ok()` is the sampler that `mixwell-pki-types` asks for when
/// it draws a route.
///
/// ```
/// assert!(mixwell_mixdelay::hop_delay_millis(0.005, &mut rand::rng())? >= 1);
/// # Ok::<(), mixwell_mixdelay::RateError>(())
/// ```
///
/// # Errors
/// As [`Rate::per_milli`].
pub fn hop_delay_millis(lambda: f64, rng: &mut impl CryptoRng) -> Result<u32, RateError> {
    Ok(Rate::per_milli(lambda)?.hop_delay_millis(rng))
}

/// `value` · 2^-`shift`, rounded down, at most `u64::MAX`. Branches on the public `shift` only.
#[expect(clippy::arithmetic_side_effects, reason = "the shifts are below 128 by the branches")]
#[expect(clippy::cast_possible_truncation, reason = "the bits above are looked at, or were shifted in")]
fn shift_down(value: u128, shift: i32) -> u64 {
    let (kept, over) = match shift {
        128.. => (0, 0),
        0.. => (value >> shift, value >> shift >> 64),
        -63..0 => (value << -shift, value >> (64 + shift)),
        _ => (0, value),
    };
    let fits = ((over as u64) | ((over >> 64) as u64)).ct_eq(&0);
    u64::conditional_select(&u64::MAX, &(kept as u64), fits)
}

/// The smaller of the two, without a branch.
pub(crate) fn minimum(a: u64, b: u64) -> u64 {
    // The borrow of b − a, made of its bits: as a `bool` it would be a branch on a Cortex-M0.
    let borrow = (!b & a) | ((!b | a) & b.wrapping_sub(a));
    u64::conditional_select(&a, &b, Choice::from((borrow >> 63) as u8))
}
