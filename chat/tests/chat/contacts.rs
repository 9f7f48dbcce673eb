//! One side with three friends over one connection.

use mixwell_chat::{BoxLen, Chat, Code, Context, Event, Exchange, NoFiles, Ticket, choose, id_of};
use rand_chacha::{
    ChaCha8Rng,
    rand_core::{Rng as _, SeedableRng as _},
};
use std::collections::HashMap;

const LEN: usize = 1936;

/// A program with any number of conversations.
struct Program {
    chats: Vec<Chat>,
    rng: ChaCha8Rng,
    texts: Vec<(usize, String)>,
}

struct World {
    /// alice and her three friends.
    programs: Vec<Program>,
    service: HashMap<[u8; 32], Vec<u8>>,
    chance: ChaCha8Rng,
    /// The writer, the ids of the box written and of the box read, and whether the latter was
    /// there.
    seen: Vec<(usize, [u8; 32], [u8; 32], bool)>,
}

fn len() -> BoxLen {
    BoxLen::new(LEN).unwrap()
}

impl Program {
    fn new(name: &str, conversations: usize, seed: u64) -> Self {
        let chats = (0..conversations).map(|_| Chat::new(name, len())).collect();
        Self { chats, rng: ChaCha8Rng::seed_from_u64(seed), texts: Vec::new() }
    }

    fn tick(&mut self) -> (Option<(usize, Ticket)>, Exchange) {
        let Self { chats, rng, .. } = self;
        let Some(place) = choose(chats.iter().enumerate(), rng) else { return (None, Exchange::cover(len(), rng)) };
        let (ticket, exchange) = chats[place].tick(Context::new(&mut NoFiles, rng, 0));
        (Some((place, ticket)), exchange)
    }
}

impl World {
    fn new(seed: u64) -> Self {
        let mut programs = vec![Program::new("alice", 3, seed)];
        programs.extend((1..=3).map(|number| Program::new("friend", 1, seed + number)));
        for number in 0..3 {
            let (alice, friends) = programs.split_first_mut().unwrap();
            let code = alice.chats[number].invite(&mut alice.rng).unwrap();
            let friend = &mut friends[number];
            friend.chats[0].join(&Code::parse(&code.words()).unwrap(), &mut friend.rng).unwrap();
        }
        Self { programs, service: HashMap::new(), chance: ChaCha8Rng::seed_from_u64(seed), seen: Vec::new() }
    }

    /// Each program ticks once per step on average, chosen at random.
    fn run(&mut self, steps: usize, is_online: [bool; 4]) {
        for _ in 0..steps * 4 {
            let place = self.chance.next_u32() as usize % 4;
            if !is_online[place] {
                continue;
            }
            let program = &mut self.programs[place];
            let (ticket, exchange) = program.tick();
            let boxed = self.service.get(&id_of(&exchange.read_token)).cloned();
            self.seen.push((place, exchange.write_id, id_of(&exchange.read_token), boxed.is_some()));
            self.service.entry(exchange.write_id).or_insert(exchange.boxed);
            let Some((number, ticket)) = ticket else { continue };
            let Program { chats, rng, texts } = program;
            chats[number].answered(ticket, boxed.as_deref(), Context::new(&mut NoFiles, rng, 0));
            while let Some(event) = chats[number].event() {
                if let Event::Text(text) = event {
                    texts.push((number, text));
                }
            }
        }
    }

    fn paired(seed: u64) -> Self {
        let mut world = Self::new(seed);
        world.run(400, [true; 4]);
        assert!(world.programs.iter().flat_map(|program| &program.chats).all(|chat| chat.friend().is_some()));
        world
    }
}

#[test]
fn three_conversations_at_once() {
    let mut world = World::paired(1);
    for number in 0..3 {
        world.programs[0].chats[number].say(&format!("to {number}")).unwrap();
        world.programs[number + 1].chats[0].say(&format!("from {number}")).unwrap();
    }
    world.run(300, [true; 4]);
    let mut texts = world.programs[0].texts.clone();
    texts.sort();
    assert_eq!(texts, (0..3).map(|number| (number, format!("from {number}"))).collect::<Vec<_>>());
    for number in 0..3 {
        assert_eq!(world.programs[number + 1].texts, [(0, format!("to {number}"))]);
    }
    // pairing with one more friend does not affect the first three
    let safety = world.programs[0].chats[0].safety();
    world.programs[0].chats.push(Chat::new("alice", len()));
    let alice = &mut world.programs[0];
    alice.chats[3].invite(&mut alice.rng).unwrap();
    world.run(100, [true; 4]);
    assert_eq!(world.programs[0].chats[0].safety(), safety);
    assert!(world.programs[0].chats.iter().take(3).all(|chat| chat.ended().is_none()));
}

/// Whether alice talks with none, one or all three of them, the service sees the same requests
/// except for their random ids.
#[test]
fn the_service_sees_the_same_of_three_conversations() {
    let seen = |talks: [bool; 3]| {
        let mut world = World::paired(2);
        world.seen.clear();
        for _ in 0..20 {
            for number in (0..3).filter(|number| talks[*number]) {
                world.programs[0].chats[number].say(&"word ".repeat(500)).unwrap();
                world.programs[number + 1].chats[0].say("answer").unwrap();
            }
            world.run(100, [true; 4]);
        }
        let heard = (0..3).all(|number| world.programs[number + 1].texts.is_empty() != talks[number]);
        assert!(heard, "{talks:?}");
        let mut names = HashMap::new();
        let mut name = |id| {
            let next = names.len();
            *names.entry(id).or_insert(next)
        };
        world.seen.iter().map(|(who, write, read, found)| (*who, name(*write), name(*read), *found)).collect::<Vec<_>>()
    };
    let silent = seen([false; 3]);
    assert!(silent.len() > 5000);
    assert_eq!(silent, seen([true, false, false]));
    assert_eq!(silent, seen([true; 3]));
}

/// Each conversation has its share of alice's ticks: a quiet friend a quarter of a lively friend's.
#[test]
fn shares_are_those_of_the_rule() {
    let mut world = World::paired(3);
    // one friend is offline long enough to count as quiet
    world.run(1500, [true, true, true, false]);
    let Program { chats, rng, .. } = &mut world.programs[0];
    let mut counts = [0_u32; 3];
    let draws = 90_000;
    for _ in 0..draws {
        counts[choose(chats.iter().enumerate(), rng).unwrap()] += 1;
    }
    for (count, share) in counts.into_iter().zip([4.0 / 9.0, 4.0 / 9.0, 1.0 / 9.0]) {
        let expected = f64::from(draws) * share;
        let deviation = (expected * (1.0 - share)).sqrt();
        assert!((f64::from(count) - expected).abs() < 5.0 * deviation, "{counts:?}");
    }
    assert_eq!(choose(core::iter::empty::<(usize, &Chat)>(), rng), None);
}
