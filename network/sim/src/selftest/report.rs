//! The result of a self-test.

use super::{attacker::Attempts, client::PayloadCount, times::Times};

/// The result of a self-test: packets sent and returned, the attacker's attempts, and the times of
/// each kind of work.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Report {
    /// Messages sent.
    pub sent: PayloadCount,
    /// Replies that were equal to their message.
    pub returned: PayloadCount,
    /// Packets sent to the same hop a second time.
    pub replayed: Attempts,
    /// Packets with one bit of the header flipped.
    pub changed_header: Attempts,
    /// Packets with one bit of the payload flipped.
    pub changed_payload: Attempts,
    /// Times of making SURBs.
    pub making_surbs: Times,
    /// Times of wrapping messages.
    pub wrapping: Times,
    /// The hops, in path order.
    pub hops: Vec<HopReport>,
    /// Times of the service: parsing a message and wrapping the reply.
    pub answering: Times,
    /// Times of decrypting replies.
    pub reading: Times,
    /// The first message as seen by an observer of its links.
    pub trace: Trace,
}

/// A hop and its times.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct HopReport {
    /// The hop's name: `gateway`, `mix 1`, …, `service node`.
    pub name: String,
    /// Times of open, replay check and finish of packets to the service.
    pub out: Times,
    /// Times of open, replay check and finish of replies.
    pub back: Times,
}

/// One message: the packet on each link.
#[derive(Clone, Debug, Default)]
#[non_exhaustive]
pub struct Trace {
    /// The message.
    pub sent: Vec<u8>,
    /// The packet on each link to the service.
    pub out: Vec<Vec<u8>>,
    /// The packet on each link back.
    pub back: Vec<Vec<u8>>,
    /// The reply as read by the client.
    pub read: Vec<u8>,
}

impl Report {
    /// Whether every byte came back.
    #[must_use]
    pub fn all_returned(&self) -> bool {
        self.returned == self.sent
    }

    /// Whether every tampered packet was refused.
    #[must_use]
    pub const fn all_refused(&self) -> bool {
        self.replayed.all_refused() && self.changed_header.all_refused() && self.changed_payload.all_refused()
    }
}
