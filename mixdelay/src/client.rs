//! The two processes of a client (`docs/spec/mixdelay.md#cover-traffic`).

use crate::{Instant, Poisson, Rate};
use rand_core::CryptoRng;

/// When a client sends: its messages or decoys at `LambdaP`, its loops at `LambdaL`.
///
/// The two are independent, and nothing the client does changes when they tick. What goes out at a
/// [`Tick::MessageOrDecoy`] is [`Outbox`](crate::Outbox)'s choice.
#[derive(Clone, Debug, Default)]
pub struct ClientClock {
    messages: Poisson,
    loops: Poisson,
}

/// What a client has to send now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Tick {
    /// The next message that waits, or a loop decoy if there is none.
    MessageOrDecoy,
    /// A loop decoy.
    Loop,
}

impl ClientClock {
    /// A clock that is off until it is given rates, and has its link down.
    #[must_use]
    pub const fn new() -> Self {
        Self { messages: Poisson::new(), loops: Poisson::new() }
    }

    /// Sets the rates of a consensus, `None` for off. Both intervals begin anew.
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

    /// Says whether the link to the gateway is up. Both intervals begin anew.
    pub fn set_link(&mut self, now: Instant, up: bool, rng: &mut impl CryptoRng) {
        self.messages.set_link(now, up, rng);
        self.loops.set_link(now, up, rng);
    }

    /// What is due, the earlier tick first. Call it until it gives `None`.
    pub fn poll(&mut self, now: Instant, rng: &mut impl CryptoRng) -> Option<Tick> {
        // Both see a clock that steps back, whichever is asked.
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

    /// The clock's time of the next tick, `None` while both processes are off or the link is down.
    #[must_use]
    pub fn poll_timeout(&self) -> Option<Instant> {
        self.messages.poll_timeout().into_iter().chain(self.loops.poll_timeout()).min()
    }
}
