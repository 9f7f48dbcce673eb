//! Epochs: time in steps of a period of 20 minutes, except in test networks.

use core::{fmt, num::NonZeroU64, time::Duration};

/// The number of an epoch. Epoch 0 began at 2017-06-01T00:00:00Z.
///
/// ```
/// use mixwell_pki_types::{Epoch, Period};
///
/// let next = Epoch(250_000).plus(1);
/// assert_eq!(Period::TWENTY_MINUTES.at(Period::TWENTY_MINUTES.start(next))?.epoch, next);
/// # Ok::<(), mixwell_pki_types::BeforeZero>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Epoch(pub u64);

impl Epoch {
    /// The epoch `n` later, saturating.
    #[must_use]
    pub const fn plus(self, n: u64) -> Self {
        Self(self.0.saturating_add(n))
    }
}

impl fmt::Display for Epoch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// The length of an epoch, a property of the network.
///
/// ```
/// use core::time::Duration;
/// use mixwell_pki_types::{Epoch, Period};
///
/// let now = Period::TWENTY_MINUTES.at(Duration::from_secs(1_800_000_100))?;
/// assert_eq!((now.epoch, now.left), (Epoch(253_104), Duration::from_secs(1100)));
/// # Ok::<(), mixwell_pki_types::BeforeZero>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Period {
    millis: NonZeroU64,
}

impl Default for Period {
    /// 20 minutes.
    fn default() -> Self {
        Self::TWENTY_MINUTES
    }
}

impl Period {
    /// The period of every network that is not a test network.
    pub const TWENTY_MINUTES: Self = match Self::new(Duration::from_secs(20 * 60)) {
        Some(period) => period,
        None => unreachable!(),
    };

    /// A period of a test network, rounded down to whole milliseconds; `None` if that is 0, or 2^64
    /// or more.
    #[must_use]
    pub const fn new(period: Duration) -> Option<Self> {
        let millis = period.as_millis();
        if millis > u64::MAX as u128 {
            return None;
        }
        #[expect(clippy::cast_possible_truncation, reason = "the line above")]
        match NonZeroU64::new(millis as u64) {
            Some(millis) => Some(Self { millis }),
            None => None,
        }
    }

    /// The epoch's length.
    #[must_use]
    pub const fn duration(self) -> Duration {
        Duration::from_millis(self.millis.get())
    }

    /// The epoch of a Unix time (since 1970-01-01T00:00:00Z), and the time within it.
    ///
    /// # Errors
    /// If the time is before epoch 0.
    pub fn at(self, unix: Duration) -> Result<EpochTime, BeforeZero> {
        let before = BeforeZero { unix_secs: unix.as_secs() };
        let since = unix.checked_sub(ZERO).ok_or(before)?;
        // u128, as 2^64 s hold more than 2^64 ms; the quotient fits for any period of a second or
        // more
        let (period, since_millis) = (u128::from(self.millis.get()), since.as_millis());
        #[expect(
            clippy::arithmetic_side_effects,
            clippy::integer_division_remainder_used,
            reason = "a period is not zero, and the time of day public"
        )]
        let (epoch, elapsed) = (since_millis / period, since_millis % period);
        let epoch = Epoch(u64::try_from(epoch).unwrap_or(u64::MAX));
        let nanos = since.subsec_nanos().checked_rem(1_000_000).unwrap_or(0);
        let elapsed = Duration::from_millis(u64::try_from(elapsed).unwrap_or(u64::MAX))
            .saturating_add(Duration::from_nanos(nanos.into()));
        Ok(EpochTime { epoch, elapsed, left: self.duration().saturating_sub(elapsed) })
    }

    /// The Unix time at which an epoch begins, saturating.
    #[must_use]
    pub fn start(self, epoch: Epoch) -> Duration {
        let millis = u128::from(epoch.0).saturating_mul(self.millis.get().into());
        #[expect(clippy::integer_division_remainder_used, reason = "epochs are public")]
        let (secs, millis) = (millis / 1000, millis % 1000);
        let secs = Duration::from_secs(u64::try_from(secs).unwrap_or(u64::MAX));
        let millis = Duration::from_millis(u64::try_from(millis).unwrap_or(0));
        ZERO.saturating_add(secs).saturating_add(millis)
    }
}

/// A time, as an epoch and the time within it.
///
/// ```
/// use core::time::Duration;
/// use mixwell_pki_types::Period;
///
/// let now = Period::TWENTY_MINUTES.at(Duration::from_secs(1_800_000_100))?;
/// assert_eq!(now.elapsed + now.left, Duration::from_secs(20 * 60));
/// # Ok::<(), mixwell_pki_types::BeforeZero>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct EpochTime {
    /// The epoch.
    pub epoch: Epoch,
    /// Time since the epoch's beginning.
    pub elapsed: Duration,
    /// Time until the next epoch.
    pub left: Duration,
}

/// A time before epoch 0.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct BeforeZero {
    /// The time, in whole seconds since 1970.
    pub unix_secs: u64,
}

impl fmt::Display for BeforeZero {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "unix time {} is before epoch 0, which began at {}", self.unix_secs, ZERO.as_secs())
    }
}

impl core::error::Error for BeforeZero {}

/// 2017-06-01T00:00:00Z.
const ZERO: Duration = Duration::from_secs(1_496_275_200);
