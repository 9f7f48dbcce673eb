//! The schedule of a round: when authorities send statements of each kind, and until when they
//! accept them.
//!
//! Votes are sent at the first eighth of the epoch before the one voted on, reveals at the second,
//! certificates at the third, signatures at the fourth; the consensus is published at the fifth.
//! The eighth of each of the first three kinds has two halves: in the first half statements arrive
//! from their authors, in the second authorities relay them in as many intervals as there may be
//! faulty authorities ([`agreement`](super::agreement)).

use crate::message::StatementKind;
use core::time::Duration;
use mixwell_net::clock::eighths;
use mixwell_pki_types::{Period, majority};

/// The schedule of a network's rounds. All times are since the start of the epoch.
#[derive(Debug, Clone)]
pub(super) struct Schedule {
    period: Period,
    /// Number of authorities that may be faulty: `f`.
    faulty: u32,
    moments: Vec<(Duration, Moment)>,
}

/// An action in a round.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Moment {
    /// Our statement of this kind is to be sent.
    Send(StatementKind),
    /// The statements of this kind that were accepted since the last relay are to be relayed.
    Relay(StatementKind),
    /// The consensus is to be published.
    Publish,
}

impl Schedule {
    pub(super) fn new(period: Period, authorities: usize) -> Self {
        let faulty = u32::try_from(authorities.saturating_sub(majority(authorities))).unwrap_or(u32::MAX);
        let mut schedule = Self { period, faulty, moments: Vec::new() };
        for kind in StatementKind::ALL {
            schedule.moments.push((schedule.opens(kind), Moment::Send(kind)));
            if kind != StatementKind::Sig {
                let relays = (1..=faulty).map(|signers| (schedule.deadline(kind, signers), Moment::Relay(kind)));
                schedule.moments.extend(relays.collect::<Vec<_>>());
            }
        }
        schedule.moments.push((eighths(period, PUBLISH_EIGHTH), Moment::Publish));
        schedule
    }

    /// The actions in an epoch, in order.
    pub(super) fn moments(&self) -> &[(Duration, Moment)] {
        &self.moments
    }

    /// When an action is due, and until when it is useful.
    pub(super) fn moment(&self, position: usize) -> Option<(Duration, Moment, Duration)> {
        let (due, moment) = *self.moments.get(position)?;
        let end = match moment {
            Moment::Send(kind) => self.closes(kind),
            // until the next interval begins
            Moment::Relay(kind) => {
                let next = self.moments.get(position + 1);
                next.map_or_else(|| self.closes(kind), |(due, _)| *due)
            }
            Moment::Publish => self.period.duration(),
        };
        Some((due, moment, end))
    }

    /// When authorities send their statements of a kind.
    pub(super) fn opens(&self, kind: StatementKind) -> Duration {
        eighths(self.period, eighth(kind))
    }

    /// Deadline after which no statement of a kind is accepted.
    pub(super) fn closes(&self, kind: StatementKind) -> Duration {
        eighths(self.period, eighth(kind) + 1)
    }

    /// Deadline for a statement with the signatures of this many authorities, its author's among
    /// them. More than `f + 1` signatures extend it no further.
    pub(super) fn deadline(&self, kind: StatementKind, signers: u32) -> Duration {
        let relays = signers.clamp(1, self.faulty + 1) - 1;
        if relays == self.faulty {
            return self.closes(kind);
        }
        let half = eighths(self.period, 1) / 2;
        let interval = half / self.faulty;
        self.opens(kind) + half + interval * relays
    }
}

/// The eighth of an epoch at whose start statements of a kind are sent.
const fn eighth(kind: StatementKind) -> u32 {
    kind.number() as u32 + 1
}

/// The eighth of an epoch at whose start the consensus is published.
pub(super) const PUBLISH_EIGHTH: u32 = 5;

#[cfg(test)]
mod tests {
    use super::*;

    fn schedule(authorities: usize) -> Schedule {
        Schedule::new(Period::new(Duration::from_secs(160)).unwrap(), authorities)
    }

    fn seconds(schedule: &Schedule, kind: StatementKind, signers: u32) -> f64 {
        schedule.deadline(kind, signers).as_secs_f64()
    }

    #[test]
    #[expect(clippy::float_cmp, reason = "halves of seconds")]
    fn deadlines() {
        // no faulty authorities: statements arrive from their authors during the whole eighth
        for few in [1, 2] {
            assert_eq!(seconds(&schedule(few), StatementKind::Vote, 1), 40.0);
        }
        for (authorities, want) in
            [(3, vec![30.0, 40.0, 40.0]), (5, vec![30.0, 35.0, 40.0, 40.0]), (6, vec![30.0, 35.0])]
        {
            let schedule = schedule(authorities);
            let got: Vec<f64> =
                (1..).zip(&want).map(|(signers, _)| seconds(&schedule, StatementKind::Vote, signers)).collect();
            assert_eq!(got, want, "{authorities}");
        }
        assert_eq!(seconds(&schedule(3), StatementKind::Cert, 1), 70.0);
    }

    #[test]
    fn moments_are_in_order() {
        for authorities in 1..=20 {
            let schedule = schedule(authorities);
            let times: Vec<Duration> = schedule.moments().iter().map(|(due, _)| *due).collect();
            assert!(times.is_sorted());
            let relays = schedule.moments().iter().filter(|(_, moment)| matches!(moment, Moment::Relay(_))).count();
            assert_eq!(relays, 3 * ((authorities - 1) / 2));
            for (position, time) in times.iter().enumerate() {
                assert!(schedule.moment(position).unwrap().2 > *time);
            }
        }
    }
}
