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

    /// The mean, which grows with all that other programs do meanwhile.
    pub(super) fn mean(&self) -> Duration {
        mean(&[self])
    }

    /// The median, which hardly does.
    pub(super) fn median(&self) -> Duration {
        let mut sorted = self.nanos.clone();
        sorted.sort_unstable();
        let middle = sorted.get(sorted.len() >> 1).copied().unwrap_or_default();
        Duration::from_nanos(u64::from(middle))
    }

    /// How often a core can do it in a second, by the median.
    pub(super) fn per_second(&self) -> f64 {
        self.median().as_secs_f64().recip()
    }
}

/// The mean over several kinds of work.
pub(super) fn mean(times: &[&Times]) -> Duration {
    let count: usize = times.iter().map(|times| times.count()).sum();
    let total: Duration = times.iter().map(|times| times.total).sum();
    u32::try_from(count).ok().and_then(|count| total.checked_div(count)).unwrap_or_default()
}

/// A duration with three digits, in the unit that fits.
pub(super) fn display(duration: Duration) -> String {
    let nanos = duration.as_secs_f64() * 1e9;
    // the next unit begins where three digits would round up to it
    let (number, unit) = match nanos {
        ..999.5 => (nanos, "ns"),
        ..999.5e3 => (nanos / 1e3, "µs"),
        ..999.5e6 => (nanos / 1e6, "ms"),
        _ => (nanos / 1e9, "s"),
    };
    match number {
        ..9.995 => format!("{number:.2} {unit}"),
        ..99.95 => format!("{number:.1} {unit}"),
        _ => format!("{number:.0} {unit}"),
    }
}

#[cfg(test)]
mod tests {
    use super::display;
    use core::time::Duration;

    #[test]
    fn three_digits() {
        let nanos = [0, 7, 420, 999, 1000, 9_994, 70_040, 388_000, 999_499, 999_500, 4_837_000_000, 100_000_000_000];
        let texts = nanos.map(|nanos| display(Duration::from_nanos(nanos)));
        let expected = [
            "0.00 ns", "7.00 ns", "420 ns", "999 ns", "1.00 µs", "9.99 µs", "70.0 µs", "388 µs", "999 µs", "1.00 ms",
            "4.84 s", "100 s",
        ];
        assert_eq!(texts, expected);
    }
}
