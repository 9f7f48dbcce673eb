//! Decides which consensus to fetch next, and when, by the same rules for nodes, which ask the
//! authorities, and for clients, which ask their gateway.

use super::Consensuses;
use crate::{clock::Clock, consensus::Consensus, randomness::Randomness};
use core::{fmt, time::Duration};
use mixwell_pki_types::Epoch;
use rand_core::Rng as _;
use std::{collections::VecDeque, sync::Arc};

/// The time in an epoch at which the consensus of the next one is fetched.
#[derive(Clone)]
#[non_exhaustive]
pub enum FetchTime {
    /// As soon as authorities have published it: for nodes, whose ids are public.
    OnPublication,
    /// At a random time after publication, drawn anew for each epoch: for clients, so that no
    /// authority or gateway can distinguish them by their fetch times.
    Random(Randomness),
}

/// The known consensuses, and the choice of the next one to fetch. It has no socket, task or clock:
/// times are arguments, since 1970.
///
/// The current consensus is fetched at once if it is missing, the next one from the epoch's
/// [`FetchTime`] on. A consensus that is still missing is fetched again a sixteenth of an epoch
/// later, and at once in another epoch.
#[derive(Debug)]
pub struct Follower {
    clock: Clock,
    fetch_time: FetchTime,
    known: Consensuses,
    /// When to fetch the next epoch's consensus.
    next_at: Duration,
    /// When [`due`](Self::due) last named an epoch.
    asked_at: Option<Duration>,
    /// The consensuses fetched last, of any epoch, so that they are available again when a clock
    /// that has jumped is corrected.
    recent: VecDeque<Arc<Consensus>>,
}

impl Follower {
    /// A follower that knows no consensus yet.
    #[must_use]
    pub fn new(clock: Clock, fetch_time: FetchTime, now: Duration) -> Self {
        let epoch = clock.time_at(now).epoch;
        let known = Consensuses { epoch, ..Consensuses::default() };
        let next_at = fetch_time.draw(clock, epoch);
        Self { clock, fetch_time, known, next_at, asked_at: None, recent: VecDeque::new() }
    }

    /// The consensuses around the epoch.
    #[must_use]
    pub const fn known(&self) -> &Consensuses {
        &self.known
    }

    /// Moves to the epoch of a time. Returns whether the epoch has changed.
    pub fn advance(&mut self, now: Duration) -> bool {
        let epoch = self.clock.time_at(now).epoch;
        let is_other = epoch != self.known.epoch;
        if is_other {
            let empty = Consensuses { epoch, ..Consensuses::default() };
            self.known = self.recent.iter().map(Arc::clone).fold(empty, Consensuses::with);
            self.next_at = self.fetch_time.draw(self.clock, epoch);
            self.asked_at = None;
        }
        is_other
    }

    /// The epochs whose consensuses have to be fetched now, the current one first. They are not
    /// returned again before [`wake_at`](Self::wake_at).
    pub fn due(&mut self, now: Duration) -> impl Iterator<Item = Epoch> + use<> {
        let epoch = self.known.epoch;
        let current = self.known.current.is_none().then_some(epoch);
        let next = (self.known.next.is_none() && now >= self.next_at).then(|| epoch.plus(1));
        // a clock that was set back does not prolong the wait
        let waits = self.asked().is_some_and(|asked| now >= asked && now < self.retry_at(asked));
        let due = if waits { [None, None] } else { [current, next] };
        if due != [None, None] {
            self.asked_at = Some(now);
        }
        due.into_iter().flatten()
    }

    /// Adds a verified consensus.
    pub fn insert(&mut self, consensus: Arc<Consensus>) {
        self.known = core::mem::take(&mut self.known).with(Arc::clone(&consensus));
        self.recent.push_back(consensus);
        if self.recent.len() > MAX_RECENT {
            self.recent.pop_front();
        }
    }

    /// Notes that the source has changed, so that missing consensuses are fetched at once.
    pub const fn source_changed(&mut self) {
        self.asked_at = None;
    }

    /// When to call [`advance`](Self::advance) and [`due`](Self::due) again, if the clock is not
    /// set meanwhile.
    #[must_use]
    pub fn wake_at(&self) -> Duration {
        let epoch_end = self.clock.eighths_into(self.known.epoch.plus(1), 0);
        let retry_at = self.asked().map(|asked| self.retry_at(asked));
        let wake_at = match (&self.known.current, &self.known.next) {
            (None, _) => retry_at.unwrap_or_default(),
            (Some(_), None) => retry_at.unwrap_or(self.next_at),
            (Some(_), Some(_)) => epoch_end,
        };
        wake_at.min(epoch_end)
    }

    /// The time at which a consensus that is missing now was last requested.
    fn asked(&self) -> Option<Duration> {
        // if the current consensus is known, requests before `next_at` were for that one
        self.asked_at.filter(|asked| self.known.current.is_none() || *asked >= self.next_at)
    }

    fn retry_at(&self, asked: Duration) -> Duration {
        asked.saturating_add(self.clock.sixteenth())
    }
}

impl FetchTime {
    /// Draws the fetch time in an epoch.
    fn draw(&self, clock: Clock, epoch: Epoch) -> Duration {
        let published = clock.eighths_into(epoch, PUBLISHED_EIGHTHS);
        match self {
            Self::OnPublication => published,
            Self::Random(randomness) => published.saturating_add(part_of_window(clock, randomness.rng().next_u32())),
        }
    }
}

impl fmt::Debug for FetchTime {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::OnPublication => "OnPublication",
            Self::Random(_) => "Random",
        })
    }
}

/// A uniformly random part of the window in which clients fetch.
fn part_of_window(clock: Clock, draw: u32) -> Duration {
    let window = clock.sixteenth().saturating_mul(WINDOW_SIXTEENTHS);
    // in two steps, as one would overflow with long epochs
    (window / (1 << 16)).saturating_mul(draw >> 16)
}

/// Authorities publish the next epoch's consensus after this many eighths of the current one.
const PUBLISHED_EIGHTHS: u32 = 5;

/// Length of the window in which clients fetch, in sixteenths of an epoch: the last sixteenth is
/// left for a retry.
const WINDOW_SIXTEENTHS: u32 = 5;

/// Three are in use, and one more leaves room for a clock that jumps ahead for a while.
const MAX_RECENT: usize = 4;

#[cfg(test)]
mod tests;
