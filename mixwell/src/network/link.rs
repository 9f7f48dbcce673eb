//! Links between nodes: packets wait for one, and one task each carries them.

mod accept;
mod dial;
mod outgoing;
mod pace;
mod routes;
mod shares;

pub(crate) use accept::{Accepted, Acceptor, Calls, Who};
pub(crate) use dial::{Dialer, Peer};
pub(crate) use outgoing::Outgoing;
#[cfg(test)]
pub(crate) use pace::tests::most_turns;
pub(crate) use routes::Routes;

use core::time::Duration;
use mixwell_mixdelay::Instant;
use tokio::{sync::watch, time};

/// Waits until someone says to stop, or until nobody can any more.
pub(crate) async fn stopped(stop: &mut watch::Receiver<bool>) {
    let _ = stop.wait_for(|stop| *stop).await;
}

/// So long after a moment.
pub(crate) fn after(moment: time::Instant, wait: Duration) -> time::Instant {
    // there is no end of time near
    moment.checked_add(wait).unwrap_or(moment)
}

/// Time since some moment, for delays: it never steps.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Stopwatch(std::time::Instant);

impl Stopwatch {
    /// It begins at zero.
    pub(crate) fn start() -> Self {
        Self(std::time::Instant::now())
    }

    /// The time.
    pub(crate) fn now(&self) -> Instant {
        Instant::from_nanos(u64::try_from(self.0.elapsed().as_nanos()).unwrap_or(u64::MAX))
    }

    /// Sleeps until a time on it.
    pub(crate) async fn sleep_until(&self, moment: Instant) {
        let since = Duration::from_nanos(moment.as_nanos());
        match self.0.checked_add(since) {
            Some(moment) => time::sleep_until(moment.into()).await,
            None => core::future::pending().await,
        }
    }
}
