//! The rate limit of handshakes, each of which costs cryptography before the peer has proved
//! anything.

use core::time::Duration;
use tokio::{sync::Mutex, time::Instant};

/// A rate and a burst of handshakes.
#[derive(Debug, Clone, Copy)]
pub struct HandshakeRate {
    /// Time between two handshakes at the steady rate.
    pub interval: Duration,
    /// Maximum number of handshakes that may start at once after a quiet time.
    pub burst: u32,
}

/// Permits handshakes at a rate, in the order of their requests.
#[derive(Debug)]
pub(super) struct HandshakeLimiter {
    rate: HandshakeRate,
    /// When the next permit is due, up to a burst in the past.
    next: Mutex<Instant>,
}

impl HandshakeRate {
    /// For all strangers together: 250/s, a twentieth of a core with X-Wing.
    pub const STRANGERS: Self = Self { interval: Duration::from_millis(4), burst: 64 };

    /// For each address of a known peer: 1,000/s, as many peers may share it.
    pub const KNOWN_ADDRESS: Self = Self { interval: Duration::from_millis(1), burst: 256 };

    /// Maximum number of handshakes that can start within `time`.
    #[must_use]
    pub fn max_in(self, time: Duration) -> u64 {
        let steady = time.as_nanos().div_ceil(self.interval.as_nanos());
        u64::from(self.burst).saturating_add(u64::try_from(steady).unwrap_or(u64::MAX))
    }

    /// The start of the burst of a limiter that was idle until `now`.
    fn burst_before(self, now: Instant) -> Instant {
        // the last handshake of the burst is due now
        now.checked_sub(self.interval.saturating_mul(self.burst.saturating_sub(1))).unwrap_or(now)
    }
}

impl HandshakeLimiter {
    pub(super) fn new(rate: HandshakeRate) -> Self {
        Self { rate, next: Mutex::new(rate.burst_before(Instant::now())) }
    }

    /// Waits for a permit. Uses none if the future is dropped before.
    pub(super) async fn acquire(&self) {
        let mut next = self.next.lock().await;
        tokio::time::sleep_until(*next).await;
        let due = self.rate.burst_before(Instant::now()).max(*next);
        *next = due.checked_add(self.rate.interval).unwrap_or(due);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use core::sync::atomic::{AtomicU32, Ordering::Relaxed};
    use std::sync::Arc;
    use tokio::task::{JoinSet, yield_now};

    const RATE: HandshakeRate = HandshakeRate::STRANGERS;

    #[tokio::test(start_paused = true)]
    async fn handshakes_start_at_the_rate() {
        let limiter = Arc::new(HandshakeLimiter::new(RATE));
        let begun = Instant::now();
        for started in 1..=RATE.burst + 50 {
            limiter.acquire().await;
            assert!(u64::from(started) <= RATE.max_in(begun.elapsed()), "{started} in {:?}", begun.elapsed());
        }
        // a thousand connections that stop waiting take no permit
        let (mut waiting, asked) = (JoinSet::new(), Arc::new(AtomicU32::new(0)));
        for _ in 0..1000 {
            let (limiter, asked) = (Arc::clone(&limiter), Arc::clone(&asked));
            waiting.spawn(async move {
                asked.fetch_add(1, Relaxed);
                limiter.acquire().await;
            });
        }
        while asked.load(Relaxed) < 1000 {
            yield_now().await;
        }
        waiting.shutdown().await;
        let begun = Instant::now();
        for _ in 0..50 {
            limiter.acquire().await;
        }
        assert!(begun.elapsed() <= RATE.interval.saturating_mul(51), "{:?}", begun.elapsed());
    }
}
