//! The two cover-traffic processes of a client (`docs/spec/mixdelay.md#cover-traffic`).

use crate::{Instant, Poisson, Rate};
use rand_core::CryptoRng;

/// When a client sends: messages or decoys at rate `LambdaP`, loop decoys at rate `LambdaL`.
///
/// The two processes are independent, and nothing that the client does changes when they tick. What
/// goes out at a [`Tick::MessageOrDecoy`] is [`Outbox`](crate::Outbox)'s choice.
///
/// ```
/// use mixwell_mixdelay::{ClientClock, Instant, Rate, Tick};
///
/// let mut rng = rand::rng();
/// let mut clock = ClientClock::new();
/// // the rates of the consensus: a message or decoy every 250 ms on average, a loop every second
/// clock.set_rates(Instant::ZERO, Rate::published(0.004)?, Rate::published(0.001)?, &mut rng);
/// clock.set_link(Instant::ZERO, true, &mut rng);
/// let now = clock.poll_timeout().expect("both processes run");
/// while let Some(tick) = clock.poll(now, &mut rng) {
///     match tick {
///         Tick::MessageOrDecoy => { /* Outbox::swap_in, then send */ }
///         Tick::Loop => { /* send a loop decoy */ }
///         _ => {}
///     }
/// }
/// # Ok::<(), mixwell_mixdelay::RateError>(())
/// ```
#[derive(Clone, Debug, Default)]
pub struct ClientClock {
    messages: Poisson,
    loops: Poisson,
}

/// The packet that a client is to send now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Tick {
    /// The oldest message that waits, or a loop decoy if none does.
    MessageOrDecoy,
    /// A loop decoy.
    Loop,
}

impl ClientClock {
    /// A clock without rates whose link is down: it ticks once it has both.
    #[must_use]
    pub const fn new() -> Self {
        Self { messages: Poisson::new(), loops: Poisson::new() }
    }

    /// Sets the rates of a consensus, `None` for off. Both intervals restart.
    pub fn set_rates(
        &mut self,
        now: Instant,
        lambda_p: Option<Rate>,
        lambda_l: Option<Rate>,
        rng: &mut impl CryptoRng,
    ) {
        self.messages.set_rate(now, lambda_p, rng);
        self.loops.set_rate(now, lambda_l, rng);
    }

    /// Starts or stops the clock with the link to the gateway. Both intervals restart.
    pub fn set_link(&mut self, now: Instant, up: bool, rng: &mut impl CryptoRng) {
        self.messages.set_link(now, up, rng);
        self.loops.set_link(now, up, rng);
    }

    /// The tick that is due, the earlier one first. Call it until it returns `None`.
    pub fn poll(&mut self, now: Instant, rng: &mut impl CryptoRng) -> Option<Tick> {
        // Both processes observe every reading, so both notice a clock that steps back.
        self.messages.observe(now);
        self.loops.observe(now);
        let loop_first = match (self.loops.poll_timeout(), self.messages.poll_timeout()) {
            (Some(a_loop), Some(message)) => a_loop < message,
            (a_loop, _) => a_loop.is_some(),
        };
        let (first, tick) =
            if loop_first { (&mut self.loops, Tick::Loop) } else { (&mut self.messages, Tick::MessageOrDecoy) };
        first.poll(now, rng).then_some(tick)
    }

    /// When the next tick is due; `None` while both processes are off or the link is down.
    #[must_use]
    pub fn poll_timeout(&self) -> Option<Instant> {
        self.messages.poll_timeout().into_iter().chain(self.loops.poll_timeout()).min()
    }
}
