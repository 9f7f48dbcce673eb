//! Durations for people.

use core::time::Duration;

/// A duration with three digits, in the unit that fits.
pub(super) fn three_digits(duration: Duration) -> String {
    let nanos = duration.as_secs_f64() * 1e9;
    // use the next unit as soon as three digits would round up to it
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
    use super::three_digits;
    use core::time::Duration;

    #[test]
    fn rounding_and_units() {
        let nanos = [0, 7, 420, 999, 1000, 9_994, 70_040, 388_000, 999_499, 999_500, 4_837_000_000, 100_000_000_000];
        let texts = nanos.map(|nanos| three_digits(Duration::from_nanos(nanos)));
        let expected = [
            "0.00 ns", "7.00 ns", "420 ns", "999 ns", "1.00 µs", "9.99 µs", "70.0 µs", "388 µs", "999 µs", "1.00 ms",
            "4.84 s", "100 s",
        ];
        assert_eq!(texts, expected);
    }
}
