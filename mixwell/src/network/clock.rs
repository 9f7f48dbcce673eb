//! Wall time as the network counts it: epochs, and eighths of them.

use core::time::Duration;
use mixwell_pki_types::{Epoch, EpochTime, Period};
use std::time::{SystemTime, UNIX_EPOCH};

/// The system's clock, in a network of epochs of one period.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Clock {
    period: Period,
}

impl Clock {
    /// A clock for epochs of a period.
    pub(crate) const fn new(period: Period) -> Self {
        Self { period }
    }

    /// The length of an epoch.
    pub(crate) const fn period(self) -> Period {
        self.period
    }

    /// The time since 1970.
    #[expect(clippy::unused_self, reason = "the one place that asks the system")]
    pub(crate) fn now(self) -> Duration {
        // a clock before 1970 is before epoch 0 too
        SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default()
    }

    /// The epoch, and where in it we are. Before the first one: its begin.
    pub(crate) fn time(self) -> EpochTime {
        self.time_at(self.now())
    }

    /// As [`time`](Self::time), at another time since 1970.
    pub(crate) fn time_at(self, unix: Duration) -> EpochTime {
        let (elapsed, left) = (Duration::ZERO, self.period.duration());
        self.period.at(unix).unwrap_or(EpochTime { epoch: Epoch(0), elapsed, left })
    }

    /// The epoch.
    pub(crate) fn epoch(self) -> Epoch {
        self.time().epoch
    }

    /// So many eighths of the period.
    pub(crate) fn eighths(self, count: u32) -> Duration {
        eighths(self.period, count)
    }

    /// A sixteenth of the period: how often what is missing is asked for again.
    pub(crate) fn sixteenth(self) -> Duration {
        self.eighths(1).checked_div(2).unwrap_or_default()
    }

    /// The time since 1970 when so many eighths of an epoch have passed.
    pub(crate) fn eighths_into(self, epoch: Epoch, count: u32) -> Duration {
        self.period.start(epoch).saturating_add(self.eighths(count))
    }

    /// Sleeps until a time since 1970, or until the system's clock steps back: then whoever sleeps has to see anew what is due.
    pub(crate) async fn sleep_until(self, unix: Duration) {
        let mut before = self.now();
        loop {
            let now = self.now();
            let Some(nap) = nap(before, now, unix) else { return };
            before = now;
            tokio::time::sleep(nap).await;
        }
    }

    /// Sleeps until a time since 1970, or until it is another epoch than this. A step back within the epoch, be it of a
    /// millisecond, ends nothing.
    pub(crate) async fn sleep_within(self, epoch: Epoch, unix: Duration) {
        while self.epoch() == epoch && self.now() < unix {
            self.sleep_until(unix).await;
        }
    }
}

/// How long to sleep of what is left until a time; `None` if it has come, or if the clock has stepped back.
fn nap(before: Duration, now: Duration, until: Duration) -> Option<Duration> {
    let left = until.saturating_sub(now);
    (!left.is_zero() && now >= before).then(|| left.min(LONGEST_NAP))
}

/// So many eighths of a period.
pub(crate) fn eighths(period: Period, count: u32) -> Duration {
    period.duration().checked_div(8).unwrap_or_default().saturating_mul(count)
}

/// After a jump of the system's clock, sleepers are late by this much at most.
const LONGEST_NAP: Duration = Duration::from_secs(1);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sleepers_wake_when_the_clock_steps() {
        let nap = |before, now| nap(Duration::from_secs(before), Duration::from_secs(now), Duration::from_secs(100));
        assert_eq!(nap(10, 11), Some(LONGEST_NAP));
        assert_eq!(nap(10, 10), Some(LONGEST_NAP));
        // forward beyond the time, or back
        assert_eq!(nap(10, 100), None);
        assert_eq!(nap(10, 5000), None);
        assert_eq!(nap(10, 9), None);
    }

    #[test]
    fn eighths_of_twenty_minutes() {
        let clock = Clock::new(Period::default());
        assert_eq!(clock.eighths(5), Duration::from_secs(750));
        assert_eq!(clock.sixteenth(), Duration::from_secs(75));
        let time = clock.time_at(clock.eighths_into(Epoch(7), 5));
        assert_eq!((time.epoch, time.elapsed), (Epoch(7), Duration::from_secs(750)));
        assert_eq!(clock.time_at(Duration::ZERO).epoch, Epoch(0));
    }
}
