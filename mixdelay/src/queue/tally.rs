//! Counts of sent and dropped packets.

/// The reason why a packet was dropped.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum DropReason {
    /// The packet's delay exceeds [`Limits::delay_millis`](crate::Limits::delay_millis).
    TooLong,
    /// The packet waited for its unwrap longer than
    /// [`Limits::unwrap_millis`](crate::Limits::unwrap_millis).
    Unwrap,
    /// The packet asked for no delay and has waited a millisecond or more.
    Expired,
    /// The queue was full, and this packet was drawn.
    Full,
    /// The packet was polled later than [`Limits::slack_millis`](crate::Limits::slack_millis) after
    /// its release.
    Late,
}

/// A dropped packet, returned to the caller to be freed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Dropped<T> {
    /// The packet.
    pub packet: T,
    /// The reason.
    pub reason: DropReason,
}

/// Counts of packets since the queue was created.
///
/// `inserted` is the sum of `sent`, the packets dropped for each reason, and those still held.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Tally {
    /// Packets inserted.
    pub inserted: u64,
    /// Packets polled in time.
    pub sent: u64,
    /// Dropped for [`DropReason::TooLong`].
    pub too_long: u64,
    /// Dropped for [`DropReason::Unwrap`].
    pub unwrap: u64,
    /// Dropped for [`DropReason::Expired`].
    pub expired: u64,
    /// Dropped for [`DropReason::Full`].
    pub full: u64,
    /// Dropped for [`DropReason::Late`].
    pub late: u64,
}

impl Tally {
    /// Number of packets dropped, for all reasons.
    #[must_use]
    pub fn dropped(&self) -> u64 {
        [self.too_long, self.unwrap, self.expired, self.full, self.late].into_iter().fold(0, u64::wrapping_add)
    }

    pub(super) const fn new() -> Self {
        Self { inserted: 0, sent: 0, too_long: 0, unwrap: 0, expired: 0, full: 0, late: 0 }
    }

    pub(super) const fn count_inserted(&mut self) {
        self.inserted = self.inserted.wrapping_add(1);
    }

    pub(super) const fn count_sent(&mut self) {
        self.sent = self.sent.wrapping_add(1);
    }

    pub(super) const fn drop<T>(&mut self, packet: T, reason: DropReason) -> Dropped<T> {
        let count = match reason {
            DropReason::TooLong => &mut self.too_long,
            DropReason::Unwrap => &mut self.unwrap,
            DropReason::Expired => &mut self.expired,
            DropReason::Full => &mut self.full,
            DropReason::Late => &mut self.late,
        };
        *count = count.wrapping_add(1);
        Dropped { packet, reason }
    }
}
