//! Unwrapping packets of a scheme that is chosen at run time.

use crate::{counters::DropReason, key_ring::KeyRing};
use chacha20::ChaCha20Rng;
use mixwell_net::codec::{MixScheme, OutgoingMessage, PacketCodec};
use mixwell_sphinx::{Action, FinishError, Geometry, NodeId, Opened, RecipientId, SurbId, SurbKeys, WrapError};

/// How many packets are unwrapped at once: with X25519 and AVX-512, all of them in the time of two.
pub const BATCH: usize = 8;

/// What a node is to do with a packet that it has unwrapped in place.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(clippy::exhaustive_enums, reason = "whoever unwraps packets has to handle each")]
pub enum Unwrapped {
    /// The buffer holds the packet for the next hop.
    Forward {
        /// The next hop.
        next_hop: NodeId,
        /// How long to hold it.
        delay_millis: Option<u32>,
    },
    /// The end of the buffer is a forward payload; see [`Service::answer`](crate::Service::answer).
    Request {
        /// Whom it is for.
        recipient: RecipientId,
        /// How long to hold the answer.
        delay_millis: Option<u32>,
    },
    /// The end of the buffer is a reply, tag included.
    Reply {
        /// Whom it is for.
        recipient: RecipientId,
        /// Which SURB carried it.
        surb_id: SurbId,
    },
}

/// What a node does with its mix keys.
pub trait Unwrap: PacketCodec {
    /// Unwraps packets in place, each step for all of them at once, and remembers them. A place without a packet stays empty.
    fn unwrap_each(&self, packets: [Option<&mut [u8]>; BATCH]) -> [Option<Result<Unwrapped, DropReason>>; BATCH];

    /// Waits until all that was seen is on the disk, if keys are kept there.
    fn flush(&self);
}

impl<S: MixScheme> PacketCodec for KeyRing<S> {
    fn geometry(&self) -> &Geometry {
        self.sphinx().geometry()
    }

    fn wrap(
        &self,
        message: &OutgoingMessage<'_>,
        rng: &mut ChaCha20Rng,
        surb: &mut [u8],
        packet: &mut [u8],
    ) -> Result<SurbKeys, WrapError> {
        PacketCodec::wrap(self.sphinx(), message, rng, surb, packet)
    }

    fn wrap_reply(&self, surb: &[u8], payload: &[u8], packet: &mut [u8]) -> Result<NodeId, WrapError> {
        self.sphinx().wrap_reply(surb, payload, packet)
    }
}

impl<S: MixScheme> Unwrap for KeyRing<S> {
    fn unwrap_each(&self, packets: [Option<&mut [u8]>; BATCH]) -> [Option<Result<Unwrapped, DropReason>>; BATCH] {
        let mut losses = [None; BATCH];
        let mut lost = losses.iter_mut();
        let opened = self.open_each(packets).map(|opened| {
            let lost = lost.next()?;
            opened?.map_err(|reason| *lost = Some(reason)).ok()
        });
        let mut losses = losses.into_iter();
        Opened::finish_each(opened).map(|finished| match losses.next().flatten() {
            Some(reason) => Some(Err(reason)),
            None => finished.as_ref().map(unwrapped),
        })
    }

    fn flush(&self) {
        self.flush_lists();
    }
}

fn unwrapped(finished: &Result<Action<'_>, FinishError>) -> Result<Unwrapped, DropReason> {
    match *finished {
        Ok(Action::Forward { next_hop, delay_millis }) => Ok(Unwrapped::Forward { next_hop, delay_millis }),
        Ok(Action::Deliver { recipient, delay_millis, .. }) => Ok(Unwrapped::Request { recipient, delay_millis }),
        Ok(Action::Reply { recipient, surb_id, .. }) => Ok(Unwrapped::Reply { recipient, surb_id }),
        Ok(_) | Err(FinishError::Command(_)) => Err(DropReason::Commands),
        Err(FinishError::PayloadTag) => Err(DropReason::Payload),
        Err(_) => Err(DropReason::GroupElement),
    }
}
