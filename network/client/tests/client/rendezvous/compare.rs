//! A test of whether two samples can come from the same distribution.

/// P-value of the two-sample Kolmogorov-Smirnov test, by its limit for large samples. With ties it
/// is conservative.
pub(super) fn same_distribution(one: &[f64], other: &[f64]) -> f64 {
    let (one, other) = (sorted(one), sorted(other));
    let mut most: f64 = 0.0;
    for value in one.iter().chain(&other) {
        most = most.max((share_up_to(&one, *value) - share_up_to(&other, *value)).abs());
    }
    let (n, m) = (one.len() as f64, other.len() as f64);
    let size = (n * m / (n + m)).sqrt();
    // Stephens's correction for small samples
    let scaled = (size + 0.12 + 0.11 / size) * most;
    // below this the series needs many terms, and the p-value is 1 to within a millionth
    if scaled < 0.3 {
        return 1.0;
    }
    let term = |k: i32| (if k % 2 == 1 { 2.0 } else { -2.0 }) * (-2.0 * f64::from(k * k) * scaled * scaled).exp();
    (1..50).map(term).sum::<f64>().clamp(0.0, 1.0)
}

fn sorted(values: &[f64]) -> Vec<f64> {
    let mut values = values.to_vec();
    values.sort_by(f64::total_cmp);
    values
}

fn share_up_to(sorted: &[f64], value: f64) -> f64 {
    sorted.partition_point(|other| *other <= value) as f64 / sorted.len() as f64
}

#[cfg(test)]
mod tests {
    use super::same_distribution;
    use chacha20::ChaCha20Rng;
    use rand_core::{Rng as _, SeedableRng as _};

    fn exponentials(count: usize, mean: f64, rng: &mut ChaCha20Rng) -> Vec<f64> {
        (0..count).map(|_| -mean * ((f64::from(rng.next_u32()) + 1.0) / 4_294_967_297.0).ln()).collect()
    }

    #[test]
    fn the_chance_is_what_it_says() {
        let mut rng = ChaCha20Rng::seed_from_u64(1);
        let chances: Vec<f64> = (0..1000)
            .map(|_| same_distribution(&exponentials(50, 1.0, &mut rng), &exponentials(80, 1.0, &mut rng)))
            .collect();
        // a tenth of the p-values is below 0.1, within five standard deviations; small samples make
        // it slightly fewer
        let low = chances.iter().filter(|chance| **chance < 0.1).count();
        assert!((40..150).contains(&low), "{low}");
        let tiny = chances.iter().filter(|chance| **chance < 0.001).count();
        assert!(tiny < 8, "{tiny}");
    }

    #[test]
    fn a_difference_is_seen() {
        let mut rng = ChaCha20Rng::seed_from_u64(2);
        let (one, other) = (exponentials(1000, 1.0, &mut rng), exponentials(1000, 1.5, &mut rng));
        assert!(same_distribution(&one, &other) < 1e-9);
        // disjoint samples
        assert!(same_distribution(&[1.0; 30], &[2.0; 30]) < 1e-9);
        assert!((same_distribution(&[1.0; 30], &[1.0; 30]) - 1.0).abs() < 1e-9);
        // from tables: for two samples of 50, a distance of 0.272 has a p-value of 5 %
        let ramp: Vec<f64> = (0..50).map(f64::from).collect();
        let shifted: Vec<f64> = ramp.iter().map(|value| value + 13.5).collect();
        assert!((0.03..0.06).contains(&same_distribution(&ramp, &shifted)), "{}", same_distribution(&ramp, &shifted));
    }
}
