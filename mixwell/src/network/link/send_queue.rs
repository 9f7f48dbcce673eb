//! The send queue of a link.

use crate::network::{
    buffer_pool::Packet,
    counters::{Counters, Loss},
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

/// A queue of packets for one peer, of fixed capacity. A packet waits for the link to come up as long as for its turn to be
/// written, and no longer.
pub(crate) struct SendQueue {
    waiting: Mutex<VecDeque<(Instant, Packet)>>,
    capacity: usize,
    wait: Duration,
    ready: Notify,
    up: AtomicBool,
}

impl SendQueue {
    /// An empty queue for `capacity` packets, each of which waits for `wait` at most. Its link is down.
    pub(crate) fn new(capacity: usize, wait: Duration) -> Self {
        let waiting = Mutex::new(VecDeque::with_capacity(capacity));
        Self { waiting, capacity, wait, ready: Notify::new(), up: AtomicBool::new(false) }
    }

    /// Appends a packet. Packets that have waited too long for a link that is down make room.
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

    /// Waits for the first packet, and gives the time when it was appended. For one task at a time.
    pub(crate) async fn pop(&self) -> (Instant, Packet) {
        loop {
            let first = self.lock().pop_front();
            match first {
                Some(first) => return first,
                None => self.ready.notified().await,
            }
        }
    }

    /// Sets whether the link is up.
    pub(crate) fn set_up(&self, up: bool) {
        self.up.store(up, Ordering::Release);
    }

    /// Drops all packets, as there will be no link any more.
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

    /// Number of packets.
    pub(crate) fn len(&self) -> usize {
        self.lock().len()
    }

    fn lock(&self) -> MutexGuard<'_, VecDeque<(Instant, Packet)>> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl fmt::Debug for SendQueue {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SendQueue").field("len", &self.len()).field("up", &self.up).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::network::buffer_pool::Pool;

    #[tokio::test]
    async fn packets_wait_for_their_link_but_not_for_long() {
        let (pool, counters) = (Pool::new(4, 1), Counters::default());
        let lost = |reason| counters.dropped(reason);
        let out = SendQueue::new(2, Duration::from_millis(50));
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
