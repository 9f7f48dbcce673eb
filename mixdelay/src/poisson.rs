//! Poisson processes: when to send (`docs/spec/mixdelay.md#cover-traffic`).

use crate::{Instant, Rate, rate::NANOS_PER_MILLI, sample::minimum, time::Steady};
use rand_core::CryptoRng;

/// One process that ticks at exponential intervals: of a client (`LambdaP`, `LambdaL`: see [`ClientClock`]), a mix or
/// service node (`LambdaM`), a gateway (`LambdaG`), a courier or replica (`LambdaR`).
///
/// It ticks while it has a rate and its link is up. It reads no clock: tell it of every change, ask
/// [`poll_timeout`](Self::poll_timeout) when to come back, and then call [`poll`](Self::poll) until it says no.
///
/// A tick that is noticed late does not move the next one, so the rate is kept whatever the caller's latency; but after
/// [`CATCH_UP_MILLIS`](Self::CATCH_UP_MILLIS) without a call (a suspended machine) what was missed is left out instead
/// of sent in a burst, and a new interval begins. Nor does a clock that steps back make the process wait longer.
///
/// [`ClientClock`]: crate::ClientClock
#[derive(Clone, Debug)]
pub struct Poisson {
    rate: Option<Rate>,
    link_up: bool,
    next: Option<Instant>,
    time: Steady,
}

impl Poisson {
    /// How late a tick can be noticed and still be made up for.
    pub const CATCH_UP_MILLIS: u64 = 1000;

    /// A process that is off until it is given a rate, and has its link down.
    #[must_use]
    pub const fn new() -> Self {
        Self { rate: None, link_up: false, next: None, time: Steady::new() }
    }

    /// Sets the rate, `None` for off. The interval begins anew, which changes nothing for an observer: an exponential
    /// interval has no memory.
    pub fn set_rate(&mut self, now: Instant, rate: Option<Rate>, rng: &mut impl CryptoRng) {
        self.rate = rate;
        self.restart(now, rng);
    }

    /// Says whether the link is up. The interval begins anew.
    pub fn set_link(&mut self, now: Instant, up: bool, rng: &mut impl CryptoRng) {
        self.link_up = up;
        self.restart(now, rng);
    }

    /// Whether a tick is due, and if so, schedules the next: each `true` is one packet to send.
    pub fn poll(&mut self, now: Instant, rng: &mut impl CryptoRng) -> bool {
        let now = self.time.observe(now);
        let Some(due) = self.next.filter(|next| *next <= now) else { return false };
        let late = now.nanos_since(due) > Self::CATCH_UP_MILLIS.saturating_mul(NANOS_PER_MILLI);
        self.schedule(if late { now } else { due }, rng);
        true
    }

    /// The clock's time of the next tick, `None` while the process is off or its link is down.
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
        // A tick that would be at the end of time never comes: else it would be due there for ever.
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
    /// Draws an interval of a Poisson process: exponential, at most the [safety cap](Self::cap_millis).
    #[must_use]
    pub fn interval_nanos(&self, rng: &mut impl CryptoRng) -> u64 {
        minimum(self.sample_nanos(rng), self.cap_millis().saturating_mul(NANOS_PER_MILLI))
    }
}
