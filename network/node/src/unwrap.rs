//! Unwrapping packets of a scheme that is chosen at run time.

use crate::{counters::DropReason, key_ring::KeyRing};
use chacha20::ChaCha20Rng;
use mixwell_net::codec::{OutgoingMessage, PacketCodec};
use mixwell_sphinx::{Geometry, NodeId, RecipientId, SurbId, SurbKeys, WrapError};

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

impl PacketCodec for KeyRing {
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
        self.sphinx().wrapping().wrap(message, rng, surb, packet)
    }

    fn wrap_reply(&self, surb: &[u8], payload: &[u8], packet: &mut [u8]) -> Result<NodeId, WrapError> {
        self.sphinx().wrapping().wrap_reply(surb, payload, packet)
    }
}

impl Unwrap for KeyRing {
    fn unwrap_each(&self, packets: [Option<&mut [u8]>; BATCH]) -> [Option<Result<Unwrapped, DropReason>>; BATCH] {
        self.open_each(packets)
    }

    fn flush(&self) {
        self.flush_lists();
    }
}
