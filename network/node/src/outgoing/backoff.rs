//! The time until a peer is dialled again.

use core::time::Duration;

/// The pause before the next attempt at a link, in parts of an epoch's length P.
///
/// After the n-th consecutive failure it is n · P/64, at most P/8. The first pauses are shorter,
/// because a peer that starts at the same time may be some seconds behind. A link that was up is
/// dialled again at once, whoever cut it, but at most once per P/64 or per second, whichever is
/// shorter. This bounds the cost of a peer that cuts links right after their handshakes.
#[derive(Debug)]
pub(super) struct Backoff {
    period: Duration,
    failures: u32,
}

/// The shortest pause after a failure. It doubles until it exceeds P/64 for each failure.
const FIRST_PAUSE: Duration = Duration::from_millis(50);

/// Minimum time between the beginnings of two links, if epochs are long.
const MIN_INTERVAL: Duration = Duration::from_secs(1);

impl Backoff {
    pub(super) const fn new(period: Duration) -> Self {
        Self { period, failures: 0 }
    }

    /// The pause after an attempt that has not led to a link.
    pub(super) fn after_failure(&mut self) -> Duration {
        self.failures += 1;
        let soon = FIRST_PAUSE * (1 << self.failures.min(20));
        (self.period / 64).saturating_mul(self.failures).min(self.period / 8).min(soon)
    }

    /// The pause after a link that was up for `lifetime`.
    pub(super) fn after_link(&mut self, lifetime: Duration) -> Duration {
        self.failures = 0;
        MIN_INTERVAL.min(self.period / 64).saturating_sub(lifetime)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MINUTES: Duration = Duration::from_mins(20);

    #[test]
    fn failures_make_pauses_grow_up_to_an_eighth_of_an_epoch() {
        let mut backoff = Backoff::new(MINUTES);
        let pauses: Vec<Duration> = (0..30).map(|_| backoff.after_failure()).collect();
        assert_eq!(pauses[..3], [100, 200, 400].map(Duration::from_millis));
        assert!(pauses.is_sorted());
        assert_eq!(pauses[29], MINUTES / 8);
        let mut backoff = Backoff::new(Duration::from_secs(40));
        let pauses: Vec<u128> = (0..12).map(|_| backoff.after_failure().as_millis()).collect();
        assert_eq!(pauses[5..], [3200, 4375, 5000, 5000, 5000, 5000, 5000]);
    }

    /// The peer, or someone on the path, cuts each link as soon as it is up.
    #[test]
    fn links_that_are_cut_do_not_make_pauses_grow() {
        let mut backoff = Backoff::new(MINUTES);
        for _ in 0..10 {
            backoff.after_failure();
        }
        for _ in 0..1000 {
            assert_eq!(backoff.after_link(Duration::from_millis(65)), Duration::from_millis(935));
        }
        // the reference ends each link 120 s after its handshake: no failure
        assert_eq!(backoff.after_link(Duration::from_mins(2)), Duration::ZERO);
        assert_eq!(backoff.after_failure(), Duration::from_millis(100), "earlier failures are forgotten");
        assert_eq!(Backoff::new(Duration::from_secs(8)).after_link(Duration::ZERO), Duration::from_millis(125));
    }
}
