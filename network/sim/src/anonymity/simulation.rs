//! A discrete-event simulation of the network.

#[cfg(test)]
mod tests;

use super::{
    histogram::Histogram,
    measurements::{Measurements, PacketCounts},
    observer::{Odds, Origins, Pool, entropy_term},
    scenario::Scenario,
};
use chacha20::ChaCha20Rng;
use core::{cmp::Reverse, fmt};
use mixwell_mixdelay::{ClientClock, Instant, Limits, Poisson, Rate, ServerQueue, Tick};
use rand_core::{Rng as _, SeedableRng as _};
use std::collections::{BinaryHeap, VecDeque};

/// A simulated network: the clocks, delays and queues that real nodes run, in virtual time.
pub struct Simulation {
    mu: Rate,
    /// For each hop: the index of its first node, and its number of nodes.
    hops: Vec<(usize, u32)>,
    origins: Origins,
    users: Vec<User>,
    mixes: Vec<Mix>,
    /// The clocks of the nodes that send loops.
    loops: Vec<Poisson>,
    end: Instant,
    events: BinaryHeap<Reverse<(Instant, Actor)>>,
    measure_from: Instant,
    /// When the next packet is picked for following, and the time between picks; none is picked
    /// after `measure_until`, because it might not leave before the end.
    next_followed: Instant,
    follow_every_nanos: u64,
    measure_until: Instant,
    followed: Vec<Followed>,
    measured: Measurements,
    rng: ChaCha20Rng,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Actor {
    User(usize),
    Mix(usize),
    /// The loop clock of a node.
    Loop(usize),
}

impl fmt::Debug for Simulation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Simulation")
            .field("users", &self.users.len())
            .field("mixes", &self.mixes.len())
            .field("end", &self.end)
            .finish_non_exhaustive()
    }
}

struct User {
    clock: ClientClock,
    /// When the user writes a message.
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
    /// Index of the hop at which the packet is, or to which it is sent.
    hop: usize,
    /// The packet's index among the followed ones.
    followed: Option<usize>,
}

/// The observer's knowledge of a followed packet.
#[derive(Clone, Copy, Default)]
struct Followed {
    /// Entropy in bits about which leaving packet it is, summed over the packets that have left.
    entropy: f64,
    has_left: bool,
}

/// Number of followed packets.
const FOLLOWED: usize = 64;
const NO_LIMITS: Limits = Limits { delay_millis: u64::MAX, unwrap_millis: u64::MAX, slack_millis: u64::MAX };

impl Simulation {
    /// The network at the start of the scenario.
    #[must_use]
    pub fn new(scenario: &Scenario) -> Self {
        let Scenario { topology, load, .. } = scenario;
        let origins = Origins { users: load.users as usize, followed: FOLLOWED };
        let mut rng = ChaCha20Rng::seed_from_u64(load.seed);
        let mut events = BinaryHeap::new();
        let users: Vec<User> = (0..load.users).map(|_| User::new(scenario, &mut rng)).collect();
        let loops: Vec<Poisson> = scenario
            .loops
            .iter()
            .flat_map(|(nodes, rate)| (0..*nodes).map(|_| rate.rate()))
            .map(|rate| clock(rate, &mut rng))
            .collect();
        events.extend(users.iter().zip(0..).filter_map(|(user, i)| Some(Reverse((user.wake()?, Actor::User(i))))));
        events.extend(
            loops.iter().zip(0..).filter_map(|(clock, i)| Some(Reverse((clock.poll_timeout()?, Actor::Loop(i))))),
        );
        let mut hops = Vec::new();
        let mut mixes = Vec::new();
        for nodes in &topology.hops {
            hops.push((mixes.len(), *nodes));
            mixes.extend((0..*nodes).map(|_| Mix::new(origins)));
        }
        // The mixes fill up before measuring begins, and measured packets leave after it ends.
        let settle = scenario.settling_millis();
        Self {
            mu: scenario.mu,
            hops,
            origins,
            users,
            mixes,
            loops,
            end: Instant::from_millis(load.millis),
            events,
            measure_from: Instant::from_millis(settle),
            next_followed: Instant::from_millis(settle),
            follow_every_nanos: load.millis.saturating_sub(settle << 1).saturating_mul(1_000_000 >> FOLLOWED.ilog2()),
            measure_until: Instant::from_millis(load.millis.saturating_sub(settle)),
            followed: Vec::new(),
            measured: Measurements {
                latency: Histogram::new(scenario.path_millis() / 40.0, 1000),
                waiting: Histogram::new(10.0 / topology.rates.lambda_p.per_milli() / 1000.0, 100_000),
                occupancy: Histogram::new(1.0, scenario.occupancy_bins()),
                user_entropy: Histogram::new(0.02, 1000),
                sender_entropy: Histogram::new(0.02, 1000),
                message_entropy: Histogram::new(0.02, 2000),
                followed: 0,
                sent: PacketCounts::default(),
            },
            rng,
        }
    }

    /// Runs to the end; `progress` is called about once per simulated second with the simulated
    /// milliseconds.
    #[must_use]
    pub fn run(mut self, progress: impl Fn(u64)) -> Measurements {
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
        for Followed { entropy, .. } in self.followed.iter().filter(|followed| followed.has_left) {
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
                    if now >= self.measure_from {
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

    /// Sends a new packet to the first hop. Some are followed: the first one sent after each of
    /// equal intervals.
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

    /// Delivers a packet to a random node of its hop.
    fn arrive(&mut self, now: Instant, packet: Packet, odds: &Odds) {
        let Some((first, nodes)) = self.hops.get(packet.hop) else { return };
        let choice = (u64::from(self.rng.next_u32()).wrapping_mul(u64::from(*nodes))) >> 32;
        let Ok(number) = usize::try_from(choice).map(|choice| first.saturating_add(choice)) else { return };
        let Some(mix) = self.mixes.get_mut(number) else { return };
        if now >= self.measure_from {
            self.measured.occupancy.add(mix.known.packets());
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
            _ => return, // stale: the mix was rescheduled to an earlier time
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
            followed.has_left = true;
        }
        if packet.sent >= self.measure_from && packet.sent <= self.measure_until {
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

    /// Schedules the event of a mix whose next packet is due earlier than known.
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
    fn new(scenario: &Scenario, rng: &mut ChaCha20Rng) -> Self {
        let Scenario { topology, load, .. } = scenario;
        let mut clients = ClientClock::new();
        clients.set_rates(Instant::ZERO, topology.rates.lambda_p.rate(), topology.rates.lambda_l.rate(), rng);
        clients.set_link(Instant::ZERO, true, rng);
        Self { clock: clients, writes: clock(load.messages.rate(), rng), outbox: VecDeque::new() }
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

/// A running Poisson process.
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
