//! Whatever a minority does, the honest authorities never sign two documents of one epoch that
//! could both become a consensus, and if their messages arrive in time, they always agree on one.

use crate::{
    journal::{Change, Record},
    message::{Outgoing, Peer, Reply, Request, StatementKind},
    schedule::Schedule,
    tally::payload_of,
    tests::{
        adversary::{Adversary, Attack, What, below, fraction, percent},
        cheap::Cheap,
        net::{FIRST, Net, is_too_early},
    },
};
use chacha20::ChaCha20Rng;
use core::time::Duration;
use mixwell_pki_types::{Certificate, Epoch};
use rand_core::SeedableRng as _;
use std::collections::{BTreeMap, BTreeSet};

/// The behaviour of the network between honest authorities.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Links {
    /// Messages arrive in time.
    Timely,
    /// Messages are lost or arbitrarily late, and authorities restart.
    Wild,
    /// Messages arrive in time, except relays, which are all lost.
    NoRelays,
}

enum Event {
    Tick(usize),
    Arrive { from: usize, to: usize, sent: Outgoing },
    Answer { from: usize, sent: Outgoing, reply: Option<Reply> },
    Attack(Attack),
    Restart(usize),
}

/// The documents that honest authorities signed in an epoch, by authority.
type Signed = BTreeMap<usize, BTreeSet<Vec<u8>>>;

struct Simulation {
    net: Net,
    adversary: Adversary,
    schedule: Schedule,
    links: Links,
    rng: ChaCha20Rng,
    /// The time by which each authority's clock is fast.
    ahead: Vec<Duration>,
    /// The maximum latency of a message.
    latency: Duration,
    now: Duration,
    events: BTreeMap<(Duration, u64), Event>,
    count: u64,
    /// Each honest authority's statements, by kind and epoch.
    said: BTreeMap<(usize, Epoch, StatementKind), BTreeSet<Vec<u8>>>,
    /// The documents that honest authorities signed.
    signed: BTreeMap<Epoch, Signed>,
}

impl Simulation {
    fn new(authorities: u8, links: Links, seed: u64) -> Self {
        let mut rng = ChaCha20Rng::seed_from_u64(seed);
        let net = Net::with(authorities, &Cheap, &["mix0", "mix1"], 1);
        let count = usize::from(authorities);
        let schedule = Schedule::new(net.policy.period, count);
        let most_faulty = (count - 1) / 2;
        // usually the maximum number
        let number = if percent(&mut rng, 80) { most_faulty } else { below(&mut rng, most_faulty + 1) };
        let mut all: Vec<usize> = (0..count).collect();
        let mut adversary = Adversary::default();
        for _ in 0..number {
            adversary.faulty.push(all.remove(below(&mut rng, all.len())));
        }
        adversary.honest = all;
        // the shortest interval has to fit three messages and the difference of the clocks
        let interval = (schedule.closes(StatementKind::Vote) - schedule.opens(StatementKind::Vote))
            / 2
            / u32::try_from(most_faulty).unwrap().max(1);
        let ahead = (0..count).map(|_| fraction(&mut rng, interval / 8)).collect();
        let now = net.now;
        let mut simulation = Self {
            net,
            adversary,
            schedule,
            links,
            rng,
            ahead,
            latency: interval / 4,
            now,
            events: BTreeMap::new(),
            count: 0,
            said: BTreeMap::new(),
            signed: BTreeMap::new(),
        };
        for index in simulation.adversary.faulty.clone() {
            simulation.net.states[index] = None;
        }
        simulation
    }

    fn schedule(&mut self, after: Duration, event: Event) {
        self.count += 1;
        self.events.insert((self.now + after, self.count), event);
    }

    fn clock(&self, index: usize) -> Duration {
        self.now + self.ahead[index]
    }

    /// Runs an epoch, in which authorities vote on the next one.
    fn pass_epoch(&mut self) {
        let epoch = self.net.policy.period.at(self.now).unwrap().epoch;
        let about = epoch.plus(1);
        let start = self.net.policy.period.start(epoch);
        let previous = self.adversary.honest.iter().find_map(|index| self.net.disks[*index].consensuses.get(&epoch));
        let previous = previous.map(|certificate| payload_of(certificate).unwrap().to_vec());
        self.adversary.prepare(&self.net, about, previous.as_deref(), &mut self.rng);
        for index in self.adversary.honest.clone() {
            self.net.now = self.clock(index);
            for node in 0..self.net.nodes.len() {
                // only some of the authorities receive the last mix's upload
                if node + 1 < self.net.nodes.len() || percent(&mut self.rng, 50) {
                    self.net.upload_to(node, about, index);
                }
            }
            self.schedule(Duration::ZERO, Event::Tick(index));
            if self.links == Links::Wild && percent(&mut self.rng, 40) {
                let at = fraction(&mut self.rng, self.net.policy.period.duration());
                self.schedule(at, Event::Restart(index));
            }
        }
        for attack in self.adversary.plan(&self.schedule, &mut self.rng) {
            let at = (start + attack.at).saturating_sub(self.ahead[attack.to]).saturating_sub(self.now);
            self.schedule(at, Event::Attack(attack));
        }
        // authorities with fast clocks must not enter the next epoch
        let end = self.net.policy.period.start(about)
            - Duration::from_millis(1)
            - self.ahead.iter().max().unwrap().to_owned();
        while let Some(((at, _), event)) = self.events.pop_first() {
            if at > end {
                continue;
            }
            self.now = at;
            self.handle(event, about);
        }
        self.now = self.net.policy.period.start(about);
    }

    fn handle(&mut self, event: Event, about: Epoch) {
        match event {
            Event::Tick(index) => {
                let clock = self.clock(index);
                let Some(state) = &mut self.net.states[index] else { return };
                let (out, next) = (state.tick(clock), state.next_tick(clock));
                self.save(index);
                for sent in out {
                    self.send(index, sent, about);
                }
                self.schedule(next - clock, Event::Tick(index));
            }
            Event::Arrive { from, to, sent } => {
                let (clock, by) = (self.clock(to), Peer::Authority(self.net.id(from)));
                let Some(state) = &mut self.net.states[to] else { return };
                let reply = state.handle(clock, by, &sent.request.command());
                self.save(to);
                let delay = self.delay();
                self.schedule(delay, Event::Answer { from, sent, reply: Some(reply) });
            }
            Event::Answer { from, sent, reply } => self.answer(from, sent, reply, about),
            Event::Attack(Attack { from, to, what, .. }) => {
                let Some(request) = self.adversary.request(&self.net, about, from, &what, &mut self.rng) else {
                    return;
                };
                let (clock, by) = (self.clock(to), Peer::Authority(self.net.id(from)));
                let Some(state) = &mut self.net.states[to] else { return };
                let reply = state.handle(clock, by, &request.command());
                self.save(to);
                // the adversary usually sends the requested statement at once
                if let (What::Relay { kind, variants, endorsers, is_complete: false }, Reply::Vote { .. }) =
                    (&what, reply)
                    && percent(&mut self.rng, 80)
                {
                    let what = What::Relay {
                        kind: *kind,
                        variants: variants.clone(),
                        endorsers: *endorsers,
                        is_complete: true,
                    };
                    let at = Duration::ZERO;
                    self.schedule(at, Event::Attack(Attack { from, to, at, what }));
                }
            }
            Event::Restart(index) => {
                self.net.now = self.clock(index);
                self.net.restart(index);
                self.schedule(Duration::ZERO, Event::Tick(index));
            }
        }
    }

    fn answer(&mut self, from: usize, sent: Outgoing, reply: Option<Reply>, about: Epoch) {
        let clock = self.clock(from);
        let Some(state) = &mut self.net.states[from] else { return };
        let Some(reply) = reply else {
            if sent.request.is_extension() {
                state.does_not_relay(sent.to);
            }
            return;
        };
        let Some(answer) = reply.command() else { return };
        if is_too_early(&answer) {
            if clock < sent.deadline {
                let pause = self.latency / 4;
                let to = self.net.identities.iter().position(|other| other.id() == sent.to).unwrap();
                self.schedule(pause, Event::Arrive { from, to, sent });
            }
            return;
        }
        let following = state.answered(clock, &sent, &answer);
        self.save(from);
        for sent in following {
            self.send(from, sent, about);
        }
    }

    fn send(&mut self, from: usize, sent: Outgoing, about: Epoch) {
        if let Request::Statement { kind, payload, .. } = &sent.request {
            let payload = payload_of(payload).unwrap().to_vec();
            self.said.entry((from, about, *kind)).or_default().insert(payload);
        }
        self.adversary.observe(&self.net, about, self.net.id(from), &sent.request);
        let to = self.net.identities.iter().position(|other| other.id() == sent.to).unwrap();
        if self.adversary.faulty.contains(&to) {
            let reply = Adversary::answer(&self.net, to, &sent, &mut self.rng);
            let delay = self.delay();
            self.schedule(delay, Event::Answer { from, sent, reply });
            return;
        }
        let is_lost = match self.links {
            Links::Timely => false,
            Links::Wild => percent(&mut self.rng, 30),
            Links::NoRelays => matches!(sent.request, Request::Relay { .. }),
        };
        if !is_lost {
            let delay = self.delay();
            self.schedule(delay, Event::Arrive { from, to, sent });
        }
    }

    fn delay(&mut self) -> Duration {
        let most = match self.links {
            Links::Wild if percent(&mut self.rng, 50) => self.net.policy.period.duration() / 4,
            _ => self.latency,
        };
        fraction(&mut self.rng, most)
    }

    fn save(&mut self, index: usize) {
        let Some(state) = &mut self.net.states[index] else { return };
        for change in state.take_changes().0 {
            if let Change::Record(epoch, Record::Signed(certificate)) = &change {
                let document = payload_of(certificate).unwrap();
                self.adversary.observe_document(document);
                let signed = self.signed.entry(*epoch).or_default().entry(index).or_default();
                signed.insert(document.to_vec());
            }
            super::net::write(&mut self.net.disks[index], change);
        }
    }

    /// Checks that no honest authority made two statements of one kind or signed two documents.
    fn check_each(&self) -> Result<(), String> {
        for ((index, epoch, kind), said) in self.said.iter().filter(|((_, _, kind), _)| *kind != StatementKind::Sig) {
            if said.len() > 1 {
                return Err(format!("authority {index} made two statements of kind {kind} about {epoch}"));
            }
        }
        for (epoch, signed) in &self.signed {
            if let Some((index, _)) = signed.iter().find(|(_, documents)| documents.len() > 1) {
                return Err(format!("authority {index} signed two documents of {epoch}"));
            }
        }
        Ok(())
    }

    /// The number of documents of an epoch with enough signatures if `liars` authorities sign each
    /// of them.
    fn documents(&self, epoch: Epoch, liars: usize) -> usize {
        let mut counts: BTreeMap<&[u8], usize> = BTreeMap::new();
        for document in self.signed.get(&epoch).into_iter().flat_map(BTreeMap::values).flatten() {
            *counts.entry(document).or_default() += 1;
        }
        let threshold = self.net.policy.authorities.threshold();
        counts.values().filter(|count| **count + liars >= threshold).count()
    }

    /// Checks that all honest authorities signed and publish the same document, and that no other
    /// can become a consensus.
    fn check_agreement(&mut self, epoch: Epoch) -> Result<(), String> {
        let signed = self.signed.get(&epoch).cloned().unwrap_or_default();
        let documents: BTreeSet<&Vec<u8>> = signed.values().flatten().collect();
        let (honest, faulty) = (self.adversary.honest.clone(), self.adversary.faulty.len());
        if documents.len() > 1 {
            let could_split = self.documents(epoch, faulty) > 1;
            return Err(format!("honest authorities signed {} documents, split: {could_split}", documents.len()));
        }
        if signed.len() < honest.len() {
            return Err(format!("{} of {} honest authorities signed", signed.len(), honest.len()));
        }
        let document = documents.into_iter().next().unwrap();
        for index in honest {
            let published = self.net.disks[index].consensuses.get(&epoch);
            let published = published.ok_or_else(|| format!("authority {index} published no consensus"))?;
            let certificate = Certificate::parse(published).unwrap();
            let (keys, threshold) = (self.net.policy.authorities.keys(), self.net.policy.authorities.threshold());
            if certificate.verify_threshold(&keys, threshold, epoch).is_err()
                || certificate.unverified_payload() != document
            {
                return Err(format!("authority {index} published another document"));
            }
        }
        Ok(())
    }
}

/// The genesis round and the next one, with timely links.
fn timely(authorities: u8, links: Links, seed: u64) -> Result<(), String> {
    let mut simulation = Simulation::new(authorities, links, seed);
    for number in 1..=2 {
        simulation.pass_epoch();
        simulation.check_each()?;
        simulation.check_agreement(FIRST.plus(number)).map_err(|error| format!("round {number}: {error}"))?;
    }
    Ok(())
}

/// Two rounds in a network that loses and delays messages, with authorities that restart.
fn wild(authorities: u8, seed: u64) -> Result<(), String> {
    let mut simulation = Simulation::new(authorities, Links::Wild, seed);
    for number in 1..=2 {
        simulation.pass_epoch();
        simulation.check_each()?;
        // as long as nobody signs two documents, two documents cannot both have a majority
        if simulation.documents(FIRST.plus(number), 0) > 1 {
            return Err(format!("round {number}: two documents have a majority"));
        }
    }
    Ok(())
}

fn run(cases: u64, check: impl Fn(u8, u64) -> Result<(), String>) {
    for seed in 0..cases {
        for authorities in [3, 4, 5, 7] {
            check(authorities, seed).unwrap_or_else(|error| panic!("{authorities} authorities, seed {seed}: {error}"));
        }
    }
}

#[test]
fn honest_authorities_agree() {
    run(60, |authorities, seed| timely(authorities, Links::Timely, seed));
}

#[test]
fn nobody_signs_two_documents() {
    run(30, wild);
}

#[test]
#[ignore = "takes minutes"]
fn honest_authorities_agree_in_thousands_of_rounds() {
    run(1500, |authorities, seed| timely(authorities, Links::Timely, seed));
}

#[test]
#[ignore = "takes minutes"]
fn nobody_signs_two_documents_in_thousands_of_rounds() {
    run(1500, wild);
}

/// The adversary is strong: where authorities do not compare the statements that they received, it
/// splits them.
#[test]
fn without_relays_they_do_not_agree() {
    for authorities in [3, 5] {
        let failed = (0..40).filter(|seed| timely(authorities, Links::NoRelays, *seed).is_err()).count();
        eprintln!("{authorities} authorities: {failed} of 40");
        assert!(failed > 8, "{authorities} authorities: {failed} of 40");
    }
}
