//! Simulation of a mix on many cores: workers repeat the same steps, some of them under locks that
//! all workers share.
//!
//! The caller gives the time of each step, which one core suffices to measure; the simulation gives
//! the waiting for locks that a machine with few cores cannot show.
#![expect(clippy::cast_precision_loss, reason = "picoseconds of less than an hour")]

use chacha20::ChaCha20Rng;
use core::cmp::Reverse;
use rand_core::{Rng as _, SeedableRng as _};
use std::collections::BinaryHeap;

/// A step of a worker's round.
#[derive(Debug, Clone, Copy, PartialEq)]
#[non_exhaustive]
pub enum Step {
    /// Work that needs nothing shared, in nanoseconds on average.
    Alone(f64),
    /// Work under the lock with this number, in nanoseconds.
    Locked(usize, f64),
}

/// The costs of sharing, which a single worker does not have, in nanoseconds.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Sharing {
    /// A lock that another core held last: its cache lines have to be fetched.
    pub transfer: f64,
    /// A lock that is held by another worker: the wake-up, besides the wait for it.
    pub wake_up: f64,
}

/// The outcome of a simulation.
#[derive(Debug, Clone, PartialEq)]
pub struct Outcome {
    /// Rounds per second of all workers together.
    pub rounds_per_second: f64,
    /// For each lock the share of the time in which it was held.
    pub held: Vec<f64>,
}

/// Simulates `workers` workers, each on a core of its own, for `rounds` rounds of each.
///
/// Locks serve those who wait in the order in which they came. Work alone varies evenly by half of
/// its mean, so that workers do not march in step.
#[must_use]
pub fn simulate(steps: &[Step], workers: usize, sharing: Sharing, rounds: u32, seed: u64) -> Outcome {
    let mut rng = ChaCha20Rng::seed_from_u64(seed);
    let locks = steps.iter().map(|step| if let Step::Locked(lock, _) = step { lock.saturating_add(1) } else { 0 });
    let mut locks = vec![Lock::default(); locks.max().unwrap_or(0)];
    // the worker whose clock is behind all others moves first, so locks are asked for in order
    let mut waiting: BinaryHeap<_> = (0..workers).map(|worker| Reverse((0_u64, worker))).collect();
    let mut progress = vec![(0_usize, 0_u32); workers];
    let mut end = 0_u64;
    while let Some(Reverse((now, worker))) = waiting.pop() {
        end = end.max(now);
        let Some((next, done)) = progress.get_mut(worker) else { continue };
        let Some(step) = steps.get(*next) else {
            (*next, *done) = (0, done.saturating_add(1));
            if *done < rounds && !steps.is_empty() {
                waiting.push(Reverse((now, worker)));
            }
            continue;
        };
        *next = next.saturating_add(1);
        let until = match *step {
            Step::Alone(nanos) => now.saturating_add(picos(nanos * (0.5 + unit(&mut rng)))),
            Step::Locked(lock, nanos) => match locks.get_mut(lock) {
                Some(lock) => lock.hold(now, worker, nanos, sharing),
                None => now,
            },
        };
        waiting.push(Reverse((until, worker)));
    }
    let seconds = end as f64 / 1e12;
    Outcome {
        rounds_per_second: workers as f64 * f64::from(rounds) / seconds,
        held: locks.iter().map(|lock| lock.held as f64 / end as f64).collect(),
    }
}

/// A lock; times in picoseconds, so that they are ordered exactly.
#[derive(Debug, Clone, Copy, Default)]
struct Lock {
    free_at: u64,
    holder: Option<usize>,
    held: u64,
}

impl Lock {
    /// Takes the lock at `now`, or as soon as it is free. Returns the time of the release.
    fn hold(&mut self, now: u64, worker: usize, nanos: f64, sharing: Sharing) -> u64 {
        let transfer = if self.holder.is_some_and(|holder| holder != worker) { sharing.transfer } else { 0.0 };
        let wake_up = if self.free_at > now { sharing.wake_up } else { 0.0 };
        let work = picos(nanos + transfer + wake_up);
        self.free_at = self.free_at.max(now).saturating_add(work);
        self.held = self.held.saturating_add(work);
        self.holder = Some(worker);
        self.free_at
    }
}

/// A number from 0 to 1.
fn unit(rng: &mut ChaCha20Rng) -> f64 {
    f64::from(rng.next_u32()) / f64::from(u32::MAX)
}

#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "times are positive and short")]
fn picos(nanos: f64) -> u64 {
    (nanos * 1000.0).round() as u64
}

#[cfg(test)]
mod tests {
    use super::*;

    const FREE: Sharing = Sharing { transfer: 0.0, wake_up: 0.0 };

    fn rate(steps: &[Step], workers: usize, sharing: Sharing) -> f64 {
        simulate(steps, workers, sharing, 2000, 1).rounds_per_second
    }

    #[test]
    fn without_locks_it_is_linear() {
        for workers in [1, 2, 64] {
            let expected = workers as f64 * 1e6;
            let rate = rate(&[Step::Alone(600.0), Step::Alone(400.0)], workers, FREE);
            // the last worker to end counts
            assert!((0.95..=1.01).contains(&(rate / expected)), "{workers}: {rate}");
        }
    }

    #[test]
    fn a_lock_bounds_the_rate() {
        let steps = [Step::Alone(900.0), Step::Locked(0, 100.0)];
        let alone = rate(&steps, 1, FREE);
        assert!((alone / 1e6 - 1.0).abs() < 0.01, "{alone}");
        // a tenth of a round is under the lock: beyond ten workers there is no more
        let [five, forty] = [5, 40].map(|workers| rate(&steps, workers, FREE));
        assert!((4.5..=5.0).contains(&(five / alone)), "{five}");
        assert!((9.9..=10.1).contains(&(forty / alone)), "{forty}");
        let held = simulate(&steps, 40, FREE, 2000, 1).held;
        assert!(held.len() == 1 && held[0] > 0.98, "{held:?}");
    }

    #[test]
    fn sharing_costs() {
        let steps = [Step::Alone(900.0), Step::Locked(0, 100.0)];
        let dear = Sharing { transfer: 50.0, wake_up: 50.0 };
        assert!((rate(&steps, 1, dear) / rate(&steps, 1, FREE) - 1.0).abs() < 1e-9, "not for one");
        // 200 ns under the lock for each round
        let bound = rate(&steps, 40, dear);
        assert!((4.9e6..=5.1e6).contains(&bound), "{bound}");
    }

    #[test]
    fn nothing_to_do() {
        assert_eq!(simulate(&[], 3, FREE, 10, 1).held, []);
        let two = simulate(&[Step::Locked(1, 1.0)], 1, FREE, 10, 1);
        assert_eq!(two.held.len(), 2);
    }
}
