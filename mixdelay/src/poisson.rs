//! Poisson processes: when to send (`docs/spec/mixdelay.md#cover-traffic`).

use crate::{Instant, Rate, rate::NANOS_PER_MILLI, sample::minimum, time::Monotonic};
use rand_core::CryptoRng;

/// A process that ticks at exponential intervals: of a client (`LambdaP`, `LambdaL`: see
/// [`ClientClock`]), a mix or service node (`LambdaM`), a gateway (`LambdaG`), a courier or replica
/// (`LambdaR`).
///
/// The process ticks while it has a rate and its link is up. It reads no clock: call
/// [`poll`](Self::poll) at the time that [`poll_timeout`](Self::poll_timeout) returns, until it
/// returns `false`.
///
/// A tick that is noticed late does not move the next one, so the rate does not depend on the
/// caller's latency; but after [`CATCH_UP_MILLIS`](Self::CATCH_UP_MILLIS) without a call (a
/// suspended machine) the missed ticks are skipped instead of sent in a burst, and a new interval
/// begins. A clock that steps back does not make the process wait longer.
///
/// ```
/// use mixwell_mixdelay::{Instant, Poisson, Rate};
///
/// let mut rng = rand::rng();
/// let mut decoys = Poisson::new();
/// decoys.set_rate(Instant::ZERO, Rate::published(0.01)?, &mut rng); // `LambdaM`: every 100 ms on average
/// decoys.set_link(Instant::ZERO, true, &mut rng);
/// let now = decoys.poll_timeout().expect("the process runs");
/// let mut sent = 0;
/// while decoys.poll(now, &mut rng) {
///     sent += 1; // send a decoy
/// }
/// assert!(sent >= 1);
/// # Ok::<(), mixwell_mixdelay::RateError>(())
/// ```
///
/// [`ClientClock`]: crate::ClientClock
#[derive(Clone, Debug)]
pub struct Poisson {
    rate: Option<Rate>,
    link_up: bool,
    next: Option<Instant>,
    time: Monotonic,
}

impl Poisson {
    /// Longest delay, in milliseconds, after which a missed tick is still made up for.
    pub const CATCH_UP_MILLIS: u64 = 1000;

    /// A process without a rate whose link is down: it ticks once it has both.
    #[must_use]
    pub const fn new() -> Self {
        Self { rate: None, link_up: false, next: None, time: Monotonic::new() }
    }

    /// Sets the rate, `None` for off. The interval begins anew, which changes nothing for an
    /// observer: an exponential interval has no memory.
    pub fn set_rate(&mut self, now: Instant, rate: Option<Rate>, rng: &mut impl CryptoRng) {
        self.rate = rate;
        self.restart(now, rng);
    }

    /// Starts or stops the process with its link. The interval restarts.
    pub fn set_link(&mut self, now: Instant, up: bool, rng: &mut impl CryptoRng) {
        self.link_up = up;
        self.restart(now, rng);
    }

    /// Whether a tick is due. If so, schedules the next one: each `true` is one packet to send.
    pub fn poll(&mut self, now: Instant, rng: &mut impl CryptoRng) -> bool {
        let now = self.time.observe(now);
        let Some(due) = self.next.filter(|next| *next <= now) else { return false };
        let late = now.nanos_since(due) > Self::CATCH_UP_MILLIS.saturating_mul(NANOS_PER_MILLI);
        self.schedule(if late { now } else { due }, rng);
        true
    }

    /// When the next tick is due; `None` while the process is off or its link is down.
    #[must_use]
    pub fn poll_timeout(&self) -> Option<Instant> {
        self.next.map(|next| self.time.on_clock(next))
    }

    pub(crate) fn observe(&mut self, now: Instant) {
        self.time.observe(now);
    }

    fn restart(&mut self, now: Instant, rng: &mut impl CryptoRng) {
        let now = self.time.observe(now);
        self.schedule(now, rng);
    }

    fn schedule(&mut self, from: Instant, rng: &mut impl CryptoRng) {
        // A tick at the end of the range is dropped: it would stay due for ever.
        self.next = self
            .rate
            .filter(|_| self.link_up)
            .map(|rate| from.plus_nanos(rate.interval_nanos(rng)))
            .filter(|next| *next < Instant::MAX);
    }
}

impl Default for Poisson {
    fn default() -> Self {
        Self::new()
    }
}

impl Rate {
    /// Draws an interval of a Poisson process: exponential, at most the [safety
    /// cap](Self::cap_millis).
    #[must_use]
    pub fn interval_nanos(&self, rng: &mut impl CryptoRng) -> u64 {
        minimum(self.sample_nanos(rng), self.cap_millis().saturating_mul(NANOS_PER_MILLI))
    }
}
