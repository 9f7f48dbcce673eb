//! Packets that wait to be written to one peer.

use crate::network::{counters::Loss, packet::Packet};
use core::{
    fmt,
    sync::atomic::{AtomicBool, Ordering},
};
use mixwell_mixdelay::Instant;
use std::{
    collections::VecDeque,
    sync::{Mutex, MutexGuard, PoisonError},
};
use tokio::sync::Notify;

/// A queue of packets for a peer, of fixed capacity. While the link is down it takes none.
pub(crate) struct Outgoing {
    waiting: Mutex<VecDeque<(Instant, Packet)>>,
    capacity: usize,
    ready: Notify,
    up: AtomicBool,
}

impl Outgoing {
    /// A queue for so many packets, with its link down.
    pub(crate) fn new(capacity: usize) -> Self {
        let waiting = Mutex::new(VecDeque::with_capacity(capacity));
        Self { waiting, capacity, ready: Notify::new(), up: AtomicBool::new(false) }
    }

    /// Puts a packet at the end.
    pub(crate) fn push(&self, now: Instant, packet: Packet) -> Result<(), Loss> {
        if !self.is_up() {
            return Err(Loss::LinkDown);
        }
        let mut waiting = self.lock();
        if waiting.len() >= self.capacity {
            return Err(Loss::WriteQueueFull);
        }
        waiting.push_back((now, packet));
        drop(waiting);
        self.ready.notify_one();
        Ok(())
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

    /// Says that the link is up, or that it is down, and then how many packets that waited are lost.
    pub(crate) fn set_up(&self, up: bool) -> usize {
        self.up.store(up, Ordering::Release);
        if up {
            return 0;
        }
        let mut waiting = self.lock();
        let lost = waiting.len();
        waiting.clear();
        lost
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
#[expect(clippy::unwrap_used, reason = "a test fails by panicking")]
mod tests {
    use super::*;
    use crate::network::packet::Pool;

    #[tokio::test]
    async fn packets_wait_while_the_link_is_up() {
        let pool = Pool::new(4, 1);
        let out = Outgoing::new(2);
        let now = Instant::from_millis;
        assert_eq!(out.push(now(1), pool.take().unwrap()), Err(Loss::LinkDown));
        out.set_up(true);
        out.push(now(2), pool.take().unwrap()).unwrap();
        out.push(now(3), pool.take().unwrap()).unwrap();
        assert_eq!(out.push(now(4), pool.take().unwrap()), Err(Loss::WriteQueueFull));
        assert_eq!(out.pop().await.0, now(2));
        assert_eq!((out.set_up(false), out.len(), pool.lent()), (1, 0, 0));
    }
}
