//! How long a piece of work takes, as measured.

use core::time::Duration;
use std::time::Instant;

/// What one kind of work took, each time that it was done.
#[derive(Default)]
pub(super) struct Times {
    nanos: Vec<u32>,
    total: Duration,
}

impl Times {
    /// Does the work and takes its time.
    pub(super) fn measure<T>(&mut self, work: impl FnOnce() -> T) -> T {
        let begin = Instant::now();
        let result = work();
        let took = begin.elapsed();
        self.nanos.push(u32::try_from(took.as_nanos()).unwrap_or(u32::MAX));
        self.total = self.total.saturating_add(took);
        result
    }

    /// How often it was done.
    pub(super) fn count(&self) -> usize {
        self.nanos.len()
    }

    /// The mean, which whatever else the machine does makes longer.
    pub(super) fn mean(&self) -> Duration {
        u32::try_from(self.count()).ok().and_then(|count| self.total.checked_div(count)).unwrap_or_default()
    }

    /// The median, which is nearly free of that.
    pub(super) fn median(&self) -> Duration {
        let mut sorted = self.nanos.clone();
        sorted.sort_unstable();
        let middle = sorted.get(sorted.len() >> 1).copied().unwrap_or_default();
        Duration::from_nanos(u64::from(middle))
    }

    /// How often it could be done in a second, by the mean.
    pub(super) fn per_second(&self) -> f64 {
        self.mean().as_secs_f64().recip()
    }
}

/// A duration in the unit that reads best, three digits or so.
pub(super) fn display(duration: Duration) -> String {
    let seconds = duration.as_secs_f64();
    match duration.as_nanos() {
        ..100_000 => format!("{:.1} µs", seconds * 1e6),
        ..10_000_000 => format!("{:.0} µs", seconds * 1e6),
        ..10_000_000_000 => format!("{:.0} ms", seconds * 1e3),
        _ => format!("{seconds:.1} s"),
    }
}
