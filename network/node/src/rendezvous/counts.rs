//! What has become of boxes, in numbers that tell of nobody.

use core::sync::atomic::{AtomicU64, Ordering::Relaxed};

/// What may become of a box or a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum BoxEvent {
    /// It was stored.
    Stored,
    /// It was handed out.
    Read,
    /// Its time was over.
    Expired,
    /// It gave way to a newer one.
    Evicted,
    /// There was one under its id.
    Refused,
    /// The request was none.
    Malformed,
}

impl BoxEvent {
    /// All of them.
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

/// How often each has happened.
#[derive(Debug, Default)]
pub struct Counts([AtomicU64; BoxEvent::ALL.len()]);

impl Counts {
    pub(super) fn count(&self, event: BoxEvent) {
        if let Some(count) = self.0.get(event as usize) {
            count.fetch_add(1, Relaxed);
        }
    }

    /// How often this has happened.
    pub fn of(&self, event: BoxEvent) -> u64 {
        self.0.get(event as usize).map_or(0, |count| count.load(Relaxed))
    }
}
