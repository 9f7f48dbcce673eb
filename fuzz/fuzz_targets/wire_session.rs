//! A session under any list of operations: commands arrive as they were sent, in order; after a
//! peer's fault none arrives, and after the caller's own mistake all do.
#![no_main]

#[path = "../../wire/tests/wire/common.rs"]
mod common;
#[path = "../../wire/tests/wire/fake_kem.rs"]
mod fake_kem;
#[path = "../../wire/tests/wire/pair.rs"]
mod pair;

use arbitrary::Arbitrary;
use libfuzzer_sys::fuzz_target;
use mixwell_wire::{CallerError, Command, ConsensusStatus, FRAME_HEADER_LEN, ReceiveError, SendError};
use pair::Pair;
use std::collections::VecDeque;

#[derive(Arbitrary, Debug)]
enum Op {
    /// The gateway sends a command, in a buffer that may be too short.
    Send { kind: u8, length: u16, room: Option<u16> },
    /// The next frame arrives.
    Deliver,
    /// The next frame arrives, its body later, and the body is first read into a buffer that is too
    /// short.
    DeliverLength { room: u16 },
    /// The next frame arrives with a changed byte.
    Tamper { at: u16, xor: u8 },
    /// The next frame is lost.
    Lose,
    /// The last frame arrives again.
    Replay,
    /// Other bytes arrive.
    Inject { header: [u8; FRAME_HEADER_LEN], body: Vec<u8> },
}

fuzz_target!(|ops: Vec<Op>| {
    let [mut client, mut gateway] = Pair::default().sessions();
    let content = vec![0x5a; 4000];
    let (mut queue, mut last) = (VecDeque::new(), None::<Vec<u8>>);
    // whether the next frame can still be opened
    let mut in_step = true;
    for op in ops {
        let (mut frame, want) = match op {
            Op::Send { kind, length, room } => {
                let payload = &content[..usize::from(length) % 3200];
                let command = match kind % 5 {
                    0 => Command::NoOp,
                    1 => Command::Disconnect,
                    2 => Command::Consensus2 { code: ConsensusStatus::Gone, chunk: 0, total: 1, payload },
                    3 => Command::Message { sequence: 1, surb_id: &[1; 16], payload },
                    _ => Command::SendPacket(payload),
                };
                let mut out = vec![0; room.map_or(4000, usize::from)];
                match gateway.sender.seal(&command, &mut out) {
                    Ok(frame) => queue.push_back((frame.to_vec(), command.id())),
                    Err(error) => assert!(matches!(error, SendError::Encode(_)) && gateway.sender.is_alive()),
                }
                continue;
            }
            Op::Deliver => match queue.pop_front() {
                Some((frame, id)) => (frame, Some(id)),
                None => continue,
            },
            Op::DeliverLength { room } => {
                let Some((frame, id)) = queue.front().filter(|_| in_step) else { continue };
                let mut header = *frame.first_chunk().unwrap();
                let mut body = frame[FRAME_HEADER_LEN..].to_vec();
                let pending = client.receiver.open_length(&mut header).unwrap();
                let (want, got) = (body.len(), usize::from(room) % body.len());
                assert_eq!(pending.len(), want);
                assert_eq!(pending.open(&mut body[..got]), Err(CallerError::Buffer { want, got }.into()));
                let again = client.receiver.open_length(&mut header).map(|_| ());
                assert_eq!(again, Err(CallerError::BodyPending.into()));
                assert_eq!(client.receiver.pending().unwrap().open(&mut body).unwrap().id(), *id);
                last = Some(frame.clone());
                queue.pop_front();
                continue;
            }
            Op::Tamper { at, xor } => match queue.pop_front() {
                Some((mut frame, id)) => {
                    let at = usize::from(at) % frame.len();
                    frame[at] ^= xor;
                    (frame, (xor == 0).then_some(id))
                }
                None => continue,
            },
            Op::Lose => {
                in_step &= queue.pop_front().is_none();
                continue;
            }
            Op::Replay => match last.clone() {
                Some(frame) => (frame, None),
                None => continue,
            },
            Op::Inject { header, body } => ([&header[..], &body].concat(), None),
        };
        let alive = client.receiver.is_alive();
        let sent = frame.clone();
        let (header, body) = frame.split_first_chunk_mut().unwrap();
        let result = client.receiver.open_length(header).and_then(|pending| pending.open(body));
        match (result, want) {
            (Ok(command), Some(id)) => assert!(in_step && command.id() == id),
            (Ok(_), None) => panic!("what nobody sent has arrived"),
            (Err(error), want) => {
                assert!(want.is_none() || !in_step, "{error}");
                assert_eq!(error == ReceiveError::Dead, !alive);
                assert!(!client.receiver.is_alive());
                in_step = false;
            }
        }
        last = Some(sent);
    }
});
