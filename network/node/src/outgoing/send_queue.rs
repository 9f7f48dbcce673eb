//! The send queue of a link.

use crate::{
    buffer_pool::Packet,
    counters::{Counters, DropReason},
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

/// A queue of packets for one peer, of fixed capacity. The same time limit applies to packets that
/// wait to be written and to packets that wait for the link to come up. The node's own loop decoys
/// have a separate short queue, and are written only when there are no packets.
pub(crate) struct SendQueue {
    waiting: Mutex<Waiting>,
    capacity: usize,
    wait: Duration,
    ready: Notify,
    up: AtomicBool,
}

struct Waiting {
    packets: VecDeque<(Instant, Packet)>,
    decoys: VecDeque<(Instant, Packet)>,
}

impl SendQueue {
    /// An empty queue for `capacity` packets, each of which may wait for `wait`. Its link is down.
    pub(crate) fn new(capacity: usize, wait: Duration) -> Self {
        let (packets, decoys) = (VecDeque::with_capacity(capacity), VecDeque::with_capacity(MAX_DECOYS));
        let waiting = Mutex::new(Waiting { packets, decoys });
        Self { waiting, capacity, wait, ready: Notify::new(), up: AtomicBool::new(false) }
    }

    /// Appends a packet. While the link is down, packets that have waited too long are dropped
    /// first.
    pub(crate) fn push(&self, now: Instant, packet: Packet, counters: &Counters) {
        let mut waiting = self.lock();
        let packets = &mut waiting.packets;
        while !self.is_up() && packets.front().is_some_and(|(since, _)| self.is_late(now, *since)) {
            packets.pop_front();
            counters.count_drop(DropReason::LinkDown);
        }
        if packets.len() >= self.capacity {
            counters.count_drop(if self.is_up() { DropReason::WriteQueueFull } else { DropReason::LinkDown });
            return;
        }
        packets.push_back((now, packet));
        drop(waiting);
        self.ready.notify_one();
    }

    /// Appends a loop decoy of this node, unless the link is down or busy. Returns whether it did.
    pub(crate) fn push_decoy(&self, now: Instant, packet: Packet) -> bool {
        let mut waiting = self.lock();
        let has_room = self.is_up() && waiting.packets.is_empty() && waiting.decoys.len() < MAX_DECOYS;
        if has_room {
            waiting.decoys.push_back((now, packet));
            drop(waiting);
            self.ready.notify_one();
        }
        has_room
    }

    /// Whether a packet has waited for too long.
    pub(crate) fn is_late(&self, now: Instant, since: Instant) -> bool {
        Duration::from_nanos(now.nanos_since(since)) > self.wait
    }

    /// Waits for the first packet, and returns it with the time at which it was appended. For one
    /// task at a time.
    pub(crate) async fn pop(&self) -> (Instant, Packet) {
        loop {
            let first = {
                let mut waiting = self.lock();
                waiting.packets.pop_front().or_else(|| waiting.decoys.pop_front())
            };
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

    /// Drops all packets, because the link is no longer wanted.
    pub(crate) fn close(&self, counters: &Counters) {
        self.set_up(false);
        let Waiting { packets, decoys } = &mut *self.lock();
        for _ in packets.drain(..).chain(decoys.drain(..)) {
            counters.count_drop(DropReason::LinkDown);
        }
    }

    /// Whether the link is up.
    pub(crate) fn is_up(&self) -> bool {
        self.up.load(Ordering::Acquire)
    }

    /// Number of packets.
    pub(crate) fn len(&self) -> usize {
        let waiting = self.lock();
        waiting.packets.len() + waiting.decoys.len()
    }

    fn lock(&self) -> MutexGuard<'_, Waiting> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl fmt::Debug for SendQueue {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SendQueue").field("len", &self.len()).field("up", &self.up).finish_non_exhaustive()
    }
}

/// Maximum number of loop decoys in a send queue: more of them could not be sent at their random
/// times.
const MAX_DECOYS: usize = 8;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::buffer_pool::Pool;

    #[tokio::test]
    async fn packets_wait_for_their_link_but_not_for_long() {
        let (pool, counters) = (Pool::new(4, 1), Counters::default());
        let lost = |reason| counters.dropped(reason);
        let out = SendQueue::new(2, Duration::from_millis(50));
        let push = |millis| out.push(Instant::from_millis(millis), pool.take().unwrap(), &counters);
        push(0);
        push(50);
        assert_eq!(lost(DropReason::LinkDown), 0);
        // the first packet has waited for 51 ms
        push(51);
        assert_eq!((lost(DropReason::LinkDown), out.len()), (1, 2));
        out.set_up(true);
        push(52);
        assert_eq!(lost(DropReason::WriteQueueFull), 1);
        assert_eq!(out.pop().await.0, Instant::from_millis(50));
        out.close(&counters);
        assert_eq!((lost(DropReason::LinkDown), out.len(), pool.lent()), (2, 0, 0));
    }

    #[tokio::test]
    async fn decoys_give_way_to_packets() {
        let (pool, counters) = (Pool::new(20, 1), Counters::default());
        let queue = SendQueue::new(2, Duration::from_millis(50));
        let packet = |byte| {
            let mut packet = pool.take().unwrap();
            packet[0] = byte;
            packet
        };
        let now = Instant::from_millis(1);
        assert!(!queue.push_decoy(now, packet(9)), "the link is down");
        queue.set_up(true);
        assert!((0..MAX_DECOYS).all(|_| queue.push_decoy(now, packet(9))));
        assert!(!queue.push_decoy(now, packet(9)), "there are enough");
        // decoys take no slots from packets, which are sent first
        queue.push(now, packet(1), &counters);
        queue.push(now, packet(2), &counters);
        assert_eq!(counters.all_dropped(), 0);
        assert!(!queue.push_decoy(now, packet(9)), "there is something to send");
        let mut sent = Vec::new();
        for _ in 0..4 {
            sent.push(queue.pop().await.1[0]);
        }
        assert_eq!(sent, [1, 2, 9, 9]);
        assert_eq!((queue.len(), pool.lent()), (MAX_DECOYS - 2, MAX_DECOYS - 2));
    }
}
