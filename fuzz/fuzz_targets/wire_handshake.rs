//! Each handshake message in each state: the message that was sent is always accepted, and nothing
//! else is.
//!
//! The KEM is a fake one, so that the later states are reached quickly.
#![no_main]

#[path = "../../wire/tests/wire/common.rs"]
mod common;
#[path = "../../wire/tests/wire/fake_kem.rs"]
mod fake_kem;
#[path = "../../wire/tests/wire/pair.rs"]
mod pair;

use arbitrary::Arbitrary;
use libfuzzer_sys::fuzz_target;
use pair::{Lengths, Pair, UNIX_TIME, rng};

/// The input in place of a message.
#[derive(Arbitrary, Debug)]
enum Change<'a> {
    /// Arbitrary bytes.
    Other(&'a [u8]),
    /// The message with bytes XORed into it.
    Xor(Vec<(u16, u8)>),
    /// The message, truncated or extended.
    Length(u16),
    /// Another message of the same handshake.
    Turn(u8),
}

fuzz_target!(|input: (u8, Change<'_>)| {
    let (state, change) = input;
    let pair = Pair::default();
    let sent = pair.transcript().0;
    let state = usize::from(state % 4);
    let mut message = sent[state].clone();
    match change {
        Change::Other(bytes) => message = bytes.to_vec(),
        Change::Xor(bytes) => {
            for (at, byte) in bytes {
                let at = usize::from(at) % message.len();
                message[at] ^= byte;
            }
        }
        Change::Length(length) => message.resize(usize::from(length), 0),
        Change::Turn(other) => message.clone_from(&sent[usize::from(other % 4)]),
    }
    let genuine = message == sent[state];
    match state {
        0 => match pair.responder().read(&message) {
            // any key is accepted in message 1, but the reply to another key is useless to the
            // sender
            Ok(responder) => {
                assert_eq!((message.len(), message[0]), (Lengths::LEN_1, 3));
                let mut out = [0; Lengths::LEN_2];
                if let Ok((_, answer)) = responder.write(&mut rng(2), UNIX_TIME, &mut out) {
                    let mut answer = answer.to_vec();
                    assert_eq!(pair.sent_1().0.read(&mut answer).is_ok(), genuine);
                }
            }
            Err(_) => assert!(!genuine),
        },
        1 => assert_eq!(pair.sent_1().0.read(&mut message).is_ok(), genuine),
        2 => assert_eq!(pair.sent_2().1.read(&mut message).is_ok(), genuine),
        _ => assert_eq!(pair.sent_3().0.read(&mut message).is_ok(), genuine),
    }
});
