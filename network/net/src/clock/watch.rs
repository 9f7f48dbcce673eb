//! Comparison of this machine's clock with those of the peers that it connects to.

use super::Clock;
use core::{fmt, time::Duration};
use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

/// The differences between this machine's clock and those in peers' handshakes. Clones share the
/// state.
///
/// Each peer counts once, with its latest time, and the median decides: a minority of peers that
/// lie or have wrong clocks changes nothing.
#[derive(Debug, Clone)]
pub struct ClockWatch {
    tolerance: i64,
    seen: Arc<Mutex<Seen>>,
}

#[derive(Debug, Default)]
struct Seen {
    /// Seconds by which this machine's clock is ahead of each peer's.
    ahead: BTreeMap<String, i64>,
    /// This machine's offset as last reported.
    offset: Option<Offset>,
}

/// The offset of a clock that is wrong by more than a network tolerates.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Offset {
    /// Seconds by which the clock is ahead; negative if it is behind.
    pub ahead: i64,
    /// Number of peers over which this is the median.
    pub peers: usize,
}

impl ClockWatch {
    /// A watch without any observations.
    #[must_use]
    pub fn new(clock: Clock) -> Self {
        let tolerance = clock.sixteenth().clamp(MIN_TOLERANCE, MAX_TOLERANCE);
        Self { tolerance: i64::try_from(tolerance.as_secs()).unwrap_or(i64::MAX), seen: Arc::default() }
    }

    /// Records by how many seconds this machine's clock is ahead of that of a peer whose handshake
    /// has proved its identity. Logs when this machine's clock becomes wrong, and when it is right
    /// again.
    pub fn observe(&self, peer: &str, ahead: i64) {
        let mut seen = self.seen();
        if seen.ahead.len() >= MAX_PEERS && !seen.ahead.contains_key(peer) {
            seen.ahead.clear();
        }
        seen.ahead.insert(peer.to_owned(), ahead);
        let (before, now) = (seen.offset, seen.median(self.tolerance));
        seen.offset = match (before, now) {
            // small changes of the offset are not logged again
            (Some(before), Some(now)) if before.ahead.abs_diff(now.ahead) <= self.tolerance.unsigned_abs() => return,
            (_, now) => now,
        };
        drop(seen);
        match (before, now) {
            (_, Some(offset)) => tracing::warn!("{offset}; set it, for example by NTP"),
            (Some(_), None) => tracing::info!("this machine's clock agrees with those of its peers again"),
            (None, None) => {}
        }
    }

    /// The offset of this machine's clock, if it is wrong.
    #[must_use]
    pub fn offset(&self) -> Option<Offset> {
        self.seen().offset
    }

    fn seen(&self) -> MutexGuard<'_, Seen> {
        self.seen.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Seen {
    fn median(&self, tolerance: i64) -> Option<Offset> {
        let mut all: Vec<i64> = self.ahead.values().copied().collect();
        all.sort_unstable();
        // for an even number, the middle value nearer to zero: when in doubt, do not warn
        let (lower, upper) = (all.get(all.len().saturating_sub(1) / 2), all.get(all.len() / 2));
        let ahead = [*lower?, *upper?].into_iter().min_by_key(|ahead| ahead.unsigned_abs())?;
        (ahead.unsigned_abs() > tolerance.unsigned_abs()).then_some(Offset { ahead, peers: all.len() })
    }
}

impl fmt::Display for Offset {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let direction = if self.ahead < 0 { "behind" } else { "ahead of" };
        let seconds = self.ahead.unsigned_abs();
        write!(f, "this machine's clock is {seconds} s {direction} the clock of ")?;
        if self.peers == 1 {
            f.write_str("the one peer that was asked")
        } else {
            write!(f, "{} peers (median)", self.peers)
        }
    }
}

/// An offset below a sixteenth of an epoch does no harm. Handshakes carry whole seconds, and may
/// take some.
const MIN_TOLERANCE: Duration = Duration::from_secs(2);
const MAX_TOLERANCE: Duration = Duration::from_secs(30);

/// More than the authorities or gateways of any configuration.
const MAX_PEERS: usize = 256;

#[cfg(test)]
mod tests {
    use super::*;
    use mixwell_pki_types::Period;

    fn watch() -> ClockWatch {
        ClockWatch::new(Clock::new(Period::default()))
    }

    #[test]
    fn the_median_of_the_peers_counts() {
        let watch = watch();
        assert_eq!(watch.offset(), None);
        watch.observe("auth1", 30);
        assert_eq!(watch.offset(), None, "tolerable");
        watch.observe("auth1", 3600);
        assert_eq!(watch.offset(), Some(Offset { ahead: 3600, peers: 1 }));
        // of two peers that disagree, the smaller offset counts
        watch.observe("auth2", 1);
        assert_eq!(watch.offset(), None);
        watch.observe("auth3", 3599);
        assert_eq!(watch.offset(), Some(Offset { ahead: 3599, peers: 3 }));
        watch.observe("auth3", 3605);
        assert_eq!(watch.offset(), Some(Offset { ahead: 3599, peers: 3 }), "the reported offset is stable");
        watch.observe("auth3", -2);
        assert_eq!(watch.offset(), None);
        for peer in ["auth1", "auth2", "auth3"] {
            watch.observe(peer, -86_400);
        }
        let offset = watch.offset().unwrap();
        assert_eq!(offset.to_string(), "this machine's clock is 86400 s behind the clock of 3 peers (median)");
        // the most extreme claims of a hostile peer
        for ahead in [i64::MIN, i64::MAX] {
            watch.observe("auth1", ahead);
            assert_eq!(watch.offset().unwrap().ahead, -86_400);
        }
    }

    #[test]
    fn many_names_take_bounded_memory() {
        let watch = watch();
        for number in 0..10_000 {
            watch.observe(&number.to_string(), 0);
        }
        assert!(watch.seen().ahead.len() <= MAX_PEERS);
    }
}
