//! Commands at every end of every link: a decoded command is encoded identically, and only commands
//! that the role may receive are decoded.
#![no_main]

#[path = "../../wire/tests/wire/common.rs"]
mod common;

use libfuzzer_sys::fuzz_target;
use mixwell_wire::{Command, CommandError, EncodeError, packet_mut};

fuzz_target!(|input: (u8, u16, &[u8])| {
    let (end, zeros, start) = input;
    let ends = common::ends();
    let (sender, receiver) = ends[usize::from(end) % ends.len()];
    let mut frame = start.to_vec();
    frame.resize(frame.len() + usize::from(zeros) % 4096, 0);
    let command = match Command::decode(&frame, &receiver) {
        Ok(command) => command,
        Err(CommandError::Truncated { want, got }) => return assert!(got == frame.len() && want > got),
        Err(CommandError::TooLong { max, got }) => return assert!(max == receiver.max_frame() && got > max),
        Err(_) => return,
    };
    assert!(frame.len() <= receiver.max_frame());
    let bare = 6 + u32::from_be_bytes(frame[2..6].try_into().unwrap()) as usize;
    let mut out = vec![0xee; 20_000];
    match command.encode(&sender, &mut out) {
        Ok(length) => {
            assert_eq!(out[..bare], frame[..bare]);
            assert!(out[bare..length].iter().all(|byte| *byte == 0));
            let again = Command::decode(&out[..length], &receiver).unwrap();
            // whether a get_consensus is padded is the sender's choice
            assert!(again == command || matches!(command, Command::GetConsensus { padded: true, .. }));
        }
        Err(EncodeError::Role(id)) => assert_eq!(id, frame[0]),
        Err(EncodeError::Unpadded { command }) => assert_eq!(command, 18),
        Err(error) => panic!("{error}"),
    }
    let packet = match command {
        Command::SendPacket(packet) | Command::SendRetrievePacket(packet) => Some(packet.to_vec()),
        _ => None,
    };
    assert_eq!(packet_mut(&mut frame, &receiver).map(|packet| packet.to_vec()), packet);
});
