//! A gateway's mailboxes: clients come and go, replies arrive, are acknowledged and expire, in any
//! order and at any time. Limits hold, no packet buffer is lost, and each reply is acknowledged,
//! dropped, expired or still stored.
#![no_main]

use core::time::Duration;
use libfuzzer_sys::fuzz_target;
use mixwell_node::fuzzing::{FuzzedClient, FuzzedMailboxes};

#[derive(Debug, arbitrary::Arbitrary)]
struct Input {
    max: u8,
    max_each: u8,
    max_boxes: u8,
    keep_millis: u16,
    steps: Vec<Step>,
}

#[derive(Debug, arbitrary::Arbitrary)]
struct Step {
    /// Milliseconds since the previous step.
    wait: i16,
    kind: Kind,
}

#[derive(Debug, arbitrary::Arbitrary)]
enum Kind {
    Connect {
        queue: u8,
        link_key: u8,
    },
    /// The client's index among the connected clients.
    Disconnect(u8),
    Acknowledge(u8),
    Store {
        queue: u8,
    },
    Expire,
}

/// Few queues, so that clients share them.
const QUEUES: u8 = 8;

fuzz_target!(|input: Input| {
    let (max, max_each) = (usize::from(input.max % 32), usize::from(input.max_each % 16));
    let max_boxes = usize::from(input.max_boxes % 8);
    let boxes = FuzzedMailboxes::new(max, max_each, max_boxes, Duration::from_millis(input.keep_millis.into()));
    let mut clients: Vec<(u8, u8, FuzzedClient)> = Vec::new();
    let (mut stored, mut gone) = (0_usize, 0_usize);
    let mut now = 1_u64 << 20;
    for Step { wait, kind } in input.steps {
        now = now.saturating_add_signed(wait.into());
        match kind {
            Kind::Connect { queue, link_key } => {
                let (queue, link_key) = (queue % QUEUES, link_key % 3);
                let owner = clients.iter().find(|(of, ..)| *of == queue).map(|(_, key, _)| *key);
                match boxes.connect(queue, link_key) {
                    Some((client, dropped)) => {
                        assert!(owner.is_none_or(|owner| owner == link_key), "another client's queue");
                        gone += dropped;
                        clients.push((queue, link_key, client));
                    }
                    None => assert!(owner != Some(link_key), "a client lost its own queue"),
                }
            }
            Kind::Disconnect(number) if !clients.is_empty() => {
                let (.., client) = clients.swap_remove(usize::from(number) % clients.len());
                boxes.disconnect(&client, now);
            }
            Kind::Acknowledge(number) if !clients.is_empty() => {
                let (.., client) = &clients[usize::from(number) % clients.len()];
                gone += usize::from(boxes.acknowledge(client));
            }
            Kind::Disconnect(_) | Kind::Acknowledge(_) => {}
            Kind::Store { queue } => {
                if let Some(dropped) = boxes.store(queue % QUEUES, now) {
                    stored += 1;
                    gone += dropped;
                }
            }
            Kind::Expire => gone += boxes.expire(now),
        }
        let (held, awaited, lent) = boxes.stored_awaited_lent();
        assert_eq!((held, lent), (stored - gone, held), "a reply was lost, or counted twice");
        assert!(held <= max && awaited <= held && awaited <= max_each * clients.len());
        assert!(held <= max_each * max_boxes);
    }
});
