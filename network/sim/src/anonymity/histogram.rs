//! Counts in bins of equal width.

/// A histogram of non-negative values; values beyond the last bin are counted in that bin.
#[derive(Clone, Debug, PartialEq)]
pub struct Histogram {
    width: f64,
    bins: Vec<f64>,
    sum: f64,
    count: f64,
}

impl Histogram {
    pub(super) fn new(width: f64, bins: usize) -> Self {
        Self { width, bins: vec![0.0; bins], sum: 0.0, count: 0.0 }
    }

    pub(super) fn add(&mut self, value: f64) {
        self.add_weighted(value, 1.0);
    }

    pub(super) fn add_weighted(&mut self, value: f64, weight: f64) {
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "saturates, and is cut to the bins"
        )]
        let bin = ((value / self.width) as usize).min(self.bins.len().saturating_sub(1));
        if let Some(bin) = self.bins.get_mut(bin) {
            *bin += weight;
        }
        self.sum += value * weight;
        self.count += weight;
    }

    /// Sum of the weights.
    #[must_use]
    pub const fn count(&self) -> f64 {
        self.count
    }

    /// Weighted mean of the values; 0 without values.
    #[must_use]
    pub fn mean(&self) -> f64 {
        if self.count > 0.0 { self.sum / self.count } else { 0.0 }
    }

    /// Value below which a share of the weights lies; the distribution within a bin counts as flat.
    #[must_use]
    pub fn quantile(&self, share: f64) -> f64 {
        let (mut left, mut at) = (share * self.count, 0.0);
        for bin in &self.bins {
            if *bin > 0.0 && left <= *bin {
                return at + self.width * left / bin;
            }
            (left, at) = (left - bin, at + self.width);
        }
        at
    }

    /// Each bin's lower end, and its share of the weights.
    pub fn shares(&self) -> impl Iterator<Item = (f64, f64)> {
        let lows = core::iter::successors(Some(0.0), |low| Some(low + self.width));
        let all = if self.count > 0.0 { self.count } else { 1.0 };
        lows.zip(self.bins.iter().map(move |bin| bin / all))
    }

    /// Width of a bin.
    #[must_use]
    pub const fn width(&self) -> f64 {
        self.width
    }

    /// Kolmogorov–Smirnov distance from a distribution, taken at the ends of the bins.
    pub fn distance(&self, cdf: impl Fn(f64) -> f64) -> f64 {
        let mut sum = 0.0;
        let ends = self.shares().take(self.bins.len().saturating_sub(1));
        ends.fold(0.0, |worst: f64, (low, share)| {
            sum += share;
            worst.max((sum - cdf(low + self.width)).abs())
        })
    }
}

#[cfg(test)]
mod tests {
    use super::Histogram;

    #[test]
    fn quantiles_and_distance() {
        let mut histogram = Histogram::new(1.0, 10);
        (0..1000).for_each(|i| histogram.add(f64::from(i) / 100.0));
        assert!((histogram.quantile(0.5) - 5.0).abs() < 1e-9 && (histogram.quantile(0.99) - 9.9).abs() < 1e-9);
        assert!(histogram.distance(|x| x / 10.0) < 1e-9);
        assert!((histogram.distance(|x| x / 20.0) - 0.45).abs() < 1e-9);
        assert!((histogram.mean() - 4.995).abs() < 1e-9);
        histogram.add_weighted(0.0, 1000.0);
        assert!((histogram.mean() - 2.4975).abs() < 1e-9 && histogram.quantile(0.5) < 1.0);
    }
}
