//! Results of a simulation.

use super::histogram::Histogram;

/// Results of a simulation.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Measurements {
    /// Milliseconds from sending to leaving the last mix, of packets sent early enough to leave.
    pub latency: Histogram,
    /// Milliseconds from writing a message to sending it.
    pub waiting: Histogram,
    /// Packets in a mix when a packet arrives there.
    pub occupancy: Histogram,
    /// Entropy in bits of the sender of a leaving packet among the users; packets are weighted by
    /// the probability that a user sent them.
    pub user_entropy: Histogram,
    /// Entropy in bits of the sender, where all nodes with their loops count as one additional
    /// sender.
    pub sender_entropy: Histogram,
    /// Entropy in bits about which leaving packet a given followed one is, for followed packets
    /// that left.
    pub message_entropy: Histogram,
    /// Number of packets that were followed.
    pub followed: usize,
    /// Packets sent into the network.
    pub sent: PacketCounts,
}

impl Measurements {
    /// Number of followed packets that had not left at the end.
    #[must_use]
    pub fn followed_without_end(&self) -> usize {
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "64 at most")]
        let left = self.message_entropy.count() as usize;
        self.followed.saturating_sub(left)
    }
}

/// Numbers of packets sent into the network.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
#[non_exhaustive]
pub struct PacketCounts {
    /// Messages of users.
    pub messages: f64,
    /// Decoys that users sent when they had no message.
    pub decoys: f64,
    /// Loops of users.
    pub user_loops: f64,
    /// Loops of nodes.
    pub node_loops: f64,
}

impl PacketCounts {
    /// The sum.
    #[must_use]
    pub fn total(&self) -> f64 {
        self.messages + self.decoys + self.user_loops + self.node_loops
    }
}
