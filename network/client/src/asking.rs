//! When a client asks for the consensus of the next epoch: at a moment of its own, by which no authority or gateway tells it from another.

use core::time::Duration;
use mixwell_net::{clock::Clock, directory::Consensuses};
use mixwell_pki_types::Epoch;

/// What is to be asked, and when to look again.
#[derive(Debug, Default)]
pub(super) struct Asking {
    /// When to look again.
    next: Duration,
    /// The epoch of the clock, and the moment in it.
    moment: Option<(Epoch, Duration)>,
}

impl Asking {
    /// When there is something to look after, if the clock does not step.
    pub(super) const fn next(&self) -> Duration {
        self.next
    }

    /// The epoch whose consensus is to be asked for now.
    pub(super) fn look(
        &mut self,
        (clock, now): (Clock, Duration),
        known: &Consensuses,
        draw: impl FnOnce() -> u32,
    ) -> Option<Epoch> {
        let epoch = clock.time_at(now).epoch;
        let moment = match self.moment {
            Some((of, moment)) if of == epoch => moment,
            // another epoch, be it that the clock has stepped back
            _ => {
                let moment = moment(clock, epoch, draw());
                (self.moment, self.next) = (Some((epoch, moment)), Duration::ZERO);
                moment
            }
        };
        if now < self.next {
            return None;
        }
        let is_known = |epoch| known.of(epoch).is_some();
        let missing = if is_known(epoch) {
            Some(epoch.plus(1)).filter(|next| now >= moment && !is_known(*next))
        } else {
            Some(epoch)
        };
        let turn = clock.eighths_into(epoch.plus(1), 0);
        self.next = match missing {
            Some(_) => now.saturating_add(clock.sixteenth()).min(turn),
            None if now >= moment => turn,
            None => moment,
        };
        missing
    }
}

/// A moment after the one at which authorities publish, each as likely; a sixteenth is left to ask again.
fn moment(clock: Clock, epoch: Epoch, draw: u32) -> Duration {
    let span = clock.sixteenth().saturating_mul(MOST_SIXTEENTHS);
    // in two steps, as one would overflow with long epochs
    let wait = span.checked_div(1 << 16).unwrap_or_default().saturating_mul(draw >> 16);
    clock.eighths_into(epoch, PUBLISHED_EIGHTHS).saturating_add(wait)
}

/// The consensus of the next epoch is there after so many eighths of this one.
const PUBLISHED_EIGHTHS: u32 = 5;

/// The moments lie in so many sixteenths after that.
const MOST_SIXTEENTHS: u32 = 5;

#[cfg(test)]
mod tests {
    use super::*;
    use chacha20::ChaCha20Rng;
    use mixwell_pki_types::Period;
    use rand_core::{Rng as _, SeedableRng as _};

    const EPOCH: Epoch = Epoch(1000);

    /// A clock, and what is known: nothing.
    fn nothing() -> (Clock, Consensuses) {
        (Clock::new(Period::default()), Consensuses { epoch: EPOCH, ..Consensuses::default() })
    }

    #[test]
    fn moments_are_spread_over_what_the_specification_leaves() {
        let (clock, _) = nothing();
        let mut rng = ChaCha20Rng::seed_from_u64(1);
        let (begin, end) = (clock.eighths_into(EPOCH, 5), clock.eighths_into(EPOCH.plus(1), 0));
        let span = clock.sixteenth() * 5;
        let mut parts = [0_u32; 5];
        for _ in 0..5000 {
            let moment = moment(clock, EPOCH, rng.next_u32());
            assert!(moment >= begin && moment + clock.sixteenth() <= end, "{moment:?}");
            let part = moment.saturating_sub(begin).as_millis() * 5 / span.as_millis();
            parts[usize::try_from(part).unwrap()] += 1;
        }
        // each fifth of them, within five standard deviations
        assert!(parts.iter().all(|count| (860..1140).contains(count)), "{parts:?}");
    }

    #[test]
    fn it_asks_for_this_epoch_at_once_and_again_each_sixteenth() {
        let (clock, known) = nothing();
        let (mut asking, mut rng) = (Asking::default(), ChaCha20Rng::seed_from_u64(2));
        let now = clock.eighths_into(EPOCH, 1);
        assert_eq!(asking.look((clock, now), &known, || rng.next_u32()), Some(EPOCH));
        assert_eq!(asking.look((clock, now), &known, || rng.next_u32()), None);
        assert_eq!(asking.next(), now + clock.sixteenth());
        assert_eq!(asking.look((clock, asking.next()), &known, || rng.next_u32()), Some(EPOCH));
    }

    #[test]
    fn a_clock_that_steps_is_followed() {
        let (clock, known) = nothing();
        let (mut asking, mut rng) = (Asking::default(), ChaCha20Rng::seed_from_u64(3));
        for epoch in [EPOCH, EPOCH.plus(1), Epoch(EPOCH.0 - 3), EPOCH.plus(100_000), Epoch(0), EPOCH] {
            let now = clock.eighths_into(epoch, 0);
            assert_eq!(asking.look((clock, now), &known, || rng.next_u32()), Some(epoch));
            assert!(asking.next() > now && asking.next() < clock.eighths_into(epoch, 1));
        }
        // before the first epoch, and where time ends
        for now in [Duration::ZERO, Duration::MAX] {
            let _ = asking.look((clock, now), &known, || rng.next_u32());
        }
    }
}
