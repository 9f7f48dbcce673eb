//! Moments, as the caller's clock gives them.

use crate::rate::NANOS_PER_MILLI;

/// A moment: nanoseconds since any fixed moment of the caller's choice (584 years of them).
///
/// Take it from a monotonic clock, at the moment of the call. Sums stop at the ends of the range. A clock that steps back
/// by less than a second is taken to stand still until it has caught up; one that steps back further, to have been reset:
/// time then goes on from there.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Instant(u64);

impl Instant {
    /// The first moment.
    pub const ZERO: Self = Self(0);
    /// The last moment.
    pub const MAX: Self = Self(u64::MAX);

    /// So many nanoseconds after [`ZERO`](Self::ZERO).
    #[must_use]
    pub const fn from_nanos(nanos: u64) -> Self {
        Self(nanos)
    }

    /// So many milliseconds after [`ZERO`](Self::ZERO).
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

    /// The moment so many nanoseconds later.
    #[must_use]
    #[inline]
    pub const fn plus_nanos(self, nanos: u64) -> Self {
        Self(self.0.saturating_add(nanos))
    }

    /// The moment so many milliseconds later.
    #[must_use]
    #[inline]
    pub const fn plus_millis(self, millis: u64) -> Self {
        self.plus_nanos(millis.saturating_mul(NANOS_PER_MILLI))
    }

    /// Nanoseconds from `earlier` to this moment, 0 if it is not earlier.
    #[must_use]
    #[inline]
    pub const fn nanos_since(self, earlier: Self) -> u64 {
        self.0.saturating_sub(earlier.0)
    }
}

/// How far back a clock may step without having been reset, in nanoseconds.
const JITTER: u64 = 1_000_000_000;

/// Time that never runs back, made of a clock that may.
///
/// A step back below [`JITTER`] is waited out, so that a clock that trembles does not run fast. A larger one is a pause:
/// what is scheduled keeps the time it still has to wait.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Steady {
    /// What the clock showed last.
    clock: Instant,
    /// The highest steady moment so far.
    seen: Instant,
    /// What all the pauses add up to, in nanoseconds.
    behind: u64,
}

impl Steady {
    pub(crate) const fn new() -> Self {
        Self { clock: Instant::ZERO, seen: Instant::ZERO, behind: 0 }
    }

    /// The steady moment of the clock's `now`.
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

    /// What the clock shows at a steady moment, if it steps back no more.
    pub(crate) fn on_clock(&self, steady: Instant) -> Instant {
        Instant(steady.0.saturating_sub(self.behind))
    }
}
