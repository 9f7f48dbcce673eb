//! Two sides communicate through a service, over networks of every kind.

use crate::world::{Faults, GOOD, Side, World};
use mixwell_chat::{Event, TextError};
use proptest::prelude::*;
use rand_chacha::rand_core::SeedableRng as _;

const BAD: Faults = Faults { lost_requests: 20, lost_replies: 20, changed: 10, doubled: 10, delay: 120 };

fn numbered(who: &str, count: usize) -> Vec<String> {
    (0..count).map(|number| format!("{who} {number}")).collect()
}

#[test]
fn two_pair_and_talk() {
    let mut world = World::paired(1, GOOD);
    let [alice, bob] = &world.sides;
    assert_eq!((alice.chat.friend(), bob.chat.friend()), (Some("bob"), Some("alice")));
    assert!(alice.chat.safety().is_some() && alice.chat.safety() == bob.chat.safety());
    for number in 0..50 {
        world.sides[0].chat.say(&format!("alice {number}")).unwrap();
        world.sides[1].chat.say(&format!("bob {number}")).unwrap();
        world.run(50);
    }
    world.run_until(20_000, |world| world.sides.iter().all(|side| side.chat.counts().read == 50));
    assert_eq!(world.sides[1].texts(), numbered("alice", 50));
    assert_eq!(world.sides[0].texts(), numbered("bob", 50));
    // the ratchet advances during a conversation, and also while no text is sent
    assert!(world.sides.iter().all(|side| side.chat.steps() >= 4));
    let before = world.sides[0].chat.steps();
    world.run(10_000);
    assert!(world.sides[0].chat.steps() > before + 4);
}

#[test]
fn both_windows_full_of_boxes_that_acknowledge_nothing() {
    // the latency is longer than a window
    let mut world = World::paired(3, Faults { delay: 1500, ..Faults::default() });
    for number in 0..20 {
        world.sides[0].chat.say(&format!("alice {number}")).unwrap();
        world.sides[1].chat.say(&format!("bob {number}")).unwrap();
        world.run(500);
    }
    world.run_until(60_000, |world| world.sides.iter().all(|side| side.chat.counts().read == 20));
}

#[test]
fn a_long_text_spans_boxes_and_one_too_long_is_refused() {
    let mut world = World::paired(4, GOOD);
    let long = "long".repeat(4000);
    world.sides[0].chat.say(&long).unwrap();
    world.sides[0].chat.say("").unwrap();
    world.sides[0].chat.say("\u{1b}[2Jevil\u{202e}").unwrap();
    let too_long = "x".repeat(16 * 1024 + 1);
    assert_eq!(world.sides[0].chat.say(&too_long), Err(TextError::TooLong { got: too_long.len() }));
    world.run_until(20_000, |world| world.sides[0].chat.counts().read == 3);
    assert_eq!(world.sides[1].texts(), [long.as_str(), "", "\u{fffd}[2Jevil\u{fffd}"]);
    let full = (0..1000).find_map(|_| world.sides[0].chat.say("x".repeat(16 * 1024).as_str()).err());
    assert_eq!(full, Some(TextError::QueueFull));
}

#[test]
fn a_friend_who_is_away_finds_what_was_said() {
    let mut world = World::paired(5, GOOD);
    world.run(2000);
    world.sides[1].is_online = false;
    for number in 0..100 {
        world.sides[0].chat.say(&format!("alice {number}")).unwrap();
        world.run(100);
    }
    let counts = world.sides[0].chat.counts();
    assert!(counts.read == 0 && counts.stored < 100 && counts.queued == 100, "{counts:?}");
    // the service has lost all its boxes, too
    world.service.clear();
    world.sides[1].is_online = true;
    world.run_until(60_000, |world| world.sides[0].chat.counts().read == 100);
    assert_eq!(world.sides[1].texts(), numbered("alice", 100));
    assert!(world.sides.iter().all(|side| side.chat.ended().is_none()));
}

#[test]
fn the_service_sees_the_same_whatever_is_said() {
    let seen = |is_busy: bool, is_lazy: bool| {
        let mut world = World::paired(6, BAD);
        world.is_lazy = is_lazy;
        let file = vec![7; 50_000];
        for number in 0..30 {
            if is_busy {
                world.sides[0].chat.say(&format!("alice {number}")).unwrap();
                if number == 3 {
                    world.offer(0, "file", &file);
                }
            }
            world.run(300);
        }
        if is_busy && !is_lazy {
            assert!(world.sides[1].texts().len() > 20 && world.sides[1].has_begun_a_file());
        }
        // ids numbered by order of appearance, since the keys differ
        let mut names = std::collections::HashMap::new();
        let mut name = |id| {
            let next = names.len();
            *names.entry(id).or_insert(next)
        };
        world
            .seen
            .iter()
            .map(|(side, write, read, found)| (*side, name(*write), name(*read), *found))
            .collect::<Vec<_>>()
    };
    let (busy, idle) = (seen(true, false), seen(false, false));
    assert!(busy.len() > 1000);
    assert_eq!(busy, idle);
    // and the test detects a difference
    assert_ne!(seen(true, true), seen(false, true));
}

#[test]
fn boxes_look_random() {
    let mut world = World::paired(7, GOOD);
    let mut counts = [0_u64; 256];
    world.sides[0].chat.say(&"a".repeat(16_000)).unwrap();
    world.service.clear();
    world.sides[1].is_online = false;
    world.run(2000);
    let boxes: Vec<_> = world.service.values().collect();
    for byte in boxes.iter().flat_map(|boxed| boxed.iter()) {
        counts[usize::from(*byte)] += 1;
    }
    let total: u64 = counts.iter().sum();
    let expected = total as f64 / 256.0;
    let chi_squared: f64 = counts.iter().map(|count| (*count as f64 - expected).powi(2) / expected).sum();
    // chi-squared with 255 degrees of freedom exceeds 370 once in a million
    assert!(total > 50_000 && chi_squared < 370.0, "{chi_squared}");
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(24) })]

    /// Whatever the network does and whenever programs end, each text arrives exactly once and in
    /// order.
    #[test]
    fn exactly_once_and_in_order(seed: u64, lost in 0..40_u8, changed in 0..20_u8, doubled in 0..40_u8, delay in 0..300_u64, restarts in 0..8_u32) {
        let faults = Faults { lost_requests: lost, lost_replies: lost, changed, doubled, delay };
        let mut world = World::paired(seed, faults);
        let mut chance = rand_chacha::ChaCha8Rng::seed_from_u64(seed);
        let file: Vec<u8> = (0..20_000).map(|place: usize| (place * 7 % 251) as u8).collect();
        world.offer(1, "../photo.jpg", &file);
        for number in 0..20 {
            world.sides[0].chat.say(&format!("alice {number}")).unwrap();
            world.sides[1].chat.say(&format!("bob {number}")).unwrap();
            world.run(u64::from(chance.next_u32() % 200));
            // texts are part of the state only once it is saved
            world.sides.iter_mut().for_each(Side::settle);
            if chance.next_u32() % 20 < restarts {
                world.sides[(chance.next_u32() % 2) as usize].restart();
            }
            if chance.next_u32() % 40 < restarts {
                world.service.clear();
            }
        }
        world.run_until(200_000, |world| world.sides.iter().all(|side| side.chat.counts().read == 20) && world.sides[1].has_sent_a_file());
        prop_assert_eq!(world.sides[1].texts(), numbered("alice", 20));
        prop_assert_eq!(world.sides[0].texts(), numbered("bob", 20));
        prop_assert!(world.sides[0].disk.theirs.values().any(|content| *content == file));
        prop_assert!(world.sides.iter().all(|side| side.chat.ended().is_none()));
        let names: Vec<_> = world.names.iter().map(String::as_str).collect();
        prop_assert_eq!(names, ["photo.jpg"]);
    }
}

#[test]
fn a_text_that_was_not_shown_yet_is_shown_after_a_crash() {
    let mut world = World::paired(8, GOOD);
    world.sides[0].chat.say("hello").unwrap();
    world.sides[1].shows = false;
    world.run_until(20_000, |world| world.sides[0].chat.counts().read == 1);
    assert!(world.sides[1].texts().is_empty());
    world.sides[1].shows = true;
    world.sides[1].restart();
    world.run(200);
    assert_eq!(world.sides[1].texts(), ["hello"]);
    assert!(!world.sides[1].has_shown(&Event::Tampered));
}
