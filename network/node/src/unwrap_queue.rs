//! The queue of packets from all links that wait to be unwrapped.
//!
//! Each reader task enqueues its packets, yields so that other readers enqueue theirs, and then
//! unwraps one batch from the shared queue, not necessarily its own packets. So batches fill up as
//! the load grows, on every core that has work. A task continues to read only after as many packets
//! have been unwrapped as it has enqueued: the excess waits in the senders' sockets.

use crate::{
    buffer_pool::Packet,
    counters::{Counters, DropReason, PacketEvent},
    gateway::Mailboxes,
    mix::{Batch, Mix, Reply},
    unwrap::BATCH,
};
use mixwell_mixdelay::Instant;
use mixwell_net::stopwatch::Stopwatch;
use std::{
    collections::VecDeque,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};
use tokio::sync::Notify;

/// The queue between readers and the mix.
pub(crate) struct UnwrapQueue {
    mix: Arc<Mix>,
    /// Mailboxes of a gateway's clients.
    mailboxes: Arc<Mailboxes>,
    stopwatch: Stopwatch,
    /// Wakes the release task when a packet is due earlier than all others.
    released_earlier: Arc<Notify>,
    /// Oldest first, each with its arrival time.
    waiting: Mutex<VecDeque<(Instant, Packet)>>,
}

/// Counts the packets that a reader task has enqueued since it last unwrapped a batch. Dropping the
/// guard unwraps a batch if there are any, so that a cancelled task leaves no packet behind.
pub(crate) struct BatchGuard<'q> {
    queue: &'q UnwrapQueue,
    packets: usize,
}

impl UnwrapQueue {
    /// An empty queue with room for every packet buffer.
    pub(crate) fn new(
        mix: Arc<Mix>,
        mailboxes: Arc<Mailboxes>,
        stopwatch: Stopwatch,
        released_earlier: Arc<Notify>,
        buffers: usize,
    ) -> Self {
        let waiting = Mutex::new(VecDeque::with_capacity(buffers));
        Self { mix, mailboxes, stopwatch, released_earlier, waiting }
    }

    /// A guard for one reader task.
    pub(crate) const fn batch_guard(&self) -> BatchGuard<'_> {
        BatchGuard { queue: self, packets: 0 }
    }

    /// Whether a whole batch waits or half of the packet buffers are in use. Loop decoys give way
    /// then: making one takes as long as unwrapping several packets.
    pub(crate) fn is_busy(&self) -> bool {
        let pool = self.mix.pool();
        self.lock().len() >= BATCH || pool.lent() > pool.size() / 2
    }

    /// The node's counters.
    pub(crate) fn counters(&self) -> &Counters {
        self.mix.counters()
    }

    /// Stores a reply for its client.
    pub(crate) fn deliver(&self, reply: Reply) {
        let counters = self.counters();
        match self.mailboxes.store(self.stopwatch.now(), reply) {
            Ok(dropped) => {
                counters.count_drops(DropReason::MailboxFull, dropped);
                counters.count(PacketEvent::Stored);
            }
            Err(reason) => counters.count_drop(reason),
        }
    }

    /// Unwraps a batch of the oldest packets and routes them.
    fn unwrap_batch(&self) {
        let batch: Batch = {
            let mut waiting = self.lock();
            core::array::from_fn(|_| waiting.pop_front())
        };
        if self.mix.receive(batch, &|| self.stopwatch.now(), &mut |reply| self.deliver(reply)) {
            self.released_earlier.notify_one();
        }
    }

    fn lock(&self) -> MutexGuard<'_, VecDeque<(Instant, Packet)>> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl BatchGuard<'_> {
    /// Enqueues a packet that has just arrived.
    pub(crate) fn push(&mut self, bytes: &[u8]) {
        let queue = self.queue;
        let Some(mut packet) = queue.mix.pool().take() else {
            return queue.counters().count_rejected(DropReason::Buffers);
        };
        if packet.len() != bytes.len() {
            return queue.counters().count_rejected(DropReason::Malformed);
        }
        packet.copy_from_slice(bytes);
        queue.lock().push_back((queue.stopwatch.now(), packet));
        self.packets += 1;
    }

    /// Unwraps one batch, if this task has enqueued anything since the last one.
    pub(crate) fn flush(&mut self) {
        if core::mem::take(&mut self.packets) > 0 {
            self.queue.unwrap_batch();
        }
    }

    /// Whether nothing was enqueued.
    pub(crate) const fn is_empty(&self) -> bool {
        self.packets == 0
    }

    /// Whether a whole batch was enqueued.
    pub(crate) const fn is_full(&self) -> bool {
        self.packets >= BATCH
    }
}

impl Drop for BatchGuard<'_> {
    fn drop(&mut self) {
        self.flush();
    }
}
