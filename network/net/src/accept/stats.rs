//! Counts of an acceptor's connections, by how they ended.

use core::sync::atomic::{AtomicU64, Ordering::Relaxed};

/// Counters and gauges of accepted connections.
#[derive(Debug, Default)]
pub struct ConnectionStats {
    /// Accepted from the socket.
    pub accepted: AtomicU64,
    /// Closed before they were served: silence, junk, a failed or refused handshake, no free slot.
    pub refused: AtomicU64,
    /// Evicted for newer ones before they were proven.
    pub evicted: AtomicU64,
    /// Handshakes of strangers that the rate limit permitted.
    pub paced: AtomicU64,
    /// Open now, with a proven peer.
    pub open: AtomicU64,
    /// Open now, with a finished handshake and an unproven peer.
    pub unproven: AtomicU64,
}

impl ConnectionStats {
    pub(super) fn count_refused(&self) {
        self.refused.fetch_add(1, Relaxed);
    }
}
