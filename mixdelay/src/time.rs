//! Moments of the caller's clock.

use crate::rate::NANOS_PER_MILLI;

/// A point in time: nanoseconds since an origin of the caller's choice, for up to 584 years.
///
/// Read a monotonic clock for it at each call. Sums saturate. A clock that steps back by less than
/// a second is treated as standing still until it has caught up; a larger step as a reset: time
/// continues from there.
///
/// ```
/// use mixwell_mixdelay::Instant;
///
/// let start = std::time::Instant::now();
/// let now = || Instant::from_nanos(start.elapsed().as_nanos() as u64);
/// let deadline = now().plus_millis(250);
/// assert!(deadline.nanos_since(now()) <= 250_000_000);
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Instant(u64);

impl Instant {
    /// The first moment.
    pub const ZERO: Self = Self(0);
    /// The last moment.
    pub const MAX: Self = Self(u64::MAX);

    /// The moment `nanos` nanoseconds after [`ZERO`](Self::ZERO).
    #[must_use]
    pub const fn from_nanos(nanos: u64) -> Self {
        Self(nanos)
    }

    /// The moment `millis` milliseconds after [`ZERO`](Self::ZERO).
    #[must_use]
    #[inline]
    pub const fn from_millis(millis: u64) -> Self {
        Self(millis.saturating_mul(NANOS_PER_MILLI))
    }

    /// Nanoseconds since [`ZERO`](Self::ZERO).
    #[must_use]
    pub const fn as_nanos(self) -> u64 {
        self.0
    }

    /// Whole milliseconds since [`ZERO`](Self::ZERO).
    #[must_use]
    #[expect(clippy::integer_division_remainder_used, reason = "the divisor is a constant, the moment public")]
    #[inline]
    pub const fn as_millis(self) -> u64 {
        self.0 / NANOS_PER_MILLI
    }

    /// The moment `nanos` nanoseconds later.
    #[must_use]
    #[inline]
    pub const fn plus_nanos(self, nanos: u64) -> Self {
        Self(self.0.saturating_add(nanos))
    }

    /// The moment `millis` milliseconds later.
    #[must_use]
    #[inline]
    pub const fn plus_millis(self, millis: u64) -> Self {
        self.plus_nanos(millis.saturating_mul(NANOS_PER_MILLI))
    }

    /// Nanoseconds from `earlier` to this moment; 0 if `earlier` is later.
    #[must_use]
    #[inline]
    pub const fn nanos_since(self, earlier: Self) -> u64 {
        self.0.saturating_sub(earlier.0)
    }
}

/// Steps back below this are jitter, not a reset, in nanoseconds.
const JITTER: u64 = 1_000_000_000;

/// Monotonic time, derived from a clock that may step back.
///
/// A step back below [`JITTER`] is waited out, so that jitter does not make time run fast. A larger
/// one counts as a pause: the time left until a scheduled event stays the same.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Monotonic {
    /// The last reading.
    clock: Instant,
    /// The latest monotonic moment so far.
    seen: Instant,
    /// The sum of all pauses, in nanoseconds.
    behind: u64,
}

impl Monotonic {
    pub(crate) const fn new() -> Self {
        Self { clock: Instant::ZERO, seen: Instant::ZERO, behind: 0 }
    }

    /// The monotonic moment of a reading.
    #[inline]
    pub(crate) fn observe(&mut self, now: Instant) -> Instant {
        if now == self.clock {
            return self.seen;
        }
        self.clock = now;
        let back = self.seen.nanos_since(now.plus_nanos(self.behind));
        if back >= JITTER {
            self.behind = self.behind.saturating_add(back);
        }
        self.seen = self.seen.max(now.plus_nanos(self.behind));
        self.seen
    }

    /// The reading at a monotonic moment, unless the clock steps back again.
    pub(crate) fn on_clock(&self, moment: Instant) -> Instant {
        Instant(moment.0.saturating_sub(self.behind))
    }
}
