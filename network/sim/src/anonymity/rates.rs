//! The rates that a consensus publishes.

use core::fmt;
use mixwell_mixdelay::{Rate, RateError};

/// A rate as a consensus publishes it, per millisecond; 0 switches the process off.
#[derive(Clone, Copy, Debug)]
pub struct PublishedRate {
    per_milli: f64,
    rate: Option<Rate>,
}

/// The rates that a consensus publishes.
#[derive(Clone, Copy, Debug)]
#[expect(clippy::exhaustive_structs, reason = "the protocol has these five rates")]
pub struct Rates {
    /// `Mu`: 1 / (mean delay of a hop in milliseconds).
    pub mu: PublishedRate,
    /// `LambdaP`: messages or decoys of a user.
    pub lambda_p: PublishedRate,
    /// `LambdaL`: loops of a user.
    pub lambda_l: PublishedRate,
    /// `LambdaM`: loops of a mix or service node.
    pub lambda_m: PublishedRate,
    /// `LambdaG`: loops of a gateway.
    pub lambda_g: PublishedRate,
}

/// The reason why a number is not a rate of a simulation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum PublishedRateError {
    /// The number is above [`PublishedRate::MAX`].
    TooHigh,
    /// The number is not a rate.
    Rate(RateError),
}

impl PublishedRate {
    /// Maximum rate of any process, per millisecond.
    pub const MAX: f64 = 10.0;

    /// A published rate.
    ///
    /// # Errors
    /// [`PublishedRateError`] if the number is not a rate, or is above [`MAX`](Self::MAX).
    pub fn new(per_milli: f64) -> Result<Self, PublishedRateError> {
        if per_milli > Self::MAX {
            return Err(PublishedRateError::TooHigh);
        }
        let rate = Rate::published(per_milli).map_err(PublishedRateError::Rate)?;
        Ok(Self { per_milli, rate })
    }

    /// A rate that is known to be in range.
    pub(super) fn constant(per_milli: f64) -> Self {
        Self { per_milli, rate: Rate::per_milli(per_milli).ok() }
    }

    /// Events per millisecond.
    #[must_use]
    pub const fn per_milli(self) -> f64 {
        self.per_milli
    }

    /// The rate of a running process; `None` if it is switched off.
    #[must_use]
    pub const fn rate(self) -> Option<Rate> {
        self.rate
    }
}

impl fmt::Display for PublishedRate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.per_milli.fmt(f)
    }
}

impl fmt::Display for PublishedRateError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::TooHigh => write!(f, "more than {} per millisecond", PublishedRate::MAX),
            Self::Rate(error) => error.fmt(f),
        }
    }
}

impl core::error::Error for PublishedRateError {
    fn source(&self) -> Option<&(dyn core::error::Error + 'static)> {
        match self {
            Self::TooHigh => None,
            Self::Rate(error) => Some(error),
        }
    }
}
