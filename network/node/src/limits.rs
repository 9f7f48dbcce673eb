//! Limits on a node's memory, connections and waiting times.

use crate::mix;
use core::time::Duration;
use mixwell_mixdelay::Limits;
use mixwell_net::rendezvous;
use mixwell_wire::Timeouts;

/// Limits on a node's memory, connections and waiting times.
#[derive(Debug, Clone)]
pub struct ResourceLimits {
    /// Packet buffers, shared by all packets in the node.
    pub buffers: usize,
    /// Packets waiting for their release.
    pub queue: usize,
    /// Packets waiting to be written to one peer.
    pub write_queue: usize,
    /// Packets that one mix key opens in its epoch. Each takes some more than 8 bytes of the replay
    /// filter, once it has arrived.
    pub replays: usize,
    /// Handshakes in progress.
    pub handshakes: usize,
    /// Connections whose handshake is done and whose peer has not proved its identity.
    pub unproven: usize,
    /// Connected clients.
    pub clients: usize,
    /// Connected clients of one IP address.
    pub clients_per_address: usize,
    /// Replies stored for one client.
    pub mailbox: usize,
    /// Limits of the rendezvous service.
    pub boxes: rendezvous::Limits,
    /// Limits on packets' delays and lateness.
    pub delays: Limits,
    /// Maximum wait of a packet to be written.
    pub write_wait: Duration,
    /// A loop decoy counts as lost this long after the sum of its delays.
    pub decoy_grace: Duration,
    /// Timeouts of links.
    pub timeouts: Timeouts,
    /// Keep-alive interval for idle clients: Katzenpost's clients disconnect after 15 s without a
    /// command.
    pub keep_alive: Duration,
    /// Time for a client to acknowledge a pushed reply. After it, nothing more is pushed on its
    /// connection.
    pub acknowledgement: Duration,
}

impl ResourceLimits {
    /// Lowers the number of clients for a process that may have `files` open files and sockets:
    /// clients get those that are not needed for handshakes, unproven connections, the node's own
    /// links, its files and its requests to authorities.
    #[must_use]
    pub fn within(self, files: usize) -> Self {
        let left = files.saturating_sub(self.handshakes).saturating_sub(self.unproven).saturating_sub(OWN_FILES);
        Self { clients: self.clients.min(left), ..self }
    }

    /// Limits for epochs of this length (`docs/spec/network.md#a-mix`), within some tens of
    /// megabytes of memory.
    #[must_use]
    pub fn for_period(period: Duration) -> Self {
        Self {
            buffers: 16_384,
            queue: 8192,
            write_queue: 1024,
            replays: packets_of(period, 10_000),
            handshakes: 256,
            unproven: 256,
            clients: 1024,
            clients_per_address: 128,
            mailbox: 256,
            boxes: rendezvous::Limits::for_period(period),
            delays: mix::limits(period),
            write_wait: Duration::from_millis(50),
            decoy_grace: Duration::from_secs(10),
            timeouts: Timeouts::default(),
            keep_alive: Duration::from_secs(10),
            acknowledgement: Duration::from_mins(1),
        }
    }
}

/// Number of packets in an epoch at `per_second`, for [`ResourceLimits::replays`].
#[must_use]
pub fn packets_of(period: Duration, per_second: u32) -> usize {
    let packets = period.as_millis().saturating_mul(per_second.into()).div_ceil(1000);
    usize::try_from(packets).unwrap_or(usize::MAX)
}

/// Files and sockets that the node itself needs.
const OWN_FILES: usize = 256;
