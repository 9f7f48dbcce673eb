//! Packets that wait to be written to one peer.

use crate::network::{
    counters::{Counters, Loss},
    packet::Packet,
};
use core::{
    fmt,
    sync::atomic::{AtomicBool, Ordering},
    time::Duration,
};
use mixwell_mixdelay::Instant;
use std::{
    collections::VecDeque,
    sync::{Mutex, MutexGuard, PoisonError},
};
use tokio::sync::Notify;

/// A queue of packets for a peer, of fixed capacity. While the link is down, packets wait for it no longer than for their
/// writing.
pub(crate) struct Outgoing {
    waiting: Mutex<VecDeque<(Instant, Packet)>>,
    capacity: usize,
    wait: Duration,
    ready: Notify,
    up: AtomicBool,
}

impl Outgoing {
    /// A queue for so many packets, which wait for so long at most, with its link down.
    pub(crate) fn new(capacity: usize, wait: Duration) -> Self {
        let waiting = Mutex::new(VecDeque::with_capacity(capacity));
        Self { waiting, capacity, wait, ready: Notify::new(), up: AtomicBool::new(false) }
    }

    /// Puts a packet at the end. What has waited too long for a link that is down makes room.
    pub(crate) fn push(&self, now: Instant, packet: Packet, counters: &Counters) {
        let mut waiting = self.lock();
        while !self.is_up() && waiting.front().is_some_and(|(since, _)| self.is_late(now, *since)) {
            waiting.pop_front();
            counters.lose(Loss::LinkDown);
        }
        if waiting.len() >= self.capacity {
            counters.lose(if self.is_up() { Loss::WriteQueueFull } else { Loss::LinkDown });
            return;
        }
        waiting.push_back((now, packet));
        drop(waiting);
        self.ready.notify_one();
    }

    /// Whether a packet has waited for too long.
    pub(crate) fn is_late(&self, now: Instant, since: Instant) -> bool {
        Duration::from_nanos(now.nanos_since(since)) > self.wait
    }

    /// Waits for the first packet, and tells since when it has waited. For one task at a time.
    pub(crate) async fn pop(&self) -> (Instant, Packet) {
        loop {
            let first = self.lock().pop_front();
            match first {
                Some(first) => return first,
                None => self.ready.notified().await,
            }
        }
    }

    /// Says whether the link is up.
    pub(crate) fn set_up(&self, up: bool) {
        self.up.store(up, Ordering::Release);
    }

    /// Drops what waits: there will be no link any more.
    pub(crate) fn close(&self, counters: &Counters) {
        self.set_up(false);
        for _ in self.lock().drain(..) {
            counters.lose(Loss::LinkDown);
        }
    }

    /// Whether the link is up.
    pub(crate) fn is_up(&self) -> bool {
        self.up.load(Ordering::Acquire)
    }

    /// How many packets wait.
    pub(crate) fn len(&self) -> usize {
        self.lock().len()
    }

    fn lock(&self) -> MutexGuard<'_, VecDeque<(Instant, Packet)>> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl fmt::Debug for Outgoing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Outgoing").field("len", &self.len()).field("up", &self.up).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::network::packet::Pool;

    #[tokio::test]
    async fn packets_wait_for_their_link_but_not_for_long() {
        let (pool, counters) = (Pool::new(4, 1), Counters::default());
        let lost = |reason| counters.dropped(reason);
        let out = Outgoing::new(2, Duration::from_millis(50));
        let push = |millis| out.push(Instant::from_millis(millis), pool.take().unwrap(), &counters);
        push(0);
        push(50);
        assert_eq!(lost(Loss::LinkDown), 0);
        // the first has waited for 51 ms
        push(51);
        assert_eq!((lost(Loss::LinkDown), out.len()), (1, 2));
        out.set_up(true);
        push(52);
        assert_eq!(lost(Loss::WriteQueueFull), 1);
        assert_eq!(out.pop().await.0, Instant::from_millis(50));
        out.close(&counters);
        assert_eq!((lost(Loss::LinkDown), out.len(), pool.lent()), (2, 0, 0));
    }
}
