//! The observer of all links.
//!
//! A packet that leaves a Poisson mix is any of those in it with the same chance, whenever they came: exponential delays
//! have no memory. One that came less than a whole millisecond ago is not among them: every delay is one at least. So all that the observer knows of a mix's packets is one mass for each origin: how many of them are
//! expected to come from it. A packet that leaves takes an equal part of every mass.

use mixwell_mixdelay::Instant;
use std::collections::VecDeque;

/// What the observer knows of one mix.
#[derive(Clone, Debug)]
pub(super) struct Pool {
    ready: Masses,
    /// Those that cannot leave yet, by the millisecond from which they can.
    coming: VecDeque<(u64, Masses)>,
    origins: Origins,
}

#[derive(Clone, Debug)]
struct Masses {
    mass: Vec<f64>,
    packets: f64,
}

/// What the observer knows of one packet: the chance of each origin.
#[derive(Clone, Debug)]
pub(super) struct Odds(Vec<f64>);

/// Origins: the users, then the nodes' own loops as one, then the messages that are followed.
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

    /// The odds of a packet that is seen to come from a sender (a user's number, or any higher for a mix).
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
        Self { ready: Masses::new(origins), coming: VecDeque::new(), origins }
    }

    /// A packet comes. It stays for a millisecond at least, and leaves at a whole one.
    pub(super) fn enter(&mut self, now: Instant, odds: &Odds) {
        self.ripen(now);
        let from = now.plus_nanos(1_999_999).as_millis();
        if self.coming.back().is_none_or(|(last, _)| *last < from) {
            self.coming.push_back((from, Masses::new(self.origins)));
        }
        if let Some((_, masses)) = self.coming.back_mut() {
            masses.add(1.0, &odds.0);
        }
    }

    /// What is known of the packet that leaves now.
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
        self.coming.iter().map(|(_, masses)| masses.packets).fold(self.ready.packets, |sum, packets| sum + packets)
    }

    fn ripen(&mut self, now: Instant) {
        while let Some((_, masses)) = self.coming.pop_front_if(|(from, _)| *from <= now.as_millis()) {
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
    /// The entropy of the sender, the nodes with their loops being one of them, in bits.
    pub(super) fn sender_entropy(&self, origins: Origins) -> f64 {
        self.0.iter().take(origins.senders()).map(|chance| entropy_term(*chance)).sum()
    }

    /// The entropy of which user it was, for one who knows that it was a user's packet, and the chance that it was one;
    /// none if it cannot be one.
    pub(super) fn user_entropy(&self, origins: Origins) -> Option<(f64, f64)> {
        let users = || self.0.iter().take(origins.users);
        let all: f64 = users().sum();
        let entropy: f64 = users().map(|chance| entropy_term(chance / all)).sum();
        (all > 0.0).then_some((entropy, all))
    }

    /// The chance that this packet is each of the messages followed.
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
    fn a_packet_is_any_of_those_in_the_mix() {
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
        assert!((entropy - 2.0).abs() < 1e-12, "the users are as likely as each other");
    }
}
