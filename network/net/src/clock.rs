//! Wall-clock time in the network's units: epochs, and eighths of an epoch.

mod proven;
mod watch;

pub use proven::ProvenTime;
pub use watch::{ClockWatch, Offset};

use core::time::Duration;
use mixwell_pki_types::{Epoch, EpochTime, Period};
use std::time::{SystemTime, UNIX_EPOCH};

/// The system clock, in a network whose epochs have one period.
#[derive(Debug, Clone, Copy)]
pub struct Clock {
    period: Period,
}

impl Clock {
    /// A clock for epochs of a period.
    #[must_use]
    pub const fn new(period: Period) -> Self {
        Self { period }
    }

    /// The length of an epoch.
    #[must_use]
    pub const fn period(self) -> Period {
        self.period
    }

    /// The time since 1970.
    #[must_use]
    pub fn now(self) -> Duration {
        // a clock before 1970 is before epoch 0 too
        SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default()
    }

    /// The current epoch and the time elapsed in it; before epoch 0, the start of epoch 0.
    #[must_use]
    pub fn time(self) -> EpochTime {
        self.time_at(self.now())
    }

    /// As [`time`](Self::time), at another time since 1970.
    #[must_use]
    pub fn time_at(self, unix: Duration) -> EpochTime {
        let (elapsed, left) = (Duration::ZERO, self.period.duration());
        self.period.at(unix).unwrap_or(EpochTime { epoch: Epoch(0), elapsed, left })
    }

    /// The epoch.
    #[must_use]
    pub fn epoch(self) -> Epoch {
        self.time().epoch
    }

    /// `count` eighths of the period.
    #[must_use]
    pub fn eighths(self, count: u32) -> Duration {
        eighths(self.period, count)
    }

    /// A sixteenth of the period: the base of retry intervals.
    #[must_use]
    pub fn sixteenth(self) -> Duration {
        self.eighths(1).checked_div(2).unwrap_or_default()
    }

    /// The time since 1970 at which `count` eighths of an epoch have passed.
    #[must_use]
    pub fn eighths_into(self, epoch: Epoch, count: u32) -> Duration {
        self.period.start(epoch).saturating_add(self.eighths(count))
    }

    /// Sleeps until a time since 1970, or until the system clock steps back: the caller then has to
    /// check again which events are due.
    pub async fn sleep_until(self, unix: Duration) {
        sleep_until(unix, &|| self.now(), &tokio::time::sleep).await;
    }

    /// Sleeps until a time since 1970, or until the epoch is no longer `epoch`. A clock that steps
    /// back within the epoch does not end the sleep.
    pub async fn sleep_within(self, epoch: Epoch, unix: Duration) {
        self.sleep_within_by((epoch, unix), &|| self.now(), &tokio::time::sleep).await;
    }

    async fn sleep_within_by<N: Future<Output = ()>>(
        self,
        (epoch, unix): (Epoch, Duration),
        now: &impl Fn() -> Duration,
        sleep: &impl Fn(Duration) -> N,
    ) {
        let until = unix.min(self.period.start(epoch.plus(1)));
        loop {
            let unix = now();
            if unix >= until || self.time_at(unix).epoch != epoch {
                return;
            }
            sleep_until(until, now, sleep).await;
        }
    }
}

/// Sleeps in short naps until a time, or until the clock steps back.
async fn sleep_until<N: Future<Output = ()>>(
    until: Duration,
    now: &impl Fn() -> Duration,
    sleep: &impl Fn(Duration) -> N,
) {
    let mut before = now();
    loop {
        let time = now();
        let Some(nap) = nap(before, time, until) else { return };
        before = time;
        sleep(nap).await;
    }
}

/// Duration of the next nap before `until`; `None` if that time has come, or if the clock has
/// stepped back.
fn nap(before: Duration, now: Duration, until: Duration) -> Option<Duration> {
    let left = until.saturating_sub(now);
    (!left.is_zero() && now >= before).then(|| left.min(LONGEST_NAP))
}

/// `count` eighths of a period.
#[must_use]
pub fn eighths(period: Period, count: u32) -> Duration {
    period.duration().checked_div(8).unwrap_or_default().saturating_mul(count)
}

/// Maximum delay of a wake-up after a jump of the system clock.
const LONGEST_NAP: Duration = Duration::from_secs(1);

#[cfg(test)]
mod tests {
    use super::*;
    use core::cell::{Cell, RefCell};

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

    /// Sleeps from a time in epoch 7, of 1200 seconds, until another time, while the clock makes
    /// these steps, one in each nap. Returns how many naps there were, and how late it was at the
    /// end: both in seconds from the epoch's begin.
    async fn slept(from: i64, until: i64, steps: &[i64]) -> (usize, i64) {
        let clock = Clock::new(Period::default());
        let begin = clock.eighths_into(Epoch(7), 0);
        let unix = |seconds: i64| {
            let by = Duration::from_secs(seconds.unsigned_abs());
            if seconds < 0 { begin.checked_sub(by) } else { begin.checked_add(by) }.unwrap()
        };
        let (time, naps, steps) = (Cell::new(from), Cell::new(0), RefCell::new(steps.iter()));
        let sleep = |nap: Duration| {
            naps.set(usize::saturating_add(naps.get(), 1));
            let step = steps.borrow_mut().next().copied().unwrap_or_default();
            let passed = i64::try_from(nap.as_secs()).unwrap();
            time.set(time.get().saturating_add(passed).saturating_add(step));
            core::future::ready(())
        };
        clock.sleep_within_by((Epoch(7), unix(until)), &|| unix(time.get()), &sleep).await;
        (naps.get(), time.get())
    }

    #[tokio::test]
    async fn a_sleep_within_an_epoch_ends_with_it() {
        assert_eq!(slept(10, 100, &[]).await, (90, 100));
        // the time has come, or it is another epoch
        assert_eq!(slept(100, 100, &[]).await, (0, 100));
        assert_eq!(slept(-1, 100, &[]).await, (0, -1));
        assert_eq!(slept(1200, 1300, &[]).await, (0, 1200));
        // a step back within the epoch makes it longer
        assert_eq!(slept(10, 100, &[0, -7, 0, 0, -2]).await, (99, 100));
        // into the epoch before, and forward beyond the time
        assert_eq!(slept(10, 100, &[0, -50]).await, (2, -38));
        assert_eq!(slept(10, 100, &[0, 0, 2000]).await, (3, 2013));
        // no time is later than the epoch's end
        assert_eq!(slept(1190, 1300, &[]).await, (10, 1200));
        // forward within the epoch: what is left is shorter
        assert_eq!(slept(10, 100, &[80]).await, (10, 100));
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
