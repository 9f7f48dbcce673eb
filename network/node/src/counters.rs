//! Counters of a node's packets. No counter reveals which incoming packet became which outgoing
//! one.

use core::{
    sync::atomic::{AtomicU64, Ordering::Relaxed},
    time::Duration,
};

/// Declares an enum of events with their names in metrics, and its size.
macro_rules! events {
    ($(#[$doc:meta])* $enum:ident { $($(#[$event_doc:meta])* $event:ident = $name:literal,)+ }) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        #[non_exhaustive]
        pub enum $enum {
            $($(#[$event_doc])* $event,)+
        }

        impl $enum {
            /// All values.
            pub const ALL: [Self; [$($name),+].len()] = [$(Self::$event),+];

            /// The name in metrics.
            pub const fn name(self) -> &'static str {
                match self {
                    $(Self::$event => $name,)+
                }
            }
        }
    };
}

events! {
    /// An event of a packet or of a loop decoy of this node.
    PacketEvent {
        /// Received over a link.
        Received = "received",
        /// Sent over a link.
        Sent = "sent",
        /// A request that a service has answered.
        Answered = "answered",
        /// A reply stored in a client's mailbox.
        Stored = "stored",
        /// A stored reply that its client has acknowledged before it expired.
        Delivered = "delivered",
        /// A loop decoy of this node was sent.
        DecoySent = "decoy_sent",
        /// A loop decoy of this node has returned.
        DecoyReturned = "decoy_returned",
    }
}

events! {
    /// The reason why a packet was dropped.
    DropReason {
        /// The length or version of the packet is not this network's.
        Malformed = "malformed",
        /// The node has no mix key of the current, the previous or the next epoch.
        NoKeys = "no_keys",
        /// The group element yields no shared secret, or none for the next hop.
        GroupElement = "group_element",
        /// The header's MAC is wrong under every mix key: the header was changed, or the packet is
        /// for another key.
        Mac = "mac",
        /// The packet was seen before.
        Replay = "replay",
        /// The replay filter is full.
        ReplayFilterFull = "replay_filter_full",
        /// The replay list on the disk can't be written, and its mix key can't be removed.
        ReplayList = "replay_list",
        /// The routing commands are malformed, or are not for a packet at this kind of node.
        Commands = "commands",
        /// The payload was changed in transit.
        Payload = "payload",
        /// The recipient is neither a service nor a client of this node.
        Recipient = "recipient",
        /// The request carries no SURB or is not a message.
        Request = "request",
        /// The packet's delay is above the limit.
        DelayTooLong = "delay_too_long",
        /// The packet waited too long to be unwrapped.
        UnwrapWait = "unwrap_wait",
        /// The packet asked for no delay and was not released at once.
        Expired = "expired",
        /// The queue was full, and this packet was drawn to make room.
        QueueFull = "queue_full",
        /// The packet's release was late by more than the slack.
        Late = "late",
        /// The consensus lists no such next hop.
        NextHop = "next_hop",
        /// A node of the next epoch sent it before that epoch's packets are accepted.
        Early = "early",
        /// There is no link to the next hop.
        LinkDown = "link_down",
        /// The link's write queue was full.
        WriteQueueFull = "write_queue_full",
        /// The packet waited too long to be written.
        WriteWait = "write_wait",
        /// All packet buffers were in use.
        Buffers = "buffers",
        /// The client sends more than the published rate.
        RateLimit = "rate_limit",
        /// The client's mailbox was full.
        MailboxFull = "mailbox_full",
        /// The client did not fetch the reply in time.
        MailboxExpired = "mailbox_expired",
        /// The node stopped before the packet could be sent, or before it arrived.
        Stopped = "stopped",
        /// A loop decoy of this node did not return in time.
        DecoyLost = "decoy_lost",
    }
}

/// All counters of a node.
#[derive(Debug, Default)]
pub struct Counters {
    events: [AtomicU64; PacketEvent::ALL.len()],
    drops: [AtomicU64; DropReason::ALL.len()],
    decoys_skipped: AtomicU64,
    batches: AtomicU64,
    unwrap_nanos: AtomicU64,
}

impl Counters {
    pub(crate) fn count(&self, event: PacketEvent) {
        add(&self.events, event as usize, 1);
    }

    pub(crate) fn count_drop(&self, reason: DropReason) {
        self.count_drops(reason, 1);
    }

    /// Counts several packets that were dropped for one reason.
    pub(crate) fn count_drops(&self, reason: DropReason, packets: usize) {
        add(&self.drops, reason as usize, packets as u64);
    }

    /// Counts a packet that was dropped when it was received.
    pub(crate) fn count_rejected(&self, reason: DropReason) {
        self.count(PacketEvent::Received);
        self.count_drop(reason);
    }

    /// Counts a loop decoy that was not sent because there was traffic to carry.
    pub(crate) fn count_skipped_decoy(&self) {
        self.decoys_skipped.fetch_add(1, Relaxed);
    }

    /// Loop decoys that were not sent because there was traffic to carry.
    pub fn decoys_skipped(&self) -> u64 {
        self.decoys_skipped.load(Relaxed)
    }

    /// Counts a batch that was unwrapped in `nanos` nanoseconds.
    pub(crate) fn count_batch(&self, nanos: u64) {
        self.batches.fetch_add(1, Relaxed);
        self.unwrap_nanos.fetch_add(nanos, Relaxed);
    }

    /// Number of batches that were unwrapped, and the time spent on them, summed over all cores.
    pub fn unwraps(&self) -> (u64, Duration) {
        (self.batches.load(Relaxed), Duration::from_nanos(self.unwrap_nanos.load(Relaxed)))
    }

    /// Number of packets with this event.
    pub fn of(&self, event: PacketEvent) -> u64 {
        get(&self.events, event as usize)
    }

    /// Number of packets dropped for this reason.
    pub fn dropped(&self, reason: DropReason) -> u64 {
        get(&self.drops, reason as usize)
    }

    /// Number of packets dropped by this node; lost decoys do not count.
    pub fn all_dropped(&self) -> u64 {
        DropReason::ALL
            .into_iter()
            .filter(|reason| *reason != DropReason::DecoyLost)
            .map(|reason| self.dropped(reason))
            .sum()
    }
}

fn add(counters: &[AtomicU64], index: usize, number: u64) {
    if let Some(counter) = counters.get(index) {
        counter.fetch_add(number, Relaxed);
    }
}

fn get(counters: &[AtomicU64], index: usize) -> u64 {
    counters.get(index).map_or(0, |counter| counter.load(Relaxed))
}
