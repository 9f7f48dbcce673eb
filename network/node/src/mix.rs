//! The packets of a node, without sockets, clocks or tasks.
//!
//! [`Mix::receive`] unwraps packets in place and puts them into the queue, where they wait for
//! their release; [`Mix::due`] takes out those that are due. Neither allocates. All methods may be
//! called from many threads: only the replay filter and the queue are locked, each for one look-up.

mod decoys;
#[cfg(test)]
mod tests;

pub(crate) use decoys::Decoys;

use crate::{
    buffer_pool::{Packet, Pool},
    counters::{Counters, DropReason, PacketEvent},
    rendezvous::Store,
    service::{Request, Services},
    unwrap::{BATCH, Unwrap, Unwrapped},
};
use chacha20::ChaCha20Rng;
use core::time::Duration;
use mixwell_mixdelay::{Instant, Limits, ServerQueue};
use mixwell_net::node_kind::NodeKind;
use mixwell_sphinx::{Geometry, NodeId, RecipientId, SurbId};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// The kind of a node, its services and its limits.
pub(crate) struct Setup {
    pub kind: NodeKind,
    pub services: Services,
    /// Limits on delays and lateness.
    pub limits: Limits,
    /// Maximum number of packets waiting for their release.
    pub capacity: usize,
}

/// The packets of a node and their processing.
pub(crate) struct Mix {
    packets: Arc<dyn Unwrap>,
    setup: Setup,
    held: Mutex<Held>,
    decoys: Mutex<Decoys>,
    pool: Arc<Pool>,
    counters: Arc<Counters>,
}

struct Held {
    queue: ServerQueue<(NodeId, Packet)>,
    rng: ChaCha20Rng,
}

/// Packets to unwrap together, each with its arrival time.
pub(crate) type Batch = [Option<(Instant, Packet)>; BATCH];

/// The outcome of a received packet.
enum Taken {
    /// The packet is in the queue; `is_next` if it is due before all others.
    Held { is_next: bool },
    /// The packet is a reply to one of the gateway's clients.
    Reply(Reply),
    /// The packet was a loop decoy of this node.
    Done,
}

/// A reply at its gateway.
#[derive(Debug)]
pub(crate) struct Reply {
    /// The client's queue id.
    pub recipient: RecipientId,
    /// The id of the SURB that carried the reply.
    pub surb_id: SurbId,
    /// An unwrapped packet that ends with the reply.
    pub packet: Packet,
}

impl Mix {
    /// A mix with an empty queue.
    pub(crate) fn new(
        packets: Arc<dyn Unwrap>,
        setup: Setup,
        pool: Arc<Pool>,
        counters: Arc<Counters>,
        rng: ChaCha20Rng,
    ) -> Self {
        let mut queue = ServerQueue::new(setup.limits, setup.capacity);
        queue.reserve(setup.capacity);
        let held = Mutex::new(Held { queue, rng });
        Self { packets, setup, held, decoys: Mutex::new(Decoys::default()), pool, counters }
    }

    /// Unwraps and routes packets that have arrived. `now` is also called after the unwrap, which
    /// takes time. `reply` is called with replies to the gateway's clients. Returns whether the
    /// next release is earlier than before.
    pub(crate) fn receive(&self, mut batch: Batch, now: &dyn Fn() -> Instant, reply: &mut dyn FnMut(Reply)) -> bool {
        let begun = now();
        let unwrapped = self.packets.unwrap_each(batch.each_mut().map(|packet| Some(&mut *packet.as_mut()?.1)));
        self.counters.count_batch(now().nanos_since(begun));
        let mut wake = false;
        for ((arrived, packet), unwrapped) in batch.into_iter().zip(unwrapped).filter_map(|(a, b)| Some((a?, b?))) {
            self.counters.count(PacketEvent::Received);
            match unwrapped.and_then(|unwrapped| self.route(unwrapped, arrived, now, packet)) {
                Ok(Taken::Held { is_next }) => wake |= is_next,
                Ok(Taken::Reply(taken)) => reply(taken),
                Ok(Taken::Done) => {}
                Err(reason) => self.counters.count_drop(reason),
            }
        }
        wake
    }

    /// Removes a packet that is due, with its next hop. Call it until it returns `None`.
    pub(crate) fn due(&self, now: &dyn Fn() -> Instant) -> Option<(NodeId, Packet)> {
        loop {
            let Held { queue, rng } = &mut *self.held();
            match queue.poll(now(), rng)? {
                Ok(packet) => return Some(packet),
                Err(dropped) => self.counters.count_drop(reason(dropped.reason)),
            }
        }
    }

    /// Time of the next release: when to call [`Mix::due`] again.
    pub(crate) fn wake_at(&self) -> Option<Instant> {
        self.held().queue.poll_timeout()
    }

    /// Number of packets in the queue.
    pub(crate) fn len(&self) -> usize {
        self.held().queue.len()
    }

    /// The node's loop decoys in flight.
    pub(crate) fn decoys(&self) -> MutexGuard<'_, Decoys> {
        self.decoys.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Waits until the replay lists are on the disk, if mix keys are stored there.
    pub(crate) fn flush(&self) {
        self.packets.flush();
    }

    /// Wraps and unwraps packets.
    pub(crate) fn packets(&self) -> &dyn Unwrap {
        &*self.packets
    }

    pub(crate) fn geometry(&self) -> &Geometry {
        self.packets.geometry()
    }

    pub(crate) const fn kind(&self) -> NodeKind {
        self.setup.kind
    }

    /// The store of the rendezvous service, if this node has the service.
    pub(crate) const fn store(&self) -> Option<&Arc<Store>> {
        self.setup.services.boxes()
    }

    /// The buffers of packets.
    pub(crate) const fn pool(&self) -> &Arc<Pool> {
        &self.pool
    }

    pub(crate) const fn counters(&self) -> &Arc<Counters> {
        &self.counters
    }

    fn route(
        &self,
        unwrapped: Unwrapped,
        arrived: Instant,
        now: &dyn Fn() -> Instant,
        mut packet: Packet,
    ) -> Result<Taken, DropReason> {
        match (unwrapped, self.setup.kind) {
            (Unwrapped::Forward { next_hop, delay_millis: Some(delay) }, _) => {
                Ok(self.hold(now, arrived, delay, (next_hop, packet)))
            }
            (Unwrapped::Forward { delay_millis: None, .. }, _) => Err(DropReason::Commands),
            (Unwrapped::Request { recipient, delay_millis }, NodeKind::Service) => {
                let (next_hop, reply) = self.answer(now(), Request { recipient, packet: &packet })?;
                Ok(self.hold(now, arrived, delay_millis.ok_or(DropReason::Request)?, (next_hop, reply)))
            }
            (Unwrapped::Request { .. }, NodeKind::Mix | NodeKind::Gateway) => Err(DropReason::Recipient),
            (Unwrapped::Reply { recipient, surb_id }, kind) => {
                let at = packet.len().saturating_sub(self.geometry().payload_len());
                let own = self.decoys().take(recipient, surb_id, packet.get_mut(at..).unwrap_or_default());
                match own {
                    Some(intact) => {
                        self.counters.count(PacketEvent::DecoyReturned);
                        intact.then_some(Taken::Done).ok_or(DropReason::Payload)
                    }
                    None if kind == NodeKind::Gateway => Ok(Taken::Reply(Reply { recipient, surb_id, packet })),
                    None => Err(DropReason::Recipient),
                }
            }
        }
    }

    /// Answers a request: returns the packet made from the answer and the request's SURB, and its
    /// first hop.
    fn answer(&self, now: Instant, request: Request<'_>) -> Result<(NodeId, Packet), DropReason> {
        let mut reply = self.pool.take().ok_or(DropReason::Buffers)?;
        let mut room = self.pool.take().ok_or(DropReason::Buffers)?;
        let next_hop = self.setup.services.reply(&*self.packets, now, request, &mut room, &mut reply)?;
        self.counters.count(PacketEvent::Answered);
        Ok((next_hop, reply))
    }

    fn hold(&self, now: &dyn Fn() -> Instant, arrived: Instant, delay_millis: u32, packet: (NodeId, Packet)) -> Taken {
        let Held { queue, rng } = &mut *self.held();
        // read the time under the lock: a time read before waiting for the lock could make the
        // queue's clock step back
        let now = now();
        let before = queue.poll_timeout();
        if let Some(dropped) = queue.insert(now, arrived, delay_millis, packet, rng) {
            self.counters.count_drop(reason(dropped.reason));
        }
        let after = queue.poll_timeout();
        Taken::Held { is_next: after.is_some_and(|after| before.is_none_or(|before| after < before)) }
    }

    fn held(&self) -> MutexGuard<'_, Held> {
        self.held.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The payload of a reply, tag included: the end of its packet.
pub(crate) fn reply_payload<'p>(geometry: &Geometry, packet: &'p Packet) -> &'p [u8] {
    packet.get(packet.len().saturating_sub(geometry.payload_len())..).unwrap_or_default()
}

/// Default limits on delays and lateness for epochs of this length.
pub(crate) fn limits(period: Duration) -> Limits {
    Limits::for_epoch_millis(u64::try_from(period.as_millis()).unwrap_or(u64::MAX))
}

const fn reason(reason: mixwell_mixdelay::DropReason) -> DropReason {
    use mixwell_mixdelay::DropReason as Queue;
    match reason {
        Queue::TooLong => DropReason::DelayTooLong,
        Queue::Unwrap => DropReason::UnwrapWait,
        Queue::Expired => DropReason::Expired,
        Queue::Full => DropReason::QueueFull,
        _ => DropReason::Late,
    }
}
