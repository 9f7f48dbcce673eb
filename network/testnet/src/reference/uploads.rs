//! When a node of the reference uploads its descriptor, and when it asks for a consensus
//! (`docs/spec/network.md#nodes-and-authorities`).

use super::times::Times;
use core::time::Duration;
use mixwell_net::{clock::Clock, directory::Consensuses};
use mixwell_pki_types::Epoch;

/// A node's uploads to one authority: one in each epoch, for the next epoch only.
#[derive(Debug)]
pub struct Uploads {
    clock: Clock,
    times: Times,
    /// The epoch that the uploads are for, and the failed attempts.
    of: Epoch,
    failures: u32,
    /// `None` once the authority has answered, whatever it said.
    due: Option<Duration>,
}

impl Uploads {
    /// The uploads of a node that starts now.
    pub fn new(now: Duration, clock: Clock, times: Times) -> Self {
        Self { clock, times, of: clock.time_at(now).epoch.plus(1), failures: 0, due: Some(now) }
    }

    /// When the next upload is due, and the epoch that it is for.
    pub fn next(&mut self, now: Duration) -> (Duration, Epoch) {
        let next = self.clock.time_at(now).epoch.plus(1);
        if next != self.of {
            let turn = self.clock.eighths_into(Epoch(self.of.0), 0);
            (self.of, self.failures, self.due) = (next, 0, Some(turn + self.times.upload_delay));
        }
        let turn = self.clock.eighths_into(self.of, 0) + self.times.upload_delay;
        self.due.map_or((turn, self.of.plus(1)), |due| (due, self.of))
    }

    /// The authority has answered: a conflict is as good as any other answer.
    pub const fn answered(&mut self) {
        self.due = None;
    }

    /// The authority is down: another attempt after 2, 4, … 20 s.
    pub fn failed(&mut self, now: Duration) {
        self.failures += 1;
        let pause = self.times.upload_pause.saturating_mul(self.failures).min(self.times.max_upload_pause);
        self.due = Some(now + pause);
    }
}

/// When a node asks the authorities for which consensus: at its start for the current one, at 5/8
/// for the next one, at the turn if that failed, and then in every sixteenth.
#[derive(Debug)]
pub struct ConsensusRequests {
    clock: Clock,
    asked: Option<(Epoch, Duration)>,
}

impl ConsensusRequests {
    /// The requests of a node that starts now.
    pub const fn new(clock: Clock) -> Self {
        Self { clock, asked: None }
    }

    /// The epoch to ask for now, or when to look again.
    pub fn next(&mut self, now: Duration, known: &Consensuses) -> Result<Epoch, Duration> {
        let epoch = self.clock.time_at(now).epoch;
        let turn = self.clock.eighths_into(epoch.plus(1), 0);
        let sixteenth = self.clock.sixteenth();
        let wanted = if known.of(epoch).is_none() {
            let again = self.asked.filter(|(of, at)| *of == epoch && *at >= self.clock.eighths_into(epoch, 0));
            (epoch, again.map_or(now, |(_, at)| at + sixteenth))
        } else if known.of(epoch.plus(1)).is_none() {
            // one attempt before the turn
            let has_asked = self.asked.is_some_and(|(of, _)| of == epoch.plus(1));
            (epoch.plus(1), if has_asked { turn } else { self.clock.eighths_into(epoch, 5) })
        } else {
            (epoch.plus(2), turn)
        };
        let next_look = wanted.1.min(turn);
        if now < next_look || wanted.0 > epoch.plus(1) || (wanted.1 >= turn) {
            return Err(next_look.max(now));
        }
        self.asked = Some((wanted.0, now));
        Ok(wanted.0)
    }
}
