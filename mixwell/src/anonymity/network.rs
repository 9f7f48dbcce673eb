//! The simulated network: clocks, mixes, and the order of events.

use super::{
    histogram::Histogram,
    measured::{Measured, Sent},
    observer::{Odds, Origins, Pool, entropy_term},
    plan::Plan,
};
use chacha20::ChaCha20Rng;
use core::cmp::Reverse;
use mixwell_mixdelay::{ClientClock, Instant, Limits, Poisson, Rate, ServerQueue, Tick};
use rand_core::{Rng as _, SeedableRng as _};
use std::collections::{BinaryHeap, VecDeque};

pub(super) struct Network {
    mu: Rate,
    /// Of each hop: the number of its first node, and how many there are.
    hops: Vec<(usize, u32)>,
    origins: Origins,
    users: Vec<User>,
    mixes: Vec<Mix>,
    /// The clocks of the nodes that send loops.
    loops: Vec<Poisson>,
    end: Instant,
    events: BinaryHeap<Reverse<(Instant, Actor)>>,
    /// When measuring begins.
    warm: Instant,
    /// When a packet is followed next, how long after that the next one; what is sent later may not get to its end.
    next_followed: Instant,
    follow_every_nanos: u64,
    measure_until: Instant,
    followed: Vec<Followed>,
    measured: Measured,
    rng: ChaCha20Rng,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Actor {
    User(usize),
    /// A mix's queue.
    Mix(usize),
    /// A node's clock of loops.
    Loop(usize),
}

struct User {
    clock: ClientClock,
    /// When the user has a message to send.
    writes: Poisson,
    outbox: VecDeque<Instant>,
}

struct Mix {
    queue: ServerQueue<Packet>,
    known: Pool,
    wake: Option<Instant>,
}

#[derive(Clone, Copy)]
struct Packet {
    sent: Instant,
    /// The hop that it is at, or goes to.
    hop: usize,
    /// Its number among those that are followed.
    followed: Option<usize>,
}

/// What is known of a packet that is followed.
#[derive(Clone, Copy, Default)]
struct Followed {
    /// Of which packet that left it is, in bits, over those that left so far.
    entropy: f64,
    /// Whether it left.
    ended: bool,
}

/// How many packets are followed.
const FOLLOWED: usize = 64;
const NO_LIMITS: Limits = Limits { delay_millis: u64::MAX, unwrap_millis: u64::MAX, slack_millis: u64::MAX };

impl Network {
    pub(super) fn new(plan: &Plan) -> Self {
        let origins = Origins { users: plan.users as usize, followed: FOLLOWED };
        let mut rng = ChaCha20Rng::seed_from_u64(plan.seed);
        let mut events = BinaryHeap::new();
        let users: Vec<User> = (0..plan.users).map(|_| User::new(plan, &mut rng)).collect();
        let loops: Vec<Poisson> = plan
            .loops
            .iter()
            .flat_map(|(nodes, rate)| (0..*nodes).map(|_| rate.rate))
            .map(|rate| clock(rate, &mut rng))
            .collect();
        events.extend(users.iter().zip(0..).filter_map(|(user, i)| Some(Reverse((user.wake()?, Actor::User(i))))));
        events.extend(
            loops.iter().zip(0..).filter_map(|(clock, i)| Some(Reverse((clock.poll_timeout()?, Actor::Loop(i))))),
        );
        let mut hops = Vec::new();
        let mut mixes = Vec::new();
        for nodes in &plan.hops {
            hops.push((mixes.len(), *nodes));
            mixes.extend((0..*nodes).map(|_| Mix::new(origins)));
        }
        // Before, so that the mixes are full, and after, so that what is measured leaves.
        let settle = plan.settle();
        Self {
            mu: plan.mu_rate,
            hops,
            origins,
            users,
            mixes,
            loops,
            end: Instant::from_millis(plan.millis),
            events,
            warm: Instant::from_millis(settle),
            next_followed: Instant::from_millis(settle),
            follow_every_nanos: plan.millis.saturating_sub(settle << 1).saturating_mul(1_000_000 >> FOLLOWED.ilog2()),
            measure_until: Instant::from_millis(plan.millis.saturating_sub(settle)),
            followed: Vec::new(),
            measured: Measured {
                latency: Histogram::new(plan.path_millis() / 40.0, 1000),
                waiting: Histogram::new(10.0 / plan.lambda_p.per_milli / 1000.0, 100_000),
                in_mix: Histogram::new(1.0, plan.in_mix_bins()),
                user_entropy: Histogram::new(0.02, 1000),
                sender_entropy: Histogram::new(0.02, 1000),
                message_entropy: Histogram::new(0.02, 2000),
                followed: 0,
                sent: Sent::default(),
            },
            rng,
        }
    }

    /// Runs to the end; `progress` is told the network's time in milliseconds.
    pub(super) fn run(mut self, progress: impl Fn(u64)) -> Measured {
        let mut told = 0;
        while let Some(Reverse((now, actor))) = self.events.pop()
            && now <= self.end
        {
            if now.as_millis() >= told {
                progress(now.as_millis());
                told = now.as_millis().saturating_add(1000);
            }
            match actor {
                Actor::User(number) => self.user(now, number),
                Actor::Loop(number) => self.node_loop(now, number),
                Actor::Mix(number) => self.mix(now, number),
            }
        }
        for Followed { entropy, .. } in self.followed.iter().filter(|followed| followed.ended) {
            self.measured.message_entropy.add(*entropy);
        }
        self.measured.followed = self.followed.len();
        self.measured
    }

    fn user(&mut self, now: Instant, number: usize) {
        let Some(user) = self.users.get_mut(number) else { return };
        let mut packets = 0_u32;
        while user.writes.poll(now, &mut self.rng) {
            user.outbox.push_back(now);
        }
        while let Some(tick) = user.clock.poll(now, &mut self.rng) {
            packets = packets.saturating_add(1);
            match (tick, user.outbox.front()) {
                (Tick::MessageOrDecoy, Some(written)) => {
                    if now >= self.warm {
                        self.measured.waiting.add(millis(*written, now));
                    }
                    self.measured.sent.messages += 1.0;
                    user.outbox.pop_front();
                }
                (Tick::MessageOrDecoy, None) => self.measured.sent.decoys += 1.0,
                _ => self.measured.sent.user_loops += 1.0,
            }
        }
        if let Some(wake) = user.wake() {
            self.events.push(Reverse((wake, Actor::User(number))));
        }
        (0..packets).for_each(|_| self.send(now, number));
    }

    fn node_loop(&mut self, now: Instant, number: usize) {
        let Some(clock) = self.loops.get_mut(number) else { return };
        let mut packets = 0_u32;
        while clock.poll(now, &mut self.rng) {
            packets = packets.saturating_add(1);
        }
        if let Some(wake) = clock.poll_timeout() {
            self.events.push(Reverse((wake, Actor::Loop(number))));
        }
        for _ in 0..packets {
            self.measured.sent.node_loops += 1.0;
            self.send(now, usize::MAX);
        }
    }

    /// A new packet goes to the first hop. Some are followed: the next one sent after equal times.
    fn send(&mut self, now: Instant, sender: usize) {
        let follow = sender < self.origins.users
            && self.followed.len() < FOLLOWED
            && now >= self.next_followed
            && now <= self.measure_until;
        let message = follow.then_some(self.followed.len());
        if follow {
            self.followed.push(Followed::default());
            self.next_followed = self.next_followed.plus_nanos(self.follow_every_nanos);
        }
        let odds = self.origins.seen(sender, message);
        self.arrive(now, Packet { sent: now, hop: 0, followed: message }, &odds);
    }

    /// A packet goes to any node of its hop.
    fn arrive(&mut self, now: Instant, packet: Packet, odds: &Odds) {
        let Some((first, nodes)) = self.hops.get(packet.hop) else { return };
        let choice = (u64::from(self.rng.next_u32()).wrapping_mul(u64::from(*nodes))) >> 32;
        let Ok(number) = usize::try_from(choice).map(|choice| first.saturating_add(choice)) else { return };
        let Some(mix) = self.mixes.get_mut(number) else { return };
        if now >= self.warm {
            self.measured.in_mix.add(mix.known.packets());
        }
        let delay = self.mu.hop_delay_millis(&mut self.rng);
        let dropped = mix.queue.insert(now, now, delay, packet, &mut self.rng);
        debug_assert!(dropped.is_none(), "there are no limits");
        mix.known.enter(now, odds);
        self.wake(number);
    }

    fn mix(&mut self, now: Instant, number: usize) {
        match self.mixes.get_mut(number) {
            Some(mix) if mix.wake == Some(now) => mix.wake = None,
            _ => return, // since then the mix was told to wake earlier
        }
        let mut odds = self.origins.seen(0, None);
        while let Some(mix) = self.mixes.get_mut(number)
            && let Some(Ok(packet)) = mix.queue.poll(now, &mut self.rng)
        {
            mix.known.leave(now, &mut odds);
            let hop = packet.hop.saturating_add(1);
            if hop < self.hops.len() {
                self.arrive(now, Packet { hop, ..packet }, &odds);
            } else {
                self.leave(now, packet, &odds);
            }
        }
        self.wake(number);
    }

    fn leave(&mut self, now: Instant, packet: Packet, odds: &Odds) {
        if let Some(followed) = packet.followed.and_then(|number| self.followed.get_mut(number)) {
            followed.ended = true;
        }
        if packet.sent >= self.warm && packet.sent <= self.measure_until {
            self.measured.latency.add(millis(packet.sent, now));
            self.measured.sender_entropy.add(odds.sender_entropy(self.origins));
            if let Some((entropy, chance)) = odds.user_entropy(self.origins) {
                self.measured.user_entropy.add_weighted(entropy, chance);
            }
        }
        for (followed, chance) in self.followed.iter_mut().zip(odds.followed(self.origins)) {
            followed.entropy += entropy_term(chance);
        }
    }

    /// Sees to it that a mix is woken in time.
    fn wake(&mut self, number: usize) {
        let Some(mix) = self.mixes.get_mut(number) else { return };
        let Some(next) = mix.queue.poll_timeout() else { return };
        if mix.wake.is_none_or(|wake| next < wake) {
            mix.wake = Some(next);
            self.events.push(Reverse((next, Actor::Mix(number))));
        }
    }
}

impl User {
    fn new(plan: &Plan, rng: &mut ChaCha20Rng) -> Self {
        let mut clients = ClientClock::new();
        clients.set_rates(Instant::ZERO, plan.lambda_p.rate, plan.lambda_l.rate, rng);
        clients.set_link(Instant::ZERO, true, rng);
        Self { clock: clients, writes: clock(plan.messages.rate, rng), outbox: VecDeque::new() }
    }

    fn wake(&self) -> Option<Instant> {
        self.clock.poll_timeout().into_iter().chain(self.writes.poll_timeout()).min()
    }
}

impl Mix {
    fn new(origins: Origins) -> Self {
        Self { queue: ServerQueue::new(NO_LIMITS, usize::MAX), known: Pool::new(origins), wake: None }
    }
}

/// A process that has begun.
fn clock(rate: Option<Rate>, rng: &mut ChaCha20Rng) -> Poisson {
    let mut clock = Poisson::new();
    clock.set_rate(Instant::ZERO, rate, rng);
    clock.set_link(Instant::ZERO, true, rng);
    clock
}

#[expect(clippy::cast_precision_loss, reason = "for statistics")]
fn millis(from: Instant, to: Instant) -> f64 {
    to.nanos_since(from) as f64 * 1e-6
}

#[cfg(test)]
mod tests {
    use super::{Network, Plan};
    use crate::anonymity::{Published, closed, measured::Measured};

    fn published(per_milli: f64) -> Published {
        Published::new(per_milli).unwrap()
    }

    fn plan(hops: &[u32], seed: u64) -> Plan {
        Plan {
            name: String::new(),
            hops: hops.to_vec(),
            loops: vec![(hops.iter().sum(), published(0.001))],
            users: 60,
            lambda_p: published(0.002),
            lambda_l: published(0.001),
            messages: published(0.0005),
            mu: published(0.005),
            mu_rate: published(0.005).rate.unwrap(),
            millis: 300_000,
            seed,
        }
    }

    fn simulate(plan: &Plan) -> Measured {
        Network::new(plan).run(|_| {})
    }

    #[test]
    fn the_seed_decides() {
        let plan = Plan { millis: 30_000, ..plan(&[2, 2, 2], 1) };
        assert_eq!(simulate(&plan), simulate(&plan));
        assert_ne!(simulate(&plan), simulate(&Plan { seed: 2, ..plan }));
    }

    /// Against the closed forms: latency is Erlang's, what a mix holds is Poisson's, the entropy near its limit.
    #[test]
    fn the_closed_forms_hold() {
        for hops in [&[2][..], &[2, 2, 2], &[1, 4, 2]] {
            let plan = plan(hops, 3);
            let (count, measured) = (plan.hop_count(), simulate(&plan));
            assert_eq!((measured.followed, measured.message_entropy.count()), (64, 64.0));
            assert!(
                (measured.latency.mean() / plan.latency_millis() - 1.0).abs() < 0.01,
                "{hops:?}: {}",
                measured.latency.mean()
            );
            let distance = measured.latency.distance(|x| closed::erlang_cdf(count, 0.005, x - plan.latency_shift()));
            assert!(distance < 0.01, "{hops:?}: {distance}");
            assert!((measured.in_mix.mean() / plan.found() - 1.0).abs() < 0.03, "{hops:?}: {}", measured.in_mix.mean());
            let limit = closed::message_entropy(count, 0.005, plan.mixed_traffic());
            let entropy = measured.message_entropy.mean();
            assert!(entropy < limit + 0.1 && entropy > limit - 0.3, "{hops:?}: {entropy} {limit}");
            assert!(measured.sender_entropy.mean() < 61_f64.log2());
            let user_entropy = measured.user_entropy.mean();
            assert!(user_entropy < 60_f64.log2() && user_entropy > 4.0, "{hops:?}: {user_entropy}");
        }
    }

    /// The more packets in a mix, the nearer the entropy is to its limit.
    #[test]
    fn the_limit_is_a_limit() {
        let far = |users| {
            let plan = Plan { users, millis: 60_000, ..plan(&[1, 1, 1], 5) };
            closed::message_entropy(3, 0.005, plan.mixed_traffic()) - simulate(&plan).message_entropy.mean()
        };
        let (few, many) = (far(4), far(400));
        assert!(few > 0.15 && many.abs() < 0.03, "{few} {many}");
    }

    /// A packet that does not leave in time has no entropy yet: what is reported is of those that leave.
    #[test]
    fn who_does_not_leave_does_not_count() {
        // a mean of 100 s at each of two hops, and 30 s to leave
        let (mu, millis) = (published(0.00001), 120_000);
        let slow = simulate(&Plan { mu, mu_rate: mu.rate.unwrap(), millis, ..plan(&[2, 2], 6) });
        let left = slow.message_entropy.count();
        assert!(slow.followed == 64 && left > 0.0 && left < 60.0, "{left} of {}", slow.followed);
    }

    /// The same measures see a network that does not do what its rates say.
    #[test]
    fn other_rates_do_not_fit() {
        let plan = plan(&[2, 2, 2], 4);
        let measured = simulate(&plan);
        assert!(measured.latency.distance(|x| closed::erlang_cdf(3, 0.005 * 1.05, x)) > 0.015);
        assert!(measured.latency.distance(|x| closed::erlang_cdf(2, 0.005, x)) > 0.1);
    }
}
