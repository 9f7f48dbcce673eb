//! The link: commands, handshakes, sessions.

use crate::{Corpus, Test, input::Write};

pub(crate) fn seed(corpus: &mut Corpus) {
    for test in Test::all("wire_commands") {
        let bytes = test.bytes("/bytes").unwrap_or_default();
        // a command's padding is given as its length
        let bare = bytes.iter().rposition(|byte| *byte != 0).map_or(0, |last| last + 1).max(6).min(bytes.len());
        let zeros = (bytes.len() - bare) as u16;
        for end in 0..9_u8 {
            corpus.add_with("wire_commands", &(end, zeros), &bytes[..bare]);
        }
    }
    for test in Test::all("noise_session") {
        // for each state, each message as `Change::Other`, and each message of the same handshake
        // as `Change::Turn`
        for state in 0..4_u8 {
            for message in test.list("/messages") {
                corpus.add_with("wire_handshake", &(state, variant(0, 4)), &message);
            }
            for other in 0..4_u8 {
                corpus.add_with("wire_handshake", &(state, variant(3, 4)), &[other]);
            }
        }
        // four commands are sent: the second arrives in two parts, the last with a byte changed
        for kind in 0..5_u8 {
            let mut ops = Vec::new();
            for length in [10, 100, 3000_u16, 3082] {
                (true, variant(0, 7)).write(&mut ops);
                (kind, length, None::<u16>).write(&mut ops);
                match length {
                    100 => {
                        (true, variant(2, 7)).write(&mut ops);
                        50_u16.write(&mut ops);
                    }
                    3082 => {
                        (true, variant(3, 7)).write(&mut ops);
                        (7_u16, 1_u8).write(&mut ops);
                    }
                    _ => (true, variant(1, 7)).write(&mut ops),
                }
            }
            corpus.add_bytes("wire_session", &ops);
        }
    }
}

/// The number that `arbitrary` reads as this variant of `count`.
fn variant(number: u64, count: u64) -> u32 {
    ((number << 32).div_ceil(count)) as u32
}
