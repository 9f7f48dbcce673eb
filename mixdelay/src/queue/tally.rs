//! What became of the packets.

/// Why a packet was dropped.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum DropReason {
    /// Its delay is longer than the limit.
    TooLong,
    /// It waited for its unwrap beyond the limit.
    Unwrap,
    /// It asked for no delay and has waited a millisecond or more.
    Expired,
    /// The queue was full, and the lot fell on it.
    Full,
    /// It was due longer ago than the slack.
    Late,
}

/// A packet that was dropped, given back to be freed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Dropped<T> {
    /// The packet.
    pub packet: T,
    /// Why.
    pub reason: DropReason,
}

/// Counts of packets since the queue was made.
///
/// `inserted` is `sent`, what was dropped for each reason, and what is still held.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Tally {
    /// Given to the queue.
    pub inserted: u64,
    /// Given out in time.
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
    /// How many packets were dropped, for whatever reason.
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
