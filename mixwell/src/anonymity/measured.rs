//! What a simulation measures.

use super::histogram::Histogram;

#[derive(Clone, Debug, PartialEq)]
pub(super) struct Measured {
    /// From sending to leaving the last mix, in milliseconds, of the packets with time enough left to leave.
    pub(super) latency: Histogram,
    /// From having a message to sending it, in milliseconds.
    pub(super) waiting: Histogram,
    /// Packets in a mix, as a packet finds it that arrives.
    pub(super) in_mix: Histogram,
    /// Entropy of which user sent a packet that leaves the network, of the users alone, in bits; each packet counts by its
    /// chance to be a user's.
    pub(super) user_entropy: Histogram,
    /// The same with the nodes and their loops as one more sender.
    pub(super) sender_entropy: Histogram,
    /// Entropy of which packet that left a followed one is, in bits.
    pub(super) message_entropy: Histogram,
    /// Of the packets that are followed, those that left the network.
    pub(super) ended: u32,
    pub(super) sent: Sent,
}

/// Packets sent into the network.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(super) struct Sent {
    pub(super) messages: f64,
    pub(super) decoys: f64,
    pub(super) user_loops: f64,
    pub(super) node_loops: f64,
}

impl Sent {
    pub(super) fn all(&self) -> f64 {
        self.messages + self.decoys + self.user_loops + self.node_loops
    }
}
