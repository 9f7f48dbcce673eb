//! The observer of all links, who computes exact odds.
//!
//! Exponential delays have no memory: a packet that leaves a Poisson mix is any of the packets
//! inside with equal probability, however long each has been there. Only packets that arrived less
//! than a whole millisecond ago are excluded, since every delay is at least one millisecond. So the
//! observer's knowledge of a mix is one mass per origin: the expected number of packets inside from
//! that origin. A leaving packet takes an equal part of every mass.

use mixwell_mixdelay::Instant;
use std::collections::VecDeque;

/// The observer's knowledge of one mix.
#[derive(Clone, Debug)]
pub(super) struct Pool {
    ready: Masses,
    /// Packets that cannot leave yet, by the millisecond from which they can.
    unripe: VecDeque<(u64, Masses)>,
    origins: Origins,
}

#[derive(Clone, Debug)]
struct Masses {
    mass: Vec<f64>,
    packets: f64,
}

/// The observer's knowledge of one packet: the probability of each origin.
#[derive(Clone, Debug)]
pub(super) struct Odds(Vec<f64>);

/// Indices of origins: the users, then all nodes (for their loops) as one, then the followed
/// packets.
#[derive(Clone, Copy, Debug)]
pub(super) struct Origins {
    pub(super) users: usize,
    pub(super) followed: usize,
}

impl Origins {
    const fn senders(self) -> usize {
        self.users.saturating_add(1)
    }

    const fn all(self) -> usize {
        self.senders().saturating_add(self.followed)
    }

    /// The odds of a packet observed at its sender: a user's index, or any higher number for a
    /// node.
    pub(super) fn seen(self, sender: usize, followed: Option<usize>) -> Odds {
        let mut odds = vec![0.0; self.all()];
        let message = followed.map(|message| self.senders().saturating_add(message));
        for origin in [Some(sender.min(self.users)), message].into_iter().flatten() {
            if let Some(chance) = odds.get_mut(origin) {
                *chance = 1.0;
            }
        }
        Odds(odds)
    }
}

impl Pool {
    pub(super) fn new(origins: Origins) -> Self {
        Self { ready: Masses::new(origins), unripe: VecDeque::new(), origins }
    }

    /// Adds an arriving packet, which leaves at a whole millisecond, at least one from now.
    pub(super) fn enter(&mut self, now: Instant, odds: &Odds) {
        self.ripen(now);
        let from = now.plus_nanos(1_999_999).as_millis();
        if self.unripe.back().is_none_or(|(last, _)| *last < from) {
            self.unripe.push_back((from, Masses::new(self.origins)));
        }
        if let Some((_, masses)) = self.unripe.back_mut() {
            masses.add(1.0, &odds.0);
        }
    }

    /// Removes a leaving packet, and writes its odds.
    pub(super) fn leave(&mut self, now: Instant, odds: &mut Odds) {
        self.ripen(now);
        let ready = &mut self.ready;
        let share = 1.0 / ready.packets;
        ready.packets -= 1.0;
        for (mass, chance) in ready.mass.iter_mut().zip(&mut odds.0) {
            *chance = *mass * share;
            *mass -= *chance;
        }
    }

    pub(super) fn packets(&self) -> f64 {
        self.unripe.iter().map(|(_, masses)| masses.packets).fold(self.ready.packets, |sum, packets| sum + packets)
    }

    fn ripen(&mut self, now: Instant) {
        while let Some((_, masses)) = self.unripe.pop_front_if(|(from, _)| *from <= now.as_millis()) {
            self.ready.add(masses.packets, &masses.mass);
        }
    }
}

impl Masses {
    fn new(origins: Origins) -> Self {
        Self { mass: vec![0.0; origins.all()], packets: 0.0 }
    }

    fn add(&mut self, packets: f64, masses: &[f64]) {
        self.packets += packets;
        self.mass.iter_mut().zip(masses).for_each(|(mass, more)| *mass += more);
    }
}

impl Odds {
    /// Entropy of the sender in bits; all nodes are one sender.
    pub(super) fn sender_entropy(&self, origins: Origins) -> f64 {
        self.0.iter().take(origins.senders()).map(|chance| entropy_term(*chance)).sum()
    }

    /// Entropy in bits of the sender among the users, given that a user sent the packet, and the
    /// probability of that; `None` if it is 0.
    pub(super) fn user_entropy(&self, origins: Origins) -> Option<(f64, f64)> {
        let users = || self.0.iter().take(origins.users);
        let all: f64 = users().sum();
        let entropy: f64 = users().map(|chance| entropy_term(chance / all)).sum();
        (all > 0.0).then_some((entropy, all))
    }

    /// Probability that this packet is each of the followed ones.
    pub(super) fn followed(&self, origins: Origins) -> impl Iterator<Item = f64> {
        self.0.iter().skip(origins.senders()).copied()
    }
}

/// −p·log₂(p).
pub(super) fn entropy_term(chance: f64) -> f64 {
    if chance > 0.0 { -chance * chance.log2() } else { 0.0 }
}

#[cfg(test)]
mod tests {
    use super::{Origins, Pool};
    use mixwell_mixdelay::Instant;

    #[test]
    fn every_packet_inside_is_equally_likely() {
        let origins = Origins { users: 4, followed: 1 };
        let mut pool = Pool::new(origins);
        for user in 0..4 {
            pool.enter(Instant::ZERO, &origins.seen(user, (user == 2).then_some(0)));
        }
        let mut odds = origins.seen(0, None);
        // too young to leave at 1 ms
        pool.enter(Instant::from_nanos(1), &origins.seen(99, None));
        pool.leave(Instant::from_millis(1), &mut odds);
        assert!((odds.sender_entropy(origins) - 2.0).abs() < 1e-12);
        assert_eq!(odds.followed(origins).collect::<Vec<_>>(), [0.25]);
        assert!((odds.user_entropy(origins).unwrap().0 - 2.0).abs() < 1e-12);
        assert!((pool.packets() - 4.0).abs() < 1e-12);
        assert_eq!(origins.seen(99, None).user_entropy(origins), None);
        // three are left, and a mix's loop is ready: one in four to leave next
        pool.leave(Instant::from_millis(2), &mut odds);
        let expected = 2.0 * 0.25 + 4.0 * (3.0 / 16.0) * (16.0_f64 / 3.0).log2();
        assert!((odds.sender_entropy(origins) - expected).abs() < 1e-12);
        let (entropy, chance) = odds.user_entropy(origins).unwrap();
        assert!((chance - 0.75).abs() < 1e-12);
        assert!((entropy - 2.0).abs() < 1e-12, "all users are equally likely");
    }
}
