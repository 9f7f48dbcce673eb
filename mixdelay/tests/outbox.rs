//! The choice between a message and a decoy.
#![allow(clippy::arithmetic_side_effects, reason = "small numbers")]

use mixwell_mixdelay::{Outbox, OutboxError};
use proptest::{collection::vec, prelude::*};
use std::collections::VecDeque;

#[test]
fn messages_first_then_decoys() {
    let mut memory = [7; 3 * 2 + 1];
    let mut outbox = Outbox::new(&mut memory, 2);
    assert_eq!(outbox.capacity(), 3);
    outbox.push(b"m1").unwrap();
    outbox.push(b"m2").unwrap();
    let mut sent = Vec::new();
    for _ in 0..3 {
        let mut packet = *b"dd";
        sent.push((outbox.swap_in(&mut packet).unwrap(), packet));
    }
    assert_eq!(sent, [(true, *b"m1"), (true, *b"m2"), (false, *b"dd")]);
}

#[test]
fn errors_change_nothing() {
    let mut memory = [0; 4];
    let mut outbox = Outbox::new(&mut memory, 4);
    assert_eq!(outbox.push(b"short"), Err(OutboxError::Length { want: 4, got: 5 }));
    outbox.push(b"full").unwrap();
    assert_eq!(outbox.push(b"more"), Err(OutboxError::Full));
    assert_eq!(outbox.swap_in(&mut [0; 3]), Err(OutboxError::Length { want: 4, got: 3 }));
    let mut packet = [0; 4];
    assert_eq!((outbox.swap_in(&mut packet), &packet), (Ok(true), b"full"));
    assert_eq!(format!("{outbox:?}"), "Outbox(..)");
    assert_eq!(OutboxError::Length { want: 4, got: 3 }.to_string(), "the packet is 3 bytes, want 4");
}

#[test]
fn no_message_stays_in_memory() {
    let mut memory = [9; 12];
    let mut outbox = Outbox::new(&mut memory, 3);
    for message in [[1; 3], [2; 3], [3; 3], [4; 3]] {
        outbox.push(&message).unwrap();
    }
    assert_eq!(outbox.swap_in(&mut [0; 3]), Ok(true));
    drop(outbox);
    assert_eq!(memory, [0; 12]);
}

#[test]
fn packets_of_no_bytes() {
    let mut memory = [0; 3];
    let mut outbox = Outbox::new(&mut memory, 0);
    assert_eq!((outbox.push(&[]), outbox.swap_in(&mut [])), (Err(OutboxError::Full), Ok(false)));
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..Default::default() })]

    #[test]
    fn it_is_a_queue(calls in vec(any::<Option<[u8; 5]>>(), 0..200), capacity in 0..6_usize) {
        let mut memory = vec![0; capacity * 5 + 2];
        let mut outbox = Outbox::new(&mut memory, 5);
        let mut model = VecDeque::new();
        for call in calls {
            if let Some(message) = call {
                let taken = model.len() < capacity;
                prop_assert_eq!(outbox.push(&message).is_ok(), taken);
                model.extend(taken.then_some(message));
            } else {
                let mut packet = *b"decoy";
                let message = model.pop_front();
                prop_assert_eq!(outbox.swap_in(&mut packet), Ok(message.is_some()));
                prop_assert_eq!(packet, message.unwrap_or(*b"decoy"));
            }
            prop_assert_eq!(outbox.waiting(), model.len() as u64);
        }
    }
}
