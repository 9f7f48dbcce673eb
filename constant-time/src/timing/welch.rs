//! Welch's t-test, on all measurements and on those below each of many percentiles.

use rand_chacha::{
    ChaCha8Rng,
    rand_core::{Rng, SeedableRng},
};

/// Random bits, the same in every run.
pub(crate) struct Coin(ChaCha8Rng);

impl Coin {
    pub(crate) fn new(seed: u8) -> Self {
        Self(ChaCha8Rng::from_seed([seed; 32]))
    }

    pub(crate) fn toss(&mut self) -> usize {
        usize::from(self.0.next_u32() & 1 == 1)
    }
}

/// The outcome of a test.
pub(crate) struct Outcome {
    /// The greatest |t| over all crops. (Disturbances make measurements longer in both classes and
    /// hide small differences.)
    pub(crate) t: f64,
    /// Difference between the means of the faster halves, in nanoseconds.
    pub(crate) nanos: f64,
}

/// Compares the two classes.
pub(crate) fn test(samples: &[(usize, f64)]) -> Outcome {
    let mut sorted: Vec<_> = samples.iter().map(|(_, nanos)| *nanos).collect();
    sorted.sort_by(f64::total_cmp);
    let crops = (1..=CROPS).map(|crop| {
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            clippy::cast_precision_loss,
            reason = "a place in the list"
        )]
        let place = (sorted.len() as f64 * (1.0 - 0.5_f64.powf(10.0 * f64::from(crop) / f64::from(CROPS)))) as usize;
        sorted[place.min(sorted.len() - 1)]
    });
    let [left, right] = moments(samples, sorted[sorted.len() / 2]);
    let t = crops.chain([f64::INFINITY]).map(|limit| t(samples, limit)).fold(0.0, f64::max);
    Outcome { t, nanos: (left.mean - right.mean).abs() }
}

/// |t| of the measurements up to a limit, 0 if a class has too few of them.
fn t(samples: &[(usize, f64)], limit: f64) -> f64 {
    let [left, right] = moments(samples, limit);
    if left.count < LEAST || right.count < LEAST {
        return 0.0;
    }
    let spread = (left.variance() / left.count + right.variance() / right.count).sqrt();
    if spread == 0.0 { 0.0 } else { (left.mean - right.mean).abs() / spread }
}

/// The moments of each class's measurements up to a limit.
fn moments(samples: &[(usize, f64)], limit: f64) -> [Moments; 2] {
    let mut classes = [Moments::default(), Moments::default()];
    samples.iter().filter(|(_, nanos)| *nanos <= limit).for_each(|(class, nanos)| classes[*class].add(*nanos));
    classes
}

/// Mean and variance, by Welford's algorithm.
#[derive(Default)]
struct Moments {
    count: f64,
    mean: f64,
    squares: f64,
}

impl Moments {
    fn add(&mut self, value: f64) {
        self.count += 1.0;
        let off = value - self.mean;
        self.mean += off / self.count;
        self.squares += off * (value - self.mean);
    }

    fn variance(&self) -> f64 {
        self.squares / (self.count - 1.0)
    }
}

const CROPS: u32 = 100;

/// Minimum number of measurements for a meaningful result.
const LEAST: f64 = 1000.0;
