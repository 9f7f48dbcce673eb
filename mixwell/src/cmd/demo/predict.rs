//! How long round trips take by the rates alone.

use core::time::Duration;

/// The round trip that a share of messages is faster than: so many delays of rate `mu` (per millisecond), each exponential,
/// rounded down, plus 1 ms. Their sum is an Erlang variable, and half a millisecond more for each.
pub(super) fn quantile(share: f64, delays: u32, mu: f64) -> Duration {
    let (mut low, mut high) = (0.0, 1000.0 * f64::from(delays) / mu);
    for _ in 0..60 {
        let middle = f64::midpoint(low, high);
        if erlang(middle * mu, delays) < share {
            low = middle;
        } else {
            high = middle;
        }
    }
    Duration::from_secs_f64(0.5_f64.mul_add(f64::from(delays), low) / 1000.0)
}

/// The distribution function of the sum of `count` exponentials of mean 1.
fn erlang(x: f64, count: u32) -> f64 {
    let (mut term, mut sum) = (1.0, 0.0);
    for n in 0..count {
        sum += term;
        term *= x / (f64::from(n) + 1.0);
    }
    (-x).exp().mul_add(-sum, 1.0)
}

#[cfg(test)]
mod tests {
    use super::quantile;

    #[test]
    fn known_quantiles() {
        // ln 10, and the median of Erlang(8), 7.6692, from tables of the gamma distribution
        let close = |got: core::time::Duration, want: f64| (got.as_secs_f64() * 1000.0 - want).abs() < 0.01;
        assert!(close(quantile(0.9, 1, 1.0), core::f64::consts::LN_10 + 0.5));
        assert!(close(quantile(0.5, 8, 1.0), 7.669_249 + 4.0));
    }
}
