//! Faults that a node can be given, to see how a network bears them.

use core::time::Duration;

/// A fault that is injected into the packets that a node is about to send. Without one, a node
/// sends each of them once and as it is.
pub trait Faults: Send + Sync {
    /// Is told of each packet that is due, and may change it.
    fn on_send(&self, packet: &mut [u8]) -> Fault;
}

/// The fate of a packet.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(clippy::exhaustive_enums, reason = "the node handles each")]
pub enum Fault {
    /// It is sent.
    Sent,
    /// It is dropped, and not counted.
    Dropped,
    /// It is sent later than it was asked to be, by this.
    Delayed(Duration),
    /// It is sent twice.
    Replayed,
}
