//! Dropped keys leave nothing in memory.
#![cfg(target_os = "linux")]

use crate::world::{GOOD, World};
use mixwell_chat::{Code, VaultKey};
use mixwell_vectors::memory::{Watched, survivors};
use rand_chacha::{ChaCha8Rng, rand_core::SeedableRng as _};

#[test]
fn a_vault_key_and_a_pairing_code_are_wiped() {
    let mut rng = ChaCha8Rng::seed_from_u64(1);
    assert_eq!(survivors(VaultKey::generate(&mut rng), &[]), 0);
    assert_eq!(survivors(Code::generate(&mut rng), &[]), 0);
    // the check detects keys that are not wiped
    assert!(survivors(*VaultKey::generate(&mut rng).as_bytes(), &[]) >= 3);
}

#[test]
fn used_keys_and_those_of_a_dropped_chat_are_not_on_the_heap() {
    // a seed that no other test uses: the same seed gives the same keys, and tests share the heap
    let mut world = World::paired(0x6865_6170, GOOD);
    let used = keys(&world);
    for text in ["one", "two", "three"] {
        world.sides[0].chat.say(text).unwrap();
        world.sides[1].chat.say(text).unwrap();
    }
    let steps = world.sides[0].chat.steps();
    world.run_until(40_000, |world| {
        world.sides.iter().all(|side| side.texts().len() == 3 && side.chat.steps() > steps + 1)
    });
    assert_eq!(on_heap(&used), [0; 6], "a key is wiped as soon as the next one is derived from it");

    let current = keys(&world);
    assert!(on_heap(&current).iter().all(|found| *found > 0), "the check finds keys: {:?}", on_heap(&current));
    drop(world);
    assert_eq!(on_heap(&current), [0; 6]);
}

fn on_heap(keys: &[Watched; 6]) -> [usize; 6] {
    keys.each_ref().map(Watched::on_heap)
}

/// Both sides' root key, sending key and receiving key of the ratchet.
fn keys(world: &World) -> [Watched; 6] {
    let [alice, bob] = &world.sides;
    let [of_alice, of_bob] = [(alice, "bob", 0), (bob, "alice", 1)].map(|(side, friend, role)| {
        // the friend's name, the safety string, whether it is verified, and the ratchet
        let state = &side.saved;
        let name = state.windows(friend.len()).rposition(|window| window == friend.as_bytes()).unwrap();
        let ratchet = &state[name + friend.len() + 7..];
        assert_eq!((ratchet[32], ratchet[73]), (role, 1 - role), "the chains of both roles");
        [&ratchet[..32], &ratchet[33..65], &ratchet[74..106]].map(Watched::new)
    });
    let ([root, sending, receiving], [bobs_root, bobs_sending, bobs_receiving]) = (of_alice, of_bob);
    [root, sending, receiving, bobs_root, bobs_sending, bobs_receiving]
}
