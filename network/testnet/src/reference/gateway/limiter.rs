//! The gateway's limit on a client's packets: roughly the published rate, by a token bucket.

use core::time::Duration;

/// A token bucket. How many tokens the reference's holds is not recorded: enough here for the
/// bursts of a client that keeps to the rate.
#[derive(Debug)]
pub(super) struct Limiter {
    tokens: f64,
    filled: Duration,
}

const CAPACITY: f64 = 64.0;
/// A client that keeps to the rate exactly would lose packets in a bucket that is filled at it.
const SLACK: f64 = 1.5;

impl Limiter {
    pub(super) const fn new(now: Duration) -> Self {
        Self { tokens: CAPACITY, filled: now }
    }

    /// Whether a packet passes, at a published rate per millisecond.
    pub(super) fn take(&mut self, now: Duration, per_milli: f64) -> bool {
        let millis = now.saturating_sub(self.filled).as_secs_f64() * 1e3;
        self.filled = now;
        self.tokens = (millis * per_milli).mul_add(SLACK, self.tokens).min(CAPACITY);
        let passes = self.tokens >= 1.0;
        if passes {
            self.tokens -= 1.0;
        }
        passes
    }
}
