//! The store alone: its guarantees and its limits.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::arithmetic_side_effects, reason = "a test may panic")]

use crate::rendezvous::{BoxEvent, Store};
use chacha20::ChaCha20Rng;
use core::time::Duration;
use mixwell_mixdelay::Instant;
use mixwell_net::rendezvous::{Limits, Request, Shape, box_of_reply, id_of};
use mixwell_pq_kem::X25519;
use mixwell_sphinx::Geometry;
use proptest::prelude::*;
use rand_core::SeedableRng as _;
use std::{sync::Arc, thread};

const LIFE: Duration = Duration::from_secs(1);

fn shape() -> Shape {
    Shape::of(&Geometry::of::<X25519>(5, 100, true).unwrap()).unwrap()
}

fn store(boxes: usize) -> Store {
    Store::new(shape(), Limits { boxes, life: LIFE }, ChaCha20Rng::seed_from_u64(1))
}

fn token(number: u16) -> [u8; 32] {
    let mut bytes = [0xaa; 32];
    bytes[..2].copy_from_slice(&number.to_be_bytes());
    bytes
}

/// A box that contains its number.
fn boxed(number: u16) -> Vec<u8> {
    let mut bytes = vec![0x55; shape().box_len()];
    bytes[..2].copy_from_slice(&number.to_be_bytes());
    bytes
}

/// Requests the box of one token and stores another box for the holder of the other token.
fn request(read: &[u8; 32], write: &[u8; 32], stored: &[u8]) -> Vec<u8> {
    Request { token: read, id: id_of(write), stored }.encode()
}

/// Stores one box and requests another, at time `millis`.
fn exchange(store: &Store, millis: u64, write: (u16, u16), read: u16) -> Option<u16> {
    let (at, stored) = write;
    let request = request(&token(read), &token(at), &boxed(stored));
    let mut room = vec![0xee; 500];
    let reply = store.answer(Instant::from_millis(millis), &request, &mut room).to_vec();
    assert_eq!(reply.len(), shape().reply_len());
    let read = box_of_reply(&reply, shape().box_len()).unwrap();
    read.map(|bytes| {
        let number = u16::from_be_bytes([bytes[0], bytes[1]]);
        assert_eq!(bytes, boxed(number));
        number
    })
}

#[test]
fn a_box_goes_to_who_has_its_token() {
    let store = store(10);
    assert_eq!(exchange(&store, 0, (1, 7), 2), None);
    assert_eq!(exchange(&store, 1, (2, 8), 1), Some(7));
    // the reply may have been lost, so the box is still there
    assert_eq!(exchange(&store, 2, (3, 9), 1), Some(7));
    assert_eq!(exchange(&store, 3, (4, 9), 2), Some(8));
    // a request can read the box that it stores
    assert_eq!(exchange(&store, 4, (5, 6), 5), Some(6));
    // the id, which the service and others have seen, does not grant access
    let request = request(&id_of(&token(1)).0, &token(6), &boxed(0));
    let mut room = [0; 500];
    let reply = store.answer(Instant::from_millis(5), &request, &mut room);
    assert_eq!(box_of_reply(reply, shape().box_len()), Ok(None));
    assert_eq!((store.counts().of(BoxEvent::Stored), store.counts().of(BoxEvent::Read)), (6, 4));
}

#[test]
fn a_box_is_written_once() {
    let store = store(10);
    exchange(&store, 0, (1, 7), 0);
    assert_eq!(exchange(&store, 500, (1, 8), 1), Some(7));
    // not even the box's lifetime starts again
    assert_eq!(exchange(&store, 999, (2, 0), 1), Some(7));
    assert_eq!(exchange(&store, 1000, (3, 0), 1), None);
    assert_eq!(store.counts().of(BoxEvent::Refused), 1);
    // when the box has expired, its slot is free
    assert_eq!(exchange(&store, 1001, (1, 9), 1), Some(9));
}

#[test]
fn boxes_expire() {
    let store = store(100);
    for number in 0..100 {
        exchange(&store, number.into(), (number, number), 200);
    }
    assert_eq!(store.len(), 100);
    store.sweep(Instant::from_millis(1049));
    assert_eq!((store.len(), store.counts().of(BoxEvent::Expired)), (50, 50));
    assert_eq!(exchange(&store, 1049, (300, 0), 49), None);
    assert_eq!(exchange(&store, 1049, (301, 0), 50), Some(50));
    // even without a sweep: each new box removes more expired ones than it adds
    for number in 0..60 {
        exchange(&store, 1200, (400 + number, 0), 200);
    }
    assert_eq!(store.counts().of(BoxEvent::Expired), 100);
    assert_eq!((store.len(), store.counts().of(BoxEvent::Evicted)), (62, 0));
}

#[test]
fn a_full_store_gives_up_the_oldest_and_no_other() {
    let store = store(100);
    for number in 0..1000 {
        exchange(&store, 0, (number, number), 2000);
        assert!(store.len() <= 100);
        // whoever else writes, a box stays for as many requests as the store has slots
        let oldest = number.saturating_sub(99);
        let request = |read: u16| {
            // storing under the same id again changes nothing
            exchange(&store, 0, (number, 0), read)
        };
        assert_eq!(request(oldest), Some(oldest));
        if let Some(gone) = oldest.checked_sub(1) {
            assert_eq!(request(gone), None);
        }
    }
    assert_eq!(store.counts().of(BoxEvent::Evicted), 900);
}

#[test]
fn replies_have_one_shape_and_no_box_looks_like_noise() {
    let store = store(10);
    let mut fillers = Vec::new();
    for number in 0..50 {
        let request = request(&token(900), &token(number), &boxed(0));
        let mut room = vec![0; 300];
        let reply = store.answer(Instant::ZERO, &request, &mut room);
        assert_eq!((reply.len(), reply[0]), (shape().reply_len(), 0));
        fillers.push(reply[1..].to_vec());
    }
    fillers.sort();
    fillers.dedup();
    assert_eq!(fillers.len(), 50);
    // half of 14400 bits, within six standard deviations
    let ones: u32 = fillers.concat().iter().map(|byte| byte.count_ones()).sum();
    assert!((6800..7600).contains(&ones), "{ones}");
}

#[test]
fn a_decoy_comes_back_as_it_was_and_leaves_nothing() {
    let store = store(10);
    let mut room = [1; 500];
    assert!(store.answer(Instant::ZERO, &vec![0; shape().request_len()], &mut room).is_empty());
    assert_eq!(store.len(), 0);
    assert!(BoxEvent::ALL.into_iter().all(|event| store.counts().of(event) == 0));
}

#[test]
fn what_is_no_request_is_refused() {
    let store = store(10);
    let request = request(&token(1), &token(2), &boxed(3));
    let mut room = [0; 500];
    for len in [2, 63, 64, request.len() - 1] {
        assert!(store.answer(Instant::ZERO, &request[..len], &mut room).is_empty());
    }
    let longer = [&request[..], &[0]].concat();
    assert!(store.answer(Instant::ZERO, &longer, &mut room).is_empty());
    assert!(store.answer(Instant::ZERO, &request, &mut room[..shape().box_len()]).is_empty());
    assert_eq!((store.len(), store.counts().of(BoxEvent::Malformed)), (0, 6));
}

#[test]
fn nothing_secret_is_printed() {
    let store = store(10);
    exchange(&store, 0, (1, 7), 2);
    assert_eq!(format!("{store:?}"), "Store(1 boxes)");
}

#[test]
fn many_threads_at_the_bound() {
    let store = Arc::new(store(64));
    let threads = (0..4_u16).map(|thread| {
        let store = Arc::clone(&store);
        thread::spawn(move || {
            for number in 0..500 {
                let own = thread * 1000 + number;
                // no other request runs between the two halves of a request
                assert_eq!(exchange(&store, u64::from(number), (own, own), own), Some(own));
                assert!(store.len() <= 64);
            }
        })
    });
    threads.collect::<Vec<_>>().into_iter().for_each(|thread| thread.join().unwrap());
    assert_eq!((store.len(), store.counts().of(BoxEvent::Stored)), (64, 2000));
}

proptest! {
    /// The store behaves like a list of boxes that is searched linearly.
    #[test]
    fn a_store_is_a_list(
        most in 1_usize..12,
        steps in prop::collection::vec((0_u64..400, 0_u16..16, 0_u16..16, any::<bool>()), 1..200),
    ) {
        let store = store(most);
        let mut list: Vec<(u64, u16, u16)> = Vec::new();
        let (mut now, mut number) = (0, 0);
        for (wait, at, read, sweeps) in steps {
            now += wait;
            number += 1;
            list.retain(|(since, _, _)| now - since < 1000);
            if sweeps {
                store.sweep(Instant::from_millis(now));
                prop_assert_eq!(store.len(), list.len());
            }
            if list.iter().all(|(_, id, _)| *id != at) {
                // expired boxes may still be stored, but no live box is evicted because of them
                if list.len() == most {
                    list.remove(0);
                }
                list.push((now, at, number));
            }
            let expected = list.iter().find(|(_, id, _)| *id == read).map(|(_, _, stored)| *stored);
            prop_assert_eq!(exchange(&store, now, (at, number), read), expected);
            prop_assert!(store.len() <= most);
        }
    }
}
