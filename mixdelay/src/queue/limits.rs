//! Limits for the packets that a hop holds.

/// Maximum delays and lateness of packets, in milliseconds.
///
/// ```
/// # use mixwell_mixdelay::Limits;
/// let limits = Limits { slack_millis: 1000, ..Limits::for_epoch_millis(20 * 60 * 1000) };
/// assert_eq!(limits, Limits { delay_millis: 3_600_000, unwrap_millis: 250, slack_millis: 1000 });
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Longest delay; packets that ask for more are dropped.
    pub delay_millis: u64,
    /// Longest time between arrival and insertion; packets that waited longer are dropped.
    pub unwrap_millis: u64,
    /// Longest time between release and poll; packets that are later are dropped.
    pub slack_millis: u64,
}

impl Limits {
    /// The usual limits in a network with epochs of `epoch_millis`: delays of three epochs, 250 ms
    /// for the unwrap, 450 ms of slack.
    #[must_use]
    pub const fn for_epoch_millis(epoch_millis: u64) -> Self {
        Self { delay_millis: epoch_millis.saturating_mul(3), unwrap_millis: 250, slack_millis: 450 }
    }
}
