//! Monotonic time for delays.

use core::time::Duration;
use mixwell_mixdelay::Instant;
use tokio::time;

/// The moment `wait` after another.
#[must_use]
pub fn after(moment: time::Instant, wait: Duration) -> time::Instant {
    // overflow is far beyond any process's lifetime
    moment.checked_add(wait).unwrap_or(moment)
}

/// A monotonic clock for delays.
#[derive(Debug, Clone, Copy)]
pub struct Stopwatch(std::time::Instant);

impl Stopwatch {
    /// A clock that shows zero now.
    #[must_use]
    pub fn start() -> Self {
        Self(std::time::Instant::now())
    }

    /// The time on this clock.
    #[must_use]
    pub fn now(&self) -> Instant {
        Instant::from_nanos(u64::try_from(self.0.elapsed().as_nanos()).unwrap_or(u64::MAX))
    }

    /// Sleeps until a time on this clock.
    pub async fn sleep_until(&self, moment: Instant) {
        let since = Duration::from_nanos(moment.as_nanos());
        match self.0.checked_add(since) {
            Some(moment) => time::sleep_until(moment.into()).await,
            None => core::future::pending().await,
        }
    }
}
