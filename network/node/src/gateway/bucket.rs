//! A token bucket: about the published rate, with the bursts of a Poisson process.

use mixwell_mixdelay::Instant;

/// The number of packets that a client may send now.
#[derive(Debug)]
pub(crate) struct Bucket {
    tokens: f64,
    most: f64,
    per_milli: f64,
    filled: Instant,
}

/// Refill rate above the published rate: a Poisson process limited to its own rate loses packets
/// whatever the bucket's size. At 1.5 times the rate, a bucket of 64 overflows less than once in
/// 10^20 packets (e^(-64 t) where e^t = 1 + 1.5 t).
const SLACK: f64 = 1.5;
const BURST: f64 = 64.0;
/// Initial tokens: a new client's first ticks may be close together too. With this many, one in
/// 10^5 connections loses a packet (by the same formula).
const FIRST: f64 = 16.0;

impl Bucket {
    /// A bucket for a client that sends `per_milli` packets a millisecond on average. It starts
    /// almost empty, so that reconnecting gains nothing.
    pub(crate) fn new(now: Instant, per_milli: f64) -> Self {
        Self { tokens: FIRST, most: BURST, per_milli: sane(per_milli), filled: now }
    }

    /// Changes the rate.
    pub(crate) fn set_rate(&mut self, per_milli: f64) {
        self.per_milli = sane(per_milli);
    }

    /// Takes a token; false if there is none.
    pub(crate) fn take(&mut self, now: Instant) -> bool {
        #[expect(clippy::cast_precision_loss, reason = "a rate is not exact")]
        let millis = now.nanos_since(self.filled) as f64 / 1e6;
        self.filled = now;
        self.tokens = (millis * self.per_milli).mul_add(SLACK, self.tokens).min(self.most);
        let may = self.tokens >= 1.0;
        if may {
            self.tokens -= 1.0;
        }
        may
    }
}

/// A usable rate, whatever number the consensus contains.
const fn sane(per_milli: f64) -> f64 {
    if per_milli.is_finite() && per_milli > 0.0 { per_milli } else { 0.0 }
}

#[cfg(test)]
mod tests {
    use super::*;
    use chacha20::ChaCha20Rng;
    use mixwell_mixdelay::Rate;
    use rand_core::SeedableRng as _;

    #[test]
    fn a_client_at_its_rate_passes_and_one_at_thrice_of_it_does_not() {
        let mut rng = ChaCha20Rng::seed_from_u64(1);
        for (times, want) in [(1.0, 0..1), (3.0, 40_000..60_000)] {
            let Ok(rate) = Rate::per_milli(0.05 * times) else { return };
            let mut now = Instant::ZERO;
            let mut bucket = Bucket::new(now, 0.05);
            let mut refused = 0;
            for _ in 0..100_000 {
                now = now.plus_nanos(rate.interval_nanos(&mut rng));
                refused += i32::from(!bucket.take(now));
            }
            assert!(want.contains(&refused), "{refused}");
        }
    }

    #[test]
    fn a_new_client_at_its_rate_loses_nothing_at_first() {
        let mut rng = ChaCha20Rng::seed_from_u64(2);
        let Ok(rate) = Rate::per_milli(0.05) else { return };
        let mut refused = 0;
        for _connection in 0..10_000 {
            let mut now = Instant::ZERO;
            let mut bucket = Bucket::new(now, 0.05);
            for _ in 0..100 {
                now = now.plus_nanos(rate.interval_nanos(&mut rng));
                refused += i32::from(!bucket.take(now));
            }
        }
        assert!(refused < 5, "{refused}");
    }

    #[test]
    fn connecting_again_gives_little() {
        // of 100 connections in a second, at a rate of 50 a second
        let sent = (0..100).map(|connection| {
            let now = Instant::from_millis(connection * 10);
            let mut bucket = Bucket::new(now, 0.05);
            (0..64).filter(|_| bucket.take(now)).count()
        });
        assert_eq!(sent.sum::<usize>(), 1600);
    }

    #[test]
    fn rates_that_are_none() {
        let mut bucket = Bucket::new(Instant::ZERO, f64::NAN);
        let taken = (0..1000).filter(|at| bucket.take(Instant::from_millis(*at))).count();
        assert_eq!(taken, 16);
    }
}
