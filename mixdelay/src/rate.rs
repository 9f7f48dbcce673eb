//! Rates of a consensus, checked once and converted to integers (`docs/spec/mixdelay.md#rates`).

use crate::quotient::{Binary64, Quotient};
use core::fmt;

/// The rate λ of a Poisson process, in events per millisecond.
///
/// Converted once from the floating-point number of a consensus, by integer arithmetic on its bits.
/// Sampling uses integers only too, so a target without floating-point hardware gets the same
/// delays.
///
/// ```
/// use mixwell_mixdelay::{Rate, RateError};
///
/// let mu = Rate::per_milli(0.005)?;
/// assert_eq!((mu.mean_millis()?, mu.cap_millis()), (200, 5527));
/// let delay = mu.hop_delay_millis(&mut rand::rng()); // one hop's delay, for its routing command
/// assert!((1..=5527).contains(&delay));
///
/// // a consensus turns a process off with 0
/// assert_eq!(Rate::published(0.0), Ok(None));
/// assert_eq!(Rate::per_milli(f64::NAN), Err(RateError::NotANumber));
/// # Ok::<(), RateError>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rate {
    /// 1/λ in milliseconds is `reciprocal` · 2^-`shift`, too small by less than one part in 2⁶².
    pub(crate) reciprocal: u64,
    pub(crate) shift: i32,
    cap_millis: u64,
    mean_millis: Option<u64>,
}

/// The reason why a number is not a rate.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum RateError {
    /// The number is zero. In a consensus this turns the process off.
    Zero,
    /// The number is less than zero.
    Negative,
    /// The number is infinite.
    Infinite,
    /// The number is a NaN.
    NotANumber,
    /// The mean delay does not fit 64 bits of milliseconds.
    MeanTooLong,
}

impl Rate {
    /// The rate of `lambda` events per millisecond.
    ///
    /// # Errors
    /// Any [`RateError`] except [`MeanTooLong`](RateError::MeanTooLong).
    pub const fn per_milli(lambda: f64) -> Result<Self, RateError> {
        let lambda = match Binary64::positive(lambda.to_bits()) {
            Ok(lambda) => lambda,
            Err(error) => return Err(error),
        };
        let (reciprocal, shift) = lambda.reciprocal();
        Ok(Self {
            reciprocal,
            shift,
            cap_millis: Quotient::of(MINUS_LN_1E_12, lambda).ceil_saturating(),
            mean_millis: Quotient::of(ONE, lambda).ceil(),
        })
    }

    /// A published rate: zero turns the process off.
    ///
    /// # Errors
    /// As [`Rate::per_milli`], except [`RateError::Zero`], which is `None`.
    pub const fn published(lambda: f64) -> Result<Option<Self>, RateError> {
        match Self::per_milli(lambda) {
            Ok(rate) => Ok(Some(rate)),
            Err(RateError::Zero) => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// The safety cap in milliseconds: ⌈−ln(10⁻¹²)/λ⌉, saturating.
    ///
    /// All but one in 10¹² delays are shorter. The quotient is rounded to 53 bits before it is
    /// rounded up, as it is in every node that computes it in double precision.
    #[must_use]
    pub const fn cap_millis(&self) -> u64 {
        self.cap_millis
    }

    /// The mean delay in milliseconds: ⌈1/λ⌉, rounded like the cap.
    ///
    /// # Errors
    /// [`RateError::MeanTooLong`] if it does not fit.
    pub const fn mean_millis(&self) -> Result<u64, RateError> {
        match self.mean_millis {
            Some(mean) => Ok(mean),
            None => Err(RateError::MeanTooLong),
        }
    }
}

/// The safety cap of a published rate in milliseconds, 0 for a number that is not a rate. See
/// [`Rate::cap_millis`].
///
/// ```
/// assert_eq!(mixwell_mixdelay::safety_cap_millis(0.005), 5527);
/// ```
#[must_use]
pub const fn safety_cap_millis(lambda: f64) -> u64 {
    match Rate::per_milli(lambda) {
        Ok(rate) => rate.cap_millis(),
        Err(_) => 0,
    }
}

impl fmt::Display for RateError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Zero => "rate is zero",
            Self::Negative => "rate is negative",
            Self::Infinite => "rate is infinite",
            Self::NotANumber => "rate is not a number",
            Self::MeanTooLong => "mean of the rate does not fit 64 bits of milliseconds",
        })
    }
}

impl core::error::Error for RateError {}

const ONE: Binary64 = Binary64 { significand: 1 << 52, exponent: -52 };

/// −ln(10⁻¹²) = 27.631021115928547…, rounded to the nearest double.
const MINUS_LN_1E_12: Binary64 = Binary64 { significand: 0x001b_a18a_998f_ffa0, exponent: -48 };

pub(crate) const NANOS_PER_MILLI: u64 = 1_000_000;
