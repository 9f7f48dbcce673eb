//! Counters of a store of boxes. They link no box to a user.

use core::sync::atomic::{AtomicU64, Ordering::Relaxed};

/// The outcome of a request, or the end of a box.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum BoxEvent {
    /// The box was stored.
    Stored,
    /// The box was read.
    Read,
    /// The box has expired.
    Expired,
    /// The box was evicted for a newer one.
    Evicted,
    /// A box with this id existed already.
    Refused,
    /// The request was malformed.
    Malformed,
}

impl BoxEvent {
    /// All values.
    pub const ALL: [Self; 6] = [Self::Stored, Self::Read, Self::Expired, Self::Evicted, Self::Refused, Self::Malformed];

    /// The name in metrics.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Stored => "stored",
            Self::Read => "read",
            Self::Expired => "expired",
            Self::Evicted => "evicted",
            Self::Refused => "refused",
            Self::Malformed => "malformed",
        }
    }
}

/// Number of each event.
#[derive(Debug, Default)]
pub struct Counts([AtomicU64; BoxEvent::ALL.len()]);

impl Counts {
    pub(super) fn count(&self, event: BoxEvent) {
        if let Some(count) = self.0.get(event as usize) {
            count.fetch_add(1, Relaxed);
        }
    }

    /// Number of this event.
    pub fn of(&self, event: BoxEvent) -> u64 {
        self.0.get(event as usize).map_or(0, |count| count.load(Relaxed))
    }
}
