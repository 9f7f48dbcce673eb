//! Packets that have come, and are unwrapped together: whatever waits, without waiting for more.
//!
//! Each task that brings packets lets the others bring theirs, and then unwraps a batch of what lies there, be it its own. So
//! batches fill up as the load grows, on each core that has something to do, and no task reads on before as many packets
//! as it has brought are unwrapped: what is too much waits in the senders' sockets.

use crate::{buffer_pool::Packet, counters::Loss, mix::Batch, node::Node, unwrap::BATCH};
use mixwell_mixdelay::Instant;
use std::{
    collections::VecDeque,
    sync::{Mutex, MutexGuard, PoisonError},
};

/// Packets that wait for their unwrap, oldest first, each with the time of its arrival.
pub(super) struct Arrivals(Mutex<VecDeque<(Instant, Packet)>>);

/// What a task has brought and not unwrapped yet. Paid at the latest when the task ends, however it does.
pub(super) struct Debt<'n> {
    node: &'n Node,
    packets: usize,
}

impl Arrivals {
    /// With room for so many, all that there are.
    pub(super) fn new(room: usize) -> Self {
        Self(Mutex::new(VecDeque::with_capacity(room)))
    }

    fn push(&self, arrived: Instant, packet: Packet) {
        self.lock().push_back((arrived, packet));
    }

    /// Number of packets.
    pub(super) fn len(&self) -> usize {
        self.lock().len()
    }

    /// The oldest ones.
    fn batch(&self) -> Batch {
        let mut waiting = self.lock();
        core::array::from_fn(|_| waiting.pop_front())
    }

    fn lock(&self) -> MutexGuard<'_, VecDeque<(Instant, Packet)>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<'n> Debt<'n> {
    /// Nothing yet.
    pub(super) const fn new(node: &'n Node) -> Self {
        Self { node, packets: 0 }
    }

    /// Puts down a packet that has just come.
    pub(super) fn bring(&mut self, bytes: &[u8]) {
        let Node { mix, arrivals, stopwatch, .. } = self.node;
        let Some(mut packet) = mix.pool().take() else { return self.node.refuse(Loss::Buffers) };
        if packet.len() != bytes.len() {
            return self.node.refuse(Loss::Mac);
        }
        packet.copy_from_slice(bytes);
        arrivals.push(stopwatch.now(), packet);
        self.packets = self.packets.saturating_add(1);
    }

    /// Unwraps a batch, and does what its packets say.
    pub(super) fn pay(&mut self) {
        if core::mem::take(&mut self.packets) == 0 {
            return;
        }
        let node = self.node;
        let wake = node.mix.receive(node.arrivals.batch(), &|| node.stopwatch.now(), &mut |reply| node.store(reply));
        if wake {
            node.wake.notify_one();
        }
    }

    /// Whether nothing was brought.
    pub(super) const fn is_none(&self) -> bool {
        self.packets == 0
    }

    /// Whether a whole batch was brought.
    pub(super) const fn is_due(&self) -> bool {
        self.packets >= BATCH
    }
}

impl Drop for Debt<'_> {
    fn drop(&mut self) {
        self.pay();
    }
}
