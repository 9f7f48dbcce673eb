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
    /// Entropy of which packet that left a followed one is, in bits, of those that left themselves.
    pub(super) message_entropy: Histogram,
    /// How many packets were followed.
    pub(super) followed: usize,
    pub(super) sent: Sent,
}

impl Measured {
    /// How many of the packets that were followed did not leave in time.
    pub(super) fn followed_left_out(&self) -> usize {
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "64 at most")]
        let left = self.message_entropy.count() as usize;
        self.followed.saturating_sub(left)
    }
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
