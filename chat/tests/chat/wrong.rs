//! Attacks and mistakes that must be detected: wrong codes, old states, changed boxes.

use crate::world::{BOX_LEN, Faults, GOOD, Side, World};
use mixwell_chat::{BoxLen, Chat, ChatError, Code, CodeError, Ended, Event, StateError, id_of};
use rand_chacha::rand_core::SeedableRng as _;

/// A run that is long enough for several beacons.
const LONG: u64 = 60 * 16 * 30;

fn ended(world: &World, side: usize) -> Option<Ended> {
    world.sides[side].chat.ended()
}

#[test]
fn a_wrong_word_is_found_out() {
    let mut world = World::new(1, GOOD);
    let alice = &mut world.sides[0];
    let code = alice.chat.invite(&mut alice.rng).unwrap();
    assert_eq!(alice.chat.invite(&mut alice.rng).err(), Some(ChatError::Pairing));
    let words = code.words();
    let list: Vec<&str> = words.split('-').collect();
    assert_eq!(list.len(), 9);
    for place in 0..9 {
        let mut changed = list.clone();
        changed[place] = if list[place] == "lusab" { "babad" } else { "lusab" };
        assert_eq!(Code::parse(&changed.join(" ")).err(), Some(CodeError::Check));
        changed[place] = "hello";
        assert_eq!(Code::parse(&changed.join(" ")).err(), Some(CodeError::Word { number: place + 1 }));
        changed.remove(place);
        assert_eq!(Code::parse(&changed.join(" ")).err(), Some(CodeError::Count { got: 8 }));
    }
    let shouted = format!(" {} ", words.to_uppercase().replace('-', ",  "));
    assert_eq!(*Code::parse(&shouted).unwrap().words(), *words);
    assert_eq!(Code::parse("").err(), Some(CodeError::Count { got: 0 }));
}

#[test]
fn another_code_leads_nowhere() {
    let mut world = World::new(2, GOOD);
    let [alice, bob] = &mut world.sides;
    alice.chat.invite(&mut alice.rng).unwrap();
    let other = Code::generate(&mut bob.rng);
    bob.chat.join(&other, &mut bob.rng).unwrap();
    world.run(5000);
    for side in &world.sides {
        assert!(side.chat.friend().is_none() && side.shown.is_empty());
        let pairing = side.chat.pairing().unwrap();
        assert!(pairing.ticks > 200 && !pairing.has_answer);
    }
    // another attempt, with the right code
    world.sides.iter_mut().for_each(|side| side.chat.forget());
    world.pair();
    world.run_until(5000, |world| world.sides.iter().all(|side| side.chat.friend().is_some()));
}

/// The programs end at any point of the pairing, any number of times.
#[test]
fn a_pairing_goes_on_after_restarts() {
    for seed in 20..40 {
        let mut world = World::new(seed, Faults { lost_requests: 30, lost_replies: 30, ..GOOD });
        world.pair();
        let mut restarts = 0;
        while world.sides.iter().any(|side| side.chat.friend().is_none()) {
            world.sides[restarts % 2].settle();
            world.sides[restarts % 2].restart();
            restarts += 1;
            assert!(restarts < 3000, "they don't pair");
            world.run(seed);
        }
        assert!(restarts > 3, "{restarts}");
        assert_eq!(world.sides[0].chat.safety(), world.sides[1].chat.safety());
        world.sides[0].chat.say("hello").unwrap();
        world.run_until(5000, |world| world.sides[1].texts() == ["hello"]);
    }
}

#[test]
fn a_state_of_a_pairing_is_read_whole_or_not_at_all() {
    let len = BoxLen::new(BOX_LEN).unwrap();
    let mut world = World::new(6, GOOD);
    world.pair();
    let mut seen = std::collections::BTreeSet::new();
    while world.sides.iter().any(|side| side.chat.pairing().is_some()) {
        for side in world.sides.iter().filter(|side| side.chat.pairing().is_some()) {
            let state = side.chat.save();
            if seen.insert(state.len()) {
                assert_eq!(*Chat::load(&state, len).unwrap().save(), **state);
                for end in 0..state.len() {
                    assert_eq!(Chat::load(&state[..end], len).err(), Some(StateError::Malformed), "{end}");
                }
            }
        }
        world.run(1);
    }
    assert!(seen.len() >= 5, "{seen:?}");
}

#[test]
fn whoever_changes_the_pairing_only_delays_it() {
    let mut world = World::new(3, Faults { changed: 200, ..GOOD });
    world.pair();
    world.run(2000);
    assert!(world.sides.iter().any(|side| side.has_shown(&Event::PairingTampered)));
    world.faults = GOOD;
    world.run_until(5000, |world| world.sides.iter().all(|side| side.chat.friend().is_some()));
    assert_eq!(world.sides[0].chat.safety(), world.sides[1].chat.safety());
}

#[test]
fn changed_boxes_are_told_once_and_come_again() {
    let mut world = World::paired(4, GOOD);
    world.run(1000);
    world.faults = Faults { changed: 255, ..GOOD };
    world.sides[0].chat.say("hello").unwrap();
    world.run(3000);
    assert!(world.sides[1].texts().is_empty());
    assert_eq!(world.sides[1].shown.iter().filter(|event| **event == Event::Tampered).count(), 1);
    world.faults = GOOD;
    world.run_until(20_000, |world| world.sides[0].chat.counts().read == 1);
    assert_eq!(world.sides[1].texts(), ["hello"]);
}

/// A service that keeps changing boxes causes one notice, not hundreds.
#[test]
fn a_stream_of_changed_boxes_is_reported_once() {
    let mut world = World::paired(14, GOOD);
    world.faults = Faults { changed: 120, ..GOOD };
    for number in 0..20 {
        world.sides[0].chat.say(&format!("alice {number}")).unwrap();
        world.run(800);
    }
    let side = &world.sides[1];
    assert!(side.texts().len() > 10, "boxes still arrive");
    assert_eq!(side.shown.iter().filter(|event| **event == Event::Tampered).count(), 1);
    assert!(side.chat.tampered() > 50, "{}", side.chat.tampered());
}

/// All of a hostile file's bytes arrive on the disk, but its hash is not the one that was offered.
#[test]
fn a_file_with_a_wrong_hash_fails_on_both_sides() {
    let mut world = World::paired(15, GOOD);
    let file = world.offer(0, "file", &[1; 5000]);
    world.sides[0].disk.ours.insert(file, vec![2; 5000]);
    let failed = |is_ours| Event::FileFailed { file, is_ours };
    world
        .run_until(20_000, |world| world.sides[0].has_shown(&failed(true)) && world.sides[1].has_shown(&failed(false)));
    assert!(world.sides.iter().all(|side| side.chat.sending().count() + side.chat.receiving().count() == 0));
}

#[test]
fn either_side_can_give_a_file_up() {
    let mut world = World::paired(16, GOOD);
    let kept = world.offer(0, "kept", &vec![1; 50_000]);
    world.run_until(20_000, |world| world.sides[1].chat.receiving().any(|file| file.done > 0));
    assert!(world.sides[1].chat.reject(kept) && !world.sides[1].chat.reject(kept));
    world.run_until(20_000, |world| world.sides[0].has_shown(&Event::FileFailed { file: kept, is_ours: true }));
    let other = world.offer(0, "other", &vec![1; 50_000]);
    world.run_until(20_000, |world| world.sides[1].chat.receiving().any(|file| file.done > 0));
    assert!(world.sides[0].chat.cancel(other) && !world.sides[0].chat.cancel(other));
    world.run_until(20_000, |world| world.sides[1].has_shown(&Event::FileFailed { file: other, is_ours: false }));
    let empty = world.offer(0, "empty", &[]);
    world.run_until(20_000, |world| world.sides[0].has_shown(&Event::FileSent(empty)));
}

#[test]
fn an_old_state_is_told_on_both_sides() {
    for (seed, age) in [(5, 80), (6, 200), (7, 2000), (8, 20_000)] {
        let mut world = World::paired(seed, GOOD);
        world.run(1000);
        let old = world.sides[1].saved.clone();
        world.run(age);
        world.sides[0].chat.say("before").unwrap();
        world.sides[1].restart_from(&old);
        world.sides[1].chat.say("from an old state").unwrap();
        world.run(LONG);
        for side in 0..2 {
            let told = ended(&world, side);
            let events = &world.sides[side].shown;
            assert_eq!(
                events.iter().filter(|event| matches!(event, Event::Ended(_))).count(),
                1,
                "{age} {told:?} {events:?}"
            );
            assert!(told.is_some());
        }
        // the text from the old state was rejected
        assert!(world.sides[0].texts().is_empty());
        assert!(world.sides[0].chat.say("after").is_err());
    }
}

#[test]
fn a_state_as_old_as_its_last_box_is_none() {
    let mut world = World::paired(9, GOOD);
    for _ in 0..10 {
        world.run(500);
        world.sides.iter_mut().for_each(Side::restart);
    }
    world.run(LONG);
    assert_eq!((ended(&world, 0), ended(&world, 1)), (None, None));
}

#[test]
fn long_silence_alone_ends_nothing() {
    let mut world = World::paired(10, GOOD);
    world.run(1000);
    for side in [0, 1, 0] {
        world.sides[side].is_online = false;
        world.run(LONG);
        world.sides[side].is_online = true;
        world.run(3000);
    }
    world.sides[0].chat.say("still here").unwrap();
    world.run_until(20_000, |world| world.sides[0].chat.counts().read == 1);
}

/// After a restart from an old state, no two different boxes are sealed under one nonce.
#[test]
fn an_old_state_repeats_no_nonce() {
    let mut world = World::paired(11, GOOD);
    world.sides[1].is_online = false;
    let old = world.sides[0].saved.clone();
    let mut nonces = std::collections::HashMap::new();
    for text in ["one", "other", "third"] {
        world.service.clear();
        world.sides[0].restart_from(&old);
        // even with a generator that starts over
        world.sides[0].rng = rand_chacha::ChaCha8Rng::seed_from_u64(1);
        world.sides[0].chat.say(text).unwrap();
        world.run(600);
        for boxed in world.service.values() {
            let known = nonces.entry(boxed[..24].to_vec()).or_insert_with(|| boxed.clone());
            assert_eq!(known, boxed);
        }
    }
    assert!(nonces.len() > 20);
}

#[test]
fn a_token_reads_what_was_written_under_its_hash() {
    let mut world = World::paired(12, GOOD);
    world.seen.clear();
    world.run(3000);
    let mut read = 0;
    for (place, (reader, _, id, found)) in world.seen.iter().enumerate() {
        if *found {
            read += 1;
            assert!(
                world.seen[..=place].iter().any(|(writer, written, ..)| writer != reader && written == id)
                    || place < 60
            );
        }
    }
    assert!(read > 100, "{read}");
    assert_ne!(id_of(&[1; 32]), id_of(&[2; 32]));
}

#[test]
fn states_that_are_none_are_refused() {
    let len = BoxLen::new(BOX_LEN).unwrap();
    let mut world = World::paired(13, GOOD);
    world.run(3000);
    let state = world.sides[0].chat.save();
    assert_eq!(*Chat::load(&state, len).unwrap().save(), *state);
    for end in (0..state.len()).step_by(997) {
        assert_eq!(Chat::load(&state[..end], len).err(), Some(StateError::Malformed));
    }
    let longer = [state.as_slice(), &[0]].concat();
    assert_eq!(Chat::load(&longer, len).err(), Some(StateError::Malformed));
    let other = BoxLen::new(BOX_LEN + 1).unwrap();
    assert_eq!(Chat::load(&state, other).err(), Some(StateError::BoxLen { want: BOX_LEN + 1, got: BOX_LEN }));
    assert_eq!(Chat::load(&[9, 0, 0], len).err(), Some(StateError::Version { got: 9 }));
    let old = Chat::load(&[1, 0, 0], len).err().unwrap();
    assert!(old.to_string().contains("older version"), "{old}");
    assert!(BoxLen::new(1000).is_err() && BoxLen::of_payloads(2000, 2000).unwrap().get() == 1936);
}
