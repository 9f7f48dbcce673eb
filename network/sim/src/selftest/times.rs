//! Measured times of one kind of work.

use core::time::Duration;
use std::time::Instant;

/// Measured times of one kind of work.
#[derive(Clone, Debug, Default)]
pub struct Times {
    nanos: Vec<u32>,
    total: Duration,
}

impl Times {
    /// Does the work and records its time.
    pub(super) fn measure<T>(&mut self, work: impl FnOnce() -> T) -> T {
        let begin = Instant::now();
        let result = work();
        let took = begin.elapsed();
        self.nanos.push(u32::try_from(took.as_nanos()).unwrap_or(u32::MAX));
        self.total = self.total.saturating_add(took);
        result
    }

    /// Number of repetitions.
    #[must_use]
    pub fn count(&self) -> usize {
        self.nanos.len()
    }

    /// The mean, which load from other programs raises.
    #[must_use]
    pub fn mean(&self) -> Duration {
        Self::mean_of(&[self])
    }

    /// The mean over several kinds of work.
    #[must_use]
    pub fn mean_of(times: &[&Self]) -> Duration {
        let count: usize = times.iter().map(|times| times.count()).sum();
        let total: Duration = times.iter().map(|times| times.total).sum();
        u32::try_from(count).ok().and_then(|count| total.checked_div(count)).unwrap_or_default()
    }

    /// The median, which load from other programs hardly affects.
    #[must_use]
    pub fn median(&self) -> Duration {
        let mut sorted = self.nanos.clone();
        sorted.sort_unstable();
        let middle = sorted.get(sorted.len() >> 1).copied().unwrap_or_default();
        Duration::from_nanos(u64::from(middle))
    }

    /// Repetitions per second on one core, by the median.
    #[must_use]
    pub fn per_second(&self) -> f64 {
        self.median().as_secs_f64().recip()
    }
}
