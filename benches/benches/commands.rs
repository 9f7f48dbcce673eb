//! Padded commands per second, encrypted and decrypted, compared with two ChaChaPoly passes over
//! them and two rekeys as Noise defines them. Fails if a command takes more than 1.2 times as long.
//!
//! `cargo bench -p mixwell-benches --bench commands`
#![allow(clippy::expect_used, clippy::indexing_slicing, clippy::arithmetic_side_effects, reason = "a benchmark")]

use chacha20poly1305::{AeadInOut, ChaCha20Poly1305, KeyInit, aead::inout::InOutBuf};
use core::hint::black_box;
use mixwell_benches::{Windows, link::Ends};
use mixwell_pq_kem::{Adapter, X25519};
use mixwell_wire::{Command, ConsensusStatus, PacketSizes, Session};
use std::process::ExitCode;

/// Limit: a command against two passes and two rekeys.
const LIMIT: f64 = 1.2;

fn main() -> ExitCode {
    let mut hold = true;
    println!(
        "{:<26} {:>6} {:>12} {:>14} {:>11} {:>6} limit {LIMIT}",
        "command", "bytes", "command, ns", "primitives, ns", "commands/s", "ratio"
    );
    // X25519 packets, then X-Wing packets, of five hops and a user payload of 2000 bytes
    for (scheme, packet, forward_payload) in [("x25519", 3082, 2574), ("XWING", 16458, 9262)] {
        let sizes = PacketSizes { packet, forward_payload, user_forward_payload: 2000 };
        let [mut client, mut gateway] = Ends::<Adapter<X25519>>::new(sizes).sessions();
        let payload = vec![7; packet];
        let ends = [&mut client, &mut gateway];
        hold &= measure(&format!("send_packet, {scheme}"), &Command::SendPacket(&payload), ends);
        hold &= measure(&format!("no_op up, {scheme}"), &Command::NoOp, [&mut client, &mut gateway]);
        let message = Command::Message { sequence: 1, surb_id: &[1; 16], payload: &payload[..forward_payload + 32] };
        hold &= measure(&format!("message, {scheme}"), &message, [&mut gateway, &mut client]);
        let empty = Command::Consensus2 { code: ConsensusStatus::NotFound, chunk: 0, total: 1, payload: &[] };
        hold &= measure(&format!("consensus2, empty, {scheme}"), &empty, [&mut gateway, &mut client]);
    }
    if hold { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

/// Prints a row and returns whether the limit holds.
fn measure(name: &str, command: &Command<'_>, [from, to]: [&mut Session; 2]) -> bool {
    let length = command.encoded_len(from.sender.link()).expect("a command of this end");
    let mut buffer = vec![0; from.sender.frame_len(command).expect("a command of this end")];
    let mut there_and_back = || {
        from.sender.seal(black_box(command), &mut buffer).expect("a command of this end");
        let (header, body) = buffer.split_first_chunk_mut().expect("a header and a body");
        black_box(to.receiver.open_length(header).expect("a valid length").open(body).expect("a good command"));
    };
    let mut text = vec![0; length];
    let mut primitives = || {
        let cipher = ChaCha20Poly1305::new(black_box(&[1; 32]).into());
        let nonce = [2; 12].into();
        let tag = cipher.encrypt_inout_detached(&nonce, &[], InOutBuf::from(&mut text[..])).expect("a short text");
        cipher.decrypt_inout_detached(&nonce, &[], InOutBuf::from(&mut text[..]), &tag).expect("a valid tag");
        for _ in 0..2 {
            let cipher = ChaCha20Poly1305::new(black_box(&[1; 32]).into());
            let mut key = [0; 32];
            let key_text = InOutBuf::from(&mut key[..]);
            black_box(cipher.encrypt_inout_detached(&[0xff; 12].into(), &[], key_text).expect("a short text"));
            black_box(key);
        }
    };
    let windows = Windows::new([&mut there_and_back, &mut primitives]);
    let [command, primitives] = windows.minima();
    let (per_second, ratio) = (1e9 / command, windows.ratio(0, &[1]));
    let verdict = if ratio <= LIMIT { "holds" } else { "EXCEEDED" };
    println!("{name:<26} {length:>6} {command:>12.0} {primitives:>14.0} {per_second:>11.0} {ratio:>6.2} {verdict}");
    ratio <= LIMIT
}
