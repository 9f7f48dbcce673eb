//! Unwrapping packets of a scheme that is chosen at run time.

use crate::{counters::DropReason, key_ring::KeyRing};
use chacha20::ChaCha20Rng;
use mixwell_net::codec::{OutgoingMessage, PacketCodec};
use mixwell_sphinx::{Geometry, NodeId, RecipientId, SurbId, SurbKeys, WrapError};

/// Packets in a batch. With X25519 and AVX-512, a batch takes the time of two packets.
pub const BATCH: usize = 8;

/// A packet that was unwrapped in place.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(clippy::exhaustive_enums, reason = "a node has to handle each case")]
pub enum Unwrapped {
    /// The buffer holds the packet for the next hop.
    Forward {
        /// The next hop.
        next_hop: NodeId,
        /// Delay before the packet is sent; `None` if the sender gave none.
        delay_millis: Option<u32>,
    },
    /// The end of the buffer is a forward payload; see [`Service::answer`](crate::Service::answer).
    Request {
        /// The id of the recipient.
        recipient: RecipientId,
        /// Delay before the answer is sent.
        delay_millis: Option<u32>,
    },
    /// The end of the buffer is a reply, tag included.
    Reply {
        /// The id of the recipient.
        recipient: RecipientId,
        /// The id of the SURB that carried the reply.
        surb_id: SurbId,
    },
}

/// Unwrapping with the node's mix keys.
pub trait Unwrap: PacketCodec {
    /// Unwraps packets in place, each step for the whole batch, and adds their tags to the replay
    /// filters. The result is `None` where there is no packet.
    fn unwrap_each(&self, packets: [Option<&mut [u8]>; BATCH]) -> [Option<Result<Unwrapped, DropReason>>; BATCH];

    /// Flushes the replay lists to the disk, if mix keys are stored there.
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
