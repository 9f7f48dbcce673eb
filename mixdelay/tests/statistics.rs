//! The sampler against the exponential distribution, on samples from fixed seeds.
//!
//! Each threshold is a critical value that a true sampler exceeds with probability 1 in 10 000 or
//! less, and each statistic must reject a sampler that is off by 1 %.
#![allow(clippy::cast_precision_loss, clippy::arithmetic_side_effects, clippy::unwrap_used, reason = "statistics")]

use mixwell_mixdelay::{Rate, hop_delay_millis};
use rand_chacha::ChaCha12Rng;
use rand_chacha::rand_core::SeedableRng;

const SAMPLES: u32 = 3_000_000;

/// Samples in units of the mean of `mean_of`, drawn at the rate `drawn_at`, in the order drawn.
fn samples(drawn_at: f64, mean_of: f64, seed: u64) -> Vec<f64> {
    let mut rng = ChaCha12Rng::seed_from_u64(seed);
    let rate = Rate::per_milli(drawn_at).unwrap();
    (0..SAMPLES).map(|_| rate.sample_nanos(&mut rng) as f64 * 1e-6 * mean_of).collect()
}

fn sorted(mut samples: Vec<f64>) -> Vec<f64> {
    samples.sort_unstable_by(f64::total_cmp);
    samples
}

/// √n · sup |F − F₀|. Exceeds 2.23 with probability 1 in 10 000 (Kolmogorov's limit: 2·exp(−2x²)).
fn kolmogorov_smirnov(sorted: &[f64]) -> f64 {
    let n = sorted.len() as f64;
    let distance = sorted.iter().zip(0_u32..).map(|(x, i)| {
        let truth = -(-x).exp_m1();
        (truth - f64::from(i) / n).max(f64::from(i + 1) / n - truth)
    });
    distance.fold(0.0, f64::max) * n.sqrt()
}

/// A² for the exponential of mean 1. Exceeds 10 with probability of about 1 in 50 000 (Anderson and
/// Darling, 1954).
fn anderson_darling(sorted: &[f64]) -> f64 {
    let n = sorted.len() as f64;
    let terms = sorted.iter().zip(sorted.iter().rev()).zip(0_u32..).map(|((x, from_above), i)| {
        // ln F(x) and ln(1 − F(y)) = −y; a sample of 0 is raised to 10⁻⁹ to keep the logarithm
        // finite
        f64::from(2 * i + 1) * ((-(-x.max(1e-9)).exp_m1()).ln() - from_above)
    });
    -n - terms.sum::<f64>() / n
}

#[test]
fn the_sampler_is_exponential_and_one_percent_off_is_not() {
    for (lambda, seed) in [(0.0005, 1), (0.02, 2), (1e-7, 3)] {
        let good = sorted(samples(lambda, lambda, seed));
        let (ks, ad) = (kolmogorov_smirnov(&good), anderson_darling(&good));
        println!("rate {lambda}: Kolmogorov-Smirnov {ks:.3}, Anderson-Darling {ad:.3}");
        assert!(ks < 2.23 && ad < 10.0, "{lambda}: {ks}, {ad}");
    }
    for off in [0.99, 1.01] {
        let bad = sorted(samples(0.0005 * off, 0.0005, 4));
        let (ks, ad) = (kolmogorov_smirnov(&bad), anderson_darling(&bad));
        println!("off by {off}: Kolmogorov-Smirnov {ks:.3}, Anderson-Darling {ad:.3}");
        assert!(ks > 2.23 && ad > 10.0, "{off}: {ks}, {ad}");
    }
}

/// Of 20 million samples, 20 are expected beyond the quantile 1 − 10⁻⁶. A tail that ended near
/// −ln(2⁻⁵³), as one from 53-bit uniforms does, would show in the sampler's known answers
/// (`vectors.rs`), which reach −ln(2⁻¹²⁸).
#[test]
fn the_tail_beyond_a_millionth() {
    let rate = Rate::per_milli(0.001).unwrap();
    let mut rng = ChaCha12Rng::seed_from_u64(5);
    let bounds = [1e-4, 1e-5, 1e-6].map(|tail: f64| (tail, -tail.ln() * 1e9));
    let mut beyond = [0_u32; 3];
    let draws = 20_000_000_u32;
    for _ in 0..draws {
        let nanos = rate.sample_nanos(&mut rng) as f64;
        for (count, (_, bound)) in beyond.iter_mut().zip(bounds) {
            *count += u32::from(nanos > bound);
        }
    }
    println!("beyond 1e-4, 1e-5, 1e-6: {beyond:?} of {draws}");
    for (count, (tail, _)) in beyond.into_iter().zip(bounds) {
        let expected = f64::from(draws) * tail;
        // four standard deviations of a count
        assert!((f64::from(count) - expected).abs() < 4.0 * expected.sqrt(), "{count} beyond {tail}");
    }
}

/// The rest of a delay, after any wait, has the distribution of the whole delay.
#[test]
fn memoryless() {
    let all = samples(0.01, 0.01, 6);
    for waited in [0.1, 1.0, 3.0] {
        let left = sorted(all.iter().filter(|x| **x > waited).map(|x| x - waited).collect());
        let (ks, ad) = (kolmogorov_smirnov(&left), anderson_darling(&left));
        println!("after {waited} means, of {}: Kolmogorov-Smirnov {ks:.3}, Anderson-Darling {ad:.3}", left.len());
        assert!(left.len() > 100_000 && ks < 2.23 && ad < 10.0);
    }
}

/// Samples are uncorrelated at each lag, and two consecutive samples fall into each pair of
/// quartiles equally often.
#[test]
fn independent() {
    let all = samples(0.01, 0.01, 7);
    for lag in [1, 2, 3, 7, 64] {
        let pairs = all.iter().zip(all.iter().skip(lag));
        let covariance = pairs.map(|(a, b)| (a - 1.0) * (b - 1.0)).sum::<f64>() / f64::from(SAMPLES).sqrt();
        println!("lag {lag}: {covariance:.3} standard errors");
        assert!(covariance.abs() < 4.0, "{lag}: {covariance}");
    }
    // P(two consecutive samples are both below the median) = 1/4, and likewise for every pair of
    // quartiles
    let quartile = |x: f64| 3 - [0.25, 0.5, 0.75].iter().filter(|tail: &&f64| x < -tail.ln()).count();
    let mut cells = [[0.0; 4]; 4];
    for (a, b) in all.iter().step_by(2).zip(all.iter().skip(1).step_by(2)) {
        cells[quartile(*a)][quartile(*b)] += 1.0;
    }
    let expected = f64::from(SAMPLES) / 32.0;
    let chi_square: f64 = cells.as_flattened().iter().map(|count: &f64| (count - expected).powi(2) / expected).sum();
    println!("quartiles of neighbours: chi-square {chi_square:.1} with 15 degrees of freedom");
    assert!(chi_square < 44.3, "chi-squared, 15 degrees of freedom, exceeds 44.3 once in 10 000");
}

/// A hop delay in whole milliseconds is k with probability (1 − e^−λ)·e^−λ(k−1): geometric.
#[test]
fn hop_delays_are_geometric() {
    let (lambda, draws) = (0.05, 2_000_000_u32);
    let mut rng = ChaCha12Rng::seed_from_u64(8);
    let mut counts = [0.0; 200];
    for _ in 0..draws {
        let delay = hop_delay_millis(lambda, &mut rng).unwrap();
        assert!((1..=553).contains(&delay));
        counts[usize::try_from(delay - 1).unwrap().min(199)] += 1.0;
    }
    let chi_square = |counts: &[f64; 200], lambda: f64| {
        let chance = |k: u32| (-lambda * f64::from(k)).exp() * if k < 199 { -(-lambda).exp_m1() } else { 1.0 };
        let cells = counts.iter().zip(0_u32..).map(|(count, k)| {
            let expected = f64::from(draws) * chance(k);
            (count - expected).powi(2) / expected
        });
        cells.sum::<f64>()
    };
    let (good, bad) = (chi_square(&counts, lambda), chi_square(&counts, lambda * 1.01));
    println!("chi-square with 199 degrees of freedom: {good:.1}; against a rate 1 % off: {bad:.1}");
    assert!(good < 281.0 && bad > 281.0, "a true sampler exceeds 281 once in 10 000");
}
