//! Closed forms for Poisson mixes.

/// Probability that `hops` exponential delays of rate `mu` take no longer than `x`: Erlang's
/// distribution.
#[must_use]
pub fn erlang_cdf(hops: u32, mu: f64, x: f64) -> f64 {
    let x = x.max(0.0);
    let mut term = (-mu * x).exp();
    let mut beyond = 0.0;
    for n in 0..hops {
        beyond += term;
        term *= mu * x / (f64::from(n) + 1.0);
    }
    1.0 - beyond
}

/// Quantile of Erlang's distribution at probability `chance`, by bisection.
#[must_use]
pub fn erlang_quantile(hops: u32, mu: f64, chance: f64) -> f64 {
    let (mut low, mut high) = (0.0, (f64::from(hops) + 100.0) * 10.0 / mu);
    for _ in 0..100 {
        let middle = f64::midpoint(low, high);
        if erlang_cdf(hops, mu, middle) < chance {
            low = middle;
        } else {
            high = middle;
        }
    }
    low
}

/// Probability of `n` packets in a mix that holds `mean` on average: an M/M/∞ queue is Poisson.
pub(super) fn poisson(mean: f64, n: u32) -> f64 {
    (f64::from(n) * mean.ln() - mean - ln_factorial(n)).exp()
}

/// ln n!, by Stirling's series from 20 on (error below 1e-9).
fn ln_factorial(n: u32) -> f64 {
    if n < 20 {
        return (2..=n).map(|k| f64::from(k).ln()).sum();
    }
    let n = f64::from(n);
    n * n.ln() - n + 0.5 * (core::f64::consts::TAU * n).ln() + 1.0 / (12.0 * n) - 1.0 / (360.0 * n.powi(3))
}

/// The observer's entropy, in bits, about which leaving packet a given entering one is, in the
/// limit of many packets in every mix.
///
/// Each exit is as likely as Erlang's density at its age, among `traffic` exits per unit of time.
/// So the entropy is log₂(traffic) plus Erlang's differential entropy, n + ln Γ(n) + (1 − n)·ψ(n) −
/// ln μ nats. For one hop that is log₂(e · traffic / mu), as in Loopix, section 4
/// (<https://arxiv.org/abs/1703.00536>).
#[must_use]
pub fn message_entropy(hops: u32, mu: f64, traffic: f64) -> f64 {
    let n = f64::from(hops);
    let ln_gamma: f64 = (1..hops).map(|k| f64::from(k).ln()).sum();
    let digamma: f64 = (1..hops).map(|k| 1.0 / f64::from(k)).sum::<f64>() - EULER;
    (traffic.ln() + n + ln_gamma + (1.0 - n) * digamma - mu.ln()) / core::f64::consts::LN_2
}

const EULER: f64 = 0.577_215_664_901_532_9;

#[cfg(test)]
mod tests {
    use super::{erlang_cdf, erlang_quantile, message_entropy, poisson};

    #[test]
    fn one_hop_is_exponential() {
        assert!((erlang_cdf(1, 0.5, 3.0) - (1.0 - (-1.5_f64).exp())).abs() < 1e-12);
        assert!((erlang_quantile(1, 0.5, 0.9) - 10_f64.ln() / 0.5).abs() < 1e-9);
        assert!((message_entropy(1, 0.5, 7.0) - (core::f64::consts::E * 14.0).log2()).abs() < 1e-12);
    }

    /// The entropy of the Erlang density, integrated numerically.
    #[test]
    fn the_entropy_of_five_hops() {
        let (mu, step) = (0.2, 0.001);
        let mut sum = 0.0;
        for i in 0..300_000 {
            let x = (f64::from(i) + 0.5) * step;
            let density = (mu * x).powi(4) * mu * (-mu * x).exp() / 24.0;
            sum -= density * (density / 3.0).log2() * step;
        }
        assert!((message_entropy(5, mu, 3.0) - sum).abs() < 1e-6, "{sum}");
    }

    #[test]
    fn poisson_adds_up() {
        for mean in [0.01, 12.5, 2000.0] {
            let sum: f64 = (0..5000).map(|n| poisson(mean, n)).sum();
            assert!((sum - 1.0).abs() < 1e-8, "{mean}: {sum}");
            let average: f64 = (0..5000).map(|n| f64::from(n) * poisson(mean, n)).sum();
            assert!((average / mean - 1.0).abs() < 1e-8, "{mean}: {average}");
        }
    }
}
