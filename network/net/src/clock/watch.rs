//! Comparing this machine's clock with those of the peers that it calls.

use super::Clock;
use core::{fmt, time::Duration};
use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

/// The difference between peers' clocks, as their handshakes show it, and this machine's. Cloning
/// shares it.
///
/// Each peer counts once, with what it told last, and the median decides: a minority whose clocks
/// are wrong, or who lie, changes nothing.
#[derive(Debug, Clone)]
pub struct ClockWatch {
    tolerance: i64,
    seen: Arc<Mutex<Seen>>,
}

#[derive(Debug, Default)]
struct Seen {
    /// How many seconds this machine's clock is ahead of each peer's.
    ahead: BTreeMap<String, i64>,
    /// How far off this machine's clock was when that last changed.
    offset: Option<Offset>,
}

/// A clock that is off by more than a network tolerates.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Offset {
    /// How many seconds it is ahead; behind, if this is negative.
    pub ahead: i64,
    /// Of how many peers that is the median.
    pub peers: usize,
}

impl ClockWatch {
    /// Nothing is known yet.
    #[must_use]
    pub fn new(clock: Clock) -> Self {
        let tolerance = clock.sixteenth().clamp(MIN_TOLERANCE, MAX_TOLERANCE);
        Self { tolerance: i64::try_from(tolerance.as_secs()).unwrap_or(i64::MAX), seen: Arc::default() }
    }

    /// Takes what a peer's clock showed, once its handshake has proven who it is. The operator is
    /// told when this machine's clock begins to be off, and when that is over.
    pub fn observe(&self, peer: &str, ahead: i64) {
        let mut seen = self.seen();
        if seen.ahead.len() >= MAX_PEERS && !seen.ahead.contains_key(peer) {
            seen.ahead.clear();
        }
        seen.ahead.insert(peer.to_owned(), ahead);
        let (before, now) = (seen.offset, seen.median(self.tolerance));
        seen.offset = match (before, now) {
            // some seconds more or less are no news
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

    /// How far this machine's clock is off, if it is.
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
        // of an even number the one nearer to zero: who is in doubt complains less
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

/// A clock that is off by less than a sixteenth of an epoch does no harm. Handshakes tell whole
/// seconds, and may take some.
const MIN_TOLERANCE: Duration = Duration::from_secs(2);
const MAX_TOLERANCE: Duration = Duration::from_secs(30);

/// There are no more authorities or gateways than this in any configuration.
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
