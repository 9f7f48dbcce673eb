//! Formats numbers and times.

use core::{fmt::Display, time::Duration};

/// A whole number with a space as thousands separator.
pub(crate) fn grouped(number: impl Display) -> String {
    let digits = number.to_string();
    let mut text = String::with_capacity(digits.len() * 2);
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            text.push(' ');
        }
        text.push(digit);
    }
    text
}

/// A time in milliseconds, with a decimal place if it is short.
pub(crate) fn millis(time: Duration) -> String {
    let millis = time.as_secs_f64() * 1000.0;
    if millis < 10.0 { format!("{millis:.1} ms") } else { format!("{millis:.0} ms") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn thousands_are_apart() {
        for (number, want) in [(0, "0"), (999, "999"), (1000, "1 000"), (1_234_567, "1 234 567")] {
            assert_eq!(grouped(number), want);
        }
    }

    #[test]
    fn short_times_have_a_decimal_place() {
        assert_eq!([9_940, 10_400].map(|micros| millis(Duration::from_micros(micros))), ["9.9 ms", "10 ms"]);
    }
}
