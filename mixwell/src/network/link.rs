//! Links: accepting connections, connecting to peers, and the tasks that send packets to other nodes.

mod accept;
mod backoff;
mod connect;
mod dial;
mod link_table;
mod send_queue;

#[cfg(test)]
pub(crate) use accept::HandshakeRate;
pub(crate) use accept::{
    AcceptLimits, AcceptPolicy, AcceptUntil, Acceptor, AcceptorConfig, Authorization, Connection, ConnectionStats,
    Places, WhenFull,
};
pub(crate) use connect::{ConnectError, Connected, Connector, LinkTarget};
pub(crate) use dial::Dialer;
pub(crate) use link_table::LinkTable;
pub(crate) use send_queue::SendQueue;

use core::time::Duration;
use mixwell_mixdelay::Instant;
use tokio::{sync::watch, time};

/// Waits until a stop signal is true, or its sender is dropped.
pub(crate) async fn stopped(stop: &mut watch::Receiver<bool>) {
    let _ = stop.wait_for(|stop| *stop).await;
}

/// The moment `wait` after another.
pub(crate) fn after(moment: time::Instant, wait: Duration) -> time::Instant {
    // the end of time is not near
    moment.checked_add(wait).unwrap_or(moment)
}

/// A monotonic clock for delays.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Stopwatch(std::time::Instant);

impl Stopwatch {
    /// A clock that shows zero now.
    pub(crate) fn start() -> Self {
        Self(std::time::Instant::now())
    }

    /// The time on this clock.
    pub(crate) fn now(&self) -> Instant {
        Instant::from_nanos(u64::try_from(self.0.elapsed().as_nanos()).unwrap_or(u64::MAX))
    }

    /// Sleeps until a time on this clock.
    pub(crate) async fn sleep_until(&self, moment: Instant) {
        let since = Duration::from_nanos(moment.as_nanos());
        match self.0.checked_add(since) {
            Some(moment) => time::sleep_until(moment.into()).await,
            None => core::future::pending().await,
        }
    }
}
