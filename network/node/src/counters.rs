//! What has become of a node's packets, in numbers that link nothing.

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
            /// All of them.
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
    /// Where a packet went that was not dropped.
    Flow {
        /// Came in over a link.
        Received = "received",
        /// Went out over a link.
        Sent = "sent",
        /// Was a request that a service has answered.
        Answered = "answered",
        /// Was a reply, put in a client's mailbox.
        Stored = "stored",
        /// Was a reply, which its client has acknowledged while it was kept.
        Delivered = "delivered",
        /// A loop decoy of this node has left.
        DecoySent = "decoy_sent",
        /// A loop decoy of this node has come back.
        DecoyReturned = "decoy_returned",
    }
}

events! {
    /// Why a packet was dropped.
    Loss {
        /// No key of the three epochs opens it, or it is malformed.
        Mac = "mac",
        /// It was seen before.
        Replay = "replay",
        /// The replay filter can take no more.
        ReplayFilterFull = "replay_filter_full",
        /// That it was seen can't be written down.
        ReplayList = "replay_list",
        /// Its routing commands are not those of a packet at this kind of node.
        Commands = "commands",
        /// Its payload was changed on its way.
        Payload = "payload",
        /// It ends here, for nobody that this node knows.
        Recipient = "recipient",
        /// A request that carries no SURB or is no message.
        Request = "request",
        /// It asks for a delay beyond the limit.
        TooLong = "delay_too_long",
        /// It waited too long for its unwrap.
        Unwrap = "unwrap_wait",
        /// It asked for no delay, and some time has passed.
        Expired = "expired",
        /// The queue was full and the lot fell on it.
        QueueFull = "queue_full",
        /// Its release was late by more than the slack.
        Late = "late",
        /// The consensus lists no such next hop.
        NextHop = "next_hop",
        /// It came from a node of the next epoch before its time.
        Early = "early",
        /// There is no link to the next hop.
        LinkDown = "link_down",
        /// The link's write queue was full.
        WriteQueueFull = "write_queue_full",
        /// It waited too long to be written.
        WriteWait = "write_wait",
        /// All packet buffers were in use.
        Buffers = "buffers",
        /// The client sends more than the published rate.
        RateLimit = "rate_limit",
        /// The client's mailbox was full.
        MailboxFull = "mailbox_full",
        /// Nobody came for it.
        MailboxExpired = "mailbox_expired",
        /// The node stopped, and it could not leave in time, or came when it was too late.
        Stopped = "stopped",
        /// A loop decoy of this node has not come back in time.
        DecoyLost = "decoy_lost",
    }
}

/// All counters of a node.
#[derive(Debug, Default)]
pub struct Counters {
    flows: [AtomicU64; Flow::ALL.len()],
    drops: [AtomicU64; Loss::ALL.len()],
    decoys_skipped: AtomicU64,
    batches: AtomicU64,
    unwrap_nanos: AtomicU64,
}

impl Counters {
    /// Counts a packet that went somewhere.
    pub(crate) fn count(&self, flow: Flow) {
        add(&self.flows, flow as usize, 1);
    }

    /// Counts a dropped packet.
    pub(crate) fn lose(&self, reason: Loss) {
        add(&self.drops, reason as usize, 1);
    }

    /// Counts several packets that were dropped for one reason.
    pub(crate) fn lose_many(&self, reason: Loss, number: usize) {
        add(&self.drops, reason as usize, number as u64);
    }

    /// Counts a packet that was received and dropped at once.
    pub(crate) fn refuse(&self, reason: Loss) {
        self.count(Flow::Received);
        self.lose(reason);
    }

    /// Counts a loop decoy that was not made, as there was traffic to carry.
    pub(crate) fn skip_decoy(&self) {
        self.decoys_skipped.fetch_add(1, Relaxed);
    }

    /// How many loop decoys were not made.
    pub fn decoys_skipped(&self) -> u64 {
        self.decoys_skipped.load(Relaxed)
    }

    /// Counts a batch that was unwrapped, and the time that it took.
    pub(crate) fn unwrapped(&self, nanos: u64) {
        self.batches.fetch_add(1, Relaxed);
        self.unwrap_nanos.fetch_add(nanos, Relaxed);
    }

    /// How many batches were unwrapped, and how long all that took.
    pub fn unwraps(&self) -> (u64, Duration) {
        (self.batches.load(Relaxed), Duration::from_nanos(self.unwrap_nanos.load(Relaxed)))
    }

    /// How many went there.
    pub fn flow(&self, flow: Flow) -> u64 {
        get(&self.flows, flow as usize)
    }

    /// How many were dropped for this reason.
    pub fn dropped(&self, reason: Loss) -> u64 {
        get(&self.drops, reason as usize)
    }

    /// How many were dropped here. A decoy that has not come back was dropped elsewhere.
    pub fn all_dropped(&self) -> u64 {
        Loss::ALL.into_iter().filter(|reason| *reason != Loss::DecoyLost).map(|reason| self.dropped(reason)).sum()
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
