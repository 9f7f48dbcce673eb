//! Fault injection, to test how a network tolerates faults.

use core::time::Duration;

/// Injects faults into the packets that a node is about to send. Without it, a node sends each
/// packet once and unchanged.
pub trait Faults: Send + Sync {
    /// Called for each packet that is due; may change the packet.
    fn on_send(&self, packet: &mut [u8]) -> Fault;
}

/// The fate of a packet.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(clippy::exhaustive_enums, reason = "the node handles each")]
pub enum Fault {
    /// The packet is sent.
    Sent,
    /// The packet is dropped, and not counted.
    Dropped,
    /// The packet is sent this much later than requested.
    Delayed(Duration),
    /// The packet is sent twice.
    Replayed,
}
