//! A lower bound of the epoch, independent of the system's clock.

use super::Clock;
use core::time::Duration;
use mixwell_pki_types::Epoch;
use tokio::time::Instant;

/// A lower bound of the time: a time that a majority of authorities has signed, advanced by the
/// monotonic clock.
///
/// A system clock that jumps or starts wrong does not change it, so irreversible actions (erasing
/// keys) wait for it. It lags behind the true time by less than an epoch as long as consensuses
/// arrive.
#[derive(Debug, Clone, Copy)]
pub struct ProvenTime {
    clock: Clock,
    /// A Unix time, and the monotonic time at which it had passed.
    bound: Option<Bound>,
}

#[derive(Debug, Clone, Copy)]
struct Bound {
    unix: Duration,
    at: Instant,
}

impl ProvenTime {
    /// An instance without a proven time.
    #[must_use]
    pub const fn new(clock: Clock) -> Self {
        Self { clock, bound: None }
    }

    /// Takes a verified consensus of an epoch into account. Authorities sign it in the second half
    /// of the epoch before.
    pub fn learn(&mut self, consensus: Epoch, now: Instant) {
        let Some(before) = consensus.0.checked_sub(1).map(Epoch) else { return };
        let unix = self.clock.eighths_into(before, SIGNED_EIGHTHS);
        if self.unix(now).is_none_or(|known| known < unix) {
            self.bound = Some(Bound { unix, at: now });
        }
    }

    /// The latest epoch that has certainly begun.
    #[must_use]
    pub fn epoch(&self, now: Instant) -> Option<Epoch> {
        self.unix(now).map(|unix| self.clock.time_at(unix).epoch)
    }

    fn unix(&self, now: Instant) -> Option<Duration> {
        self.bound.map(|Bound { unix, at }| unix.saturating_add(now.saturating_duration_since(at)))
    }
}

/// No authority signs the next epoch's consensus before this many eighths of an epoch.
const SIGNED_EIGHTHS: u32 = 4;

#[cfg(test)]
mod tests {
    use super::*;
    use mixwell_pki_types::Period;

    #[tokio::test(start_paused = true)]
    async fn consensuses_and_the_monotonic_clock_prove_the_time() {
        let clock = Clock::new(Period::default());
        let mut proven = ProvenTime::new(clock);
        assert_eq!(proven.epoch(Instant::now()), None);
        tokio::time::advance(clock.eighths(800)).await;
        assert_eq!(proven.epoch(Instant::now()), None, "monotonic time alone proves nothing");

        // signed in epoch 6, so that half of an epoch is left
        proven.learn(Epoch(7), Instant::now());
        assert_eq!(proven.epoch(Instant::now()), Some(Epoch(6)));
        tokio::time::advance(clock.eighths(4).checked_sub(Duration::from_secs(1)).unwrap()).await;
        assert_eq!(proven.epoch(Instant::now()), Some(Epoch(6)));
        tokio::time::advance(Duration::from_secs(1)).await;
        assert_eq!(proven.epoch(Instant::now()), Some(Epoch(7)));
        // an older consensus does not take anything back
        proven.learn(Epoch(5), Instant::now());
        assert_eq!(proven.epoch(Instant::now()), Some(Epoch(7)));
        proven.learn(Epoch(10), Instant::now());
        assert_eq!(proven.epoch(Instant::now()), Some(Epoch(9)));
        // the very first epoch has no epoch before it
        proven.learn(Epoch(0), Instant::now());
        assert_eq!(proven.epoch(Instant::now()), Some(Epoch(9)));
    }
}
