//! What a hop will not hold.

/// How long packets may be held, and how late they may be, in milliseconds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// A packet with a longer delay is dropped.
    pub delay_millis: u64,
    /// A packet that waited longer for its unwrap is dropped.
    pub unwrap_millis: u64,
    /// A packet that is released later than this is dropped.
    pub slack_millis: u64,
}

impl Limits {
    /// The usual limits in a network of so long epochs: delays of three epochs, 250 ms for the unwrap, 450 ms of slack.
    #[must_use]
    pub const fn for_epoch_millis(epoch_millis: u64) -> Self {
        Self { delay_millis: epoch_millis.saturating_mul(3), unwrap_millis: 250, slack_millis: 450 }
    }
}
