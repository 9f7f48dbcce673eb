//! How much a node holds, and for how long.

use crate::mix;
use core::time::Duration;
use mixwell_mixdelay::Limits;
use mixwell_net::rendezvous;
use mixwell_wire::Timeouts;

/// How much a node holds, and for how long.
#[derive(Debug, Clone)]
pub struct Sizes {
    /// Packet buffers: what all packets in the node share.
    pub buffers: usize,
    /// Packets that wait for their release.
    pub queue: usize,
    /// Packets that wait to be written to one peer.
    pub write_queue: usize,
    /// The most packets under one mix key, all of an epoch; 8 bytes each and some more, once they have come.
    pub replays: usize,
    /// Handshakes at a time.
    pub handshakes: usize,
    /// Connections at a time whose handshake is done and whose peer is not proven.
    pub unproven: usize,
    /// Clients at a time.
    pub clients: usize,
    /// Clients of one address.
    pub clients_per_address: usize,
    /// Replies that wait for one client.
    pub mailbox: usize,
    /// What a rendezvous service holds.
    pub boxes: rendezvous::Limits,
    /// How long packets may be held and late.
    pub limits: Limits,
    /// How long a packet may wait to be written.
    pub write_wait: Duration,
    /// A loop decoy that takes longer than its hops hold it and this is lost.
    pub decoy_grace: Duration,
    /// How long to wait for peers.
    pub timeouts: Timeouts,
    /// Keep-alive interval for idle clients: those of the reference give up after 15 s without a command.
    pub keep_alive: Duration,
    /// Time for a client's acknowledgement of a pushed reply. After it, nothing is pushed on its connection any more.
    pub acknowledgement: Duration,
}

impl Sizes {
    /// The same for a process that can have `files` files and sockets: clients get what is left by handshakes, unproven
    /// connections, the node's own links, its files and its requests to authorities.
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
            limits: mix::limits(period),
            write_wait: Duration::from_millis(50),
            decoy_grace: Duration::from_secs(10),
            timeouts: Timeouts::default(),
            keep_alive: Duration::from_secs(10),
            acknowledgement: Duration::from_mins(1),
        }
    }
}

/// The number of packets in an epoch at `per_second`, for [`Sizes::replays`].
#[must_use]
pub fn packets_of(period: Duration, per_second: u32) -> usize {
    let packets = period.as_millis().saturating_mul(per_second.into()).div_ceil(1000);
    usize::try_from(packets).unwrap_or(usize::MAX)
}

/// Files and sockets that are not for those who call.
const OWN_FILES: usize = 256;
