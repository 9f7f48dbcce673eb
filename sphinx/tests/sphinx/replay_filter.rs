//! The replay filter: forgets no tag, takes no new tag for an old one, and fails closed when full.

use mixwell_sphinx::{Insertion, ReplayFilter, ReplayFilterFull, ReplayTag};
use proptest::prelude::*;
use rand_chacha::{
    ChaCha20Rng,
    rand_core::{Rng, SeedableRng},
};
use std::collections::HashSet;

fn rng() -> ChaCha20Rng {
    ChaCha20Rng::seed_from_u64(1)
}

fn tag(number: u64) -> ReplayTag {
    let mut tag = [0; 32];
    tag[..8].copy_from_slice(&number.to_le_bytes());
    ReplayTag(tag)
}

proptest! {
    #[test]
    fn agrees_with_a_set(slots in 0..200usize, numbers in prop::collection::vec(0..120u64, 0..400)) {
        let mut filter = ReplayFilter::new(vec![3; slots], &mut rng());
        let mut set = HashSet::new();
        for number in numbers {
            let expected = if set.contains(&number) {
                Ok(Insertion::Seen)
            } else if set.len() == filter.capacity() {
                Err(ReplayFilterFull { held: set.len() })
            } else {
                set.insert(number);
                Ok(Insertion::New)
            };
            prop_assert_eq!(filter.insert(&tag(number)), expected);
            prop_assert_eq!(filter.len(), set.len());
        }
    }

    #[test]
    fn there_are_slots_for_what_was_asked(packets in 0..3000usize) {
        let slots = ReplayFilter::slots_for(packets);
        prop_assert!(ReplayFilter::new(vec![0; slots], &mut rng()).capacity() >= packets);
    }
}

#[test]
fn a_million_packets_in_the_memory_that_is_stated() {
    let slots = ReplayFilter::slots_for(1_000_000);
    assert!(slots * 8 <= 9_150_000, "{} bytes", slots * 8);
    let mut filter = ReplayFilter::new(vec![0; slots], &mut rng());
    let mut tags = ChaCha20Rng::seed_from_u64(2);
    let mut tag = || {
        let mut bytes = [0; 32];
        tags.fill_bytes(&mut bytes);
        ReplayTag(bytes)
    };
    let first = tag();
    assert_eq!(filter.insert(&first), Ok(Insertion::New));
    for _ in 1..1_000_000 {
        assert_eq!(filter.insert(&tag()), Ok(Insertion::New));
    }
    assert_eq!(filter.len(), 1_000_000);
    assert!(filter.insert(&first).unwrap().is_seen());
}

#[test]
fn full_means_an_error_for_new_tags_only() {
    let mut memory = [0; 16];
    let mut filter = ReplayFilter::new(&mut memory, &mut rng());
    assert_eq!(filter.capacity(), 14);
    for number in 0..14 {
        assert_eq!(filter.insert(&tag(number)), Ok(Insertion::New));
    }
    assert_eq!(filter.insert(&tag(14)), Err(ReplayFilterFull { held: 14 }));
    for number in 0..14 {
        assert_eq!(filter.insert(&tag(number)), Ok(Insertion::Seen));
    }
    assert_eq!(filter.insert(&tag(14)), Err(ReplayFilterFull { held: 14 }));
}

#[test]
fn no_memory_is_full_at_once() {
    let mut filter = ReplayFilter::new([], &mut rng());
    assert_eq!(filter.insert(&tag(1)), Err(ReplayFilterFull { held: 0 }));
}

#[test]
fn the_memory_is_wiped() {
    let mut memory = [0; 64];
    let mut filter = ReplayFilter::new(&mut memory, &mut rng());
    for number in 0..50 {
        assert_eq!(filter.insert(&tag(number)), Ok(Insertion::New));
    }
    drop(filter);
    assert_eq!(memory, [0; 64]);
}
