//! A rendezvous store under hostile requests, at times that go forward and back. The store behaves
//! like a list of boxes, and a malformed request changes nothing.
#![no_main]

use core::time::Duration;
use libfuzzer_sys::fuzz_target;
use mixwell_mixdelay::Instant;
use mixwell_net::rendezvous::{Limits, Request, Shape, box_of_reply, id_of};
use mixwell_node::rendezvous::{BoxEvent, Store};
use mixwell_pq_kem::X25519;
use mixwell_sphinx::Geometry;
use rand_core::SeedableRng;

const LIFE_MILLIS: u64 = 1000;

#[derive(Debug, arbitrary::Arbitrary)]
struct Input {
    boxes: u8,
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
    /// A well-formed request: the tokens of the box to read and of the box to write, and the byte
    /// that fills the latter.
    Exchange {
        read: u8,
        write: u8,
        stored: u8,
    },
    /// The same request with bytes changed and with another length.
    Changed {
        read: u8,
        write: u8,
        changes: Vec<(u16, u8)>,
        length: i8,
    },
    Bytes(Vec<u8>),
    /// A reply buffer that may be too short.
    Room {
        read: u8,
        room: u16,
    },
    Sweep,
}

fuzz_target!(|input: Input| {
    let geometry = Geometry::of::<X25519>(5, 300, true).expect("a geometry");
    let shape = Shape::of(&geometry).expect("a box fits");
    let max = usize::from(input.boxes % 8).max(1);
    let limits = Limits { boxes: max, life: Duration::from_millis(LIFE_MILLIS) };
    let store = Store::new(shape, limits, chacha20::ChaCha20Rng::seed_from_u64(1));
    // the stored boxes, oldest first; exact as long as time only goes forward
    let mut list: Vec<(u64, u8, u8)> = Vec::new();
    let mut steady = true;
    let mut now = 1_u64 << 20;
    let token = |number: u8| [number; 32];
    let encode = |read: u8, write: u8, stored: u8| {
        let bytes = vec![stored; shape.box_len()];
        Request { token: &token(read), id: id_of(&token(write)), stored: &bytes }.encode()
    };
    for Step { wait, kind } in input.steps {
        steady &= wait >= 0;
        now = now.saturating_add_signed(wait.into());
        let at = Instant::from_millis(now);
        let mut room = vec![0xee; shape.reply_len()];
        let (before, malformed) = (store.len(), store.counts().of(BoxEvent::Malformed));
        match kind {
            Kind::Exchange { read, write, stored } => {
                let reply = store.answer(at, &encode(read, write, stored), &mut room);
                assert_eq!(reply.len(), shape.reply_len());
                let got = box_of_reply(reply, shape.box_len()).expect("a reply");
                list.retain(|(since, ..)| now.saturating_sub(*since) < LIFE_MILLIS);
                if list.iter().all(|(_, id, _)| *id != write) {
                    if list.len() == max {
                        list.remove(0);
                    }
                    list.push((now, write, stored));
                }
                if steady {
                    let want = list.iter().find(|(_, id, _)| *id == read).map(|(.., stored)| *stored);
                    assert_eq!(got.map(|bytes| bytes[0]), want);
                }
                // a changed request can store a box of any bytes
                if let Some(bytes) = got.filter(|_| steady) {
                    assert!(bytes.iter().all(|byte| *byte == bytes[0]), "parts of two boxes");
                }
            }
            Kind::Changed { read, write, changes, length } => {
                let mut request = encode(read, write, 1);
                for (at, change) in changes {
                    let at = usize::from(at) % request.len();
                    request[at] ^= change;
                }
                let len = request.len().saturating_add_signed(length.into());
                request.resize(len, 0);
                let reply = store.answer(at, &request, &mut room).len();
                assert!(reply == 0 || length == 0);
                // it may have stored any box
                steady = false;
            }
            Kind::Bytes(bytes) => {
                let reply = store.answer(at, &bytes, &mut room).len();
                if reply == 0 {
                    let decoy = bytes.iter().all(|byte| *byte == 0);
                    assert_eq!(store.counts().of(BoxEvent::Malformed) - malformed, u64::from(!decoy));
                    assert_eq!(store.len(), before);
                } else {
                    steady = false;
                }
            }
            Kind::Room { read, room } => {
                let mut room = vec![0; usize::from(room)];
                let fits = room.len() >= shape.reply_len();
                let reply = store.answer(at, &encode(read, read, 2), &mut room).len();
                assert_eq!(reply > 0, fits);
                steady &= !fits;
            }
            Kind::Sweep => store.sweep(at),
        }
        assert!(store.len() <= max);
    }
});
