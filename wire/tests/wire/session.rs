//! Sessions with misbehaving peers.

use crate::{
    common::SIZES,
    pair::{Pair, prove},
};
use mixwell_wire::{
    CallerError, Command, CommandError, ConsensusStatus, EncodeError, FRAME_HEADER_LEN, FRAME_OVERHEAD, Link,
    ReceiveError, Receiver, SendError, Session,
};
use proptest::prelude::*;

/// Receives a whole frame.
fn receive<'b>(receiver: &mut Receiver, frame: &'b mut [u8]) -> Result<Command<'b>, ReceiveError> {
    let (header, body) = frame.split_first_chunk_mut().unwrap();
    receiver.open_length(header)?.open(body)
}

fn seal(session: &mut Session, command: &Command<'_>) -> Vec<u8> {
    let mut out = vec![0xee; session.sender.frame_len(command).unwrap()];
    session.sender.seal(command, &mut out).unwrap().to_vec()
}

/// Checks that the session is dead: even the next valid frame is not opened.
fn assert_dead(receiver: &mut Receiver, next: &[u8]) {
    assert!(!receiver.is_alive());
    for _ in 0..3 {
        let mut frame = next.to_vec();
        assert_eq!(receive(receiver, &mut frame).map(|c| c.id()), Err(ReceiveError::Dead));
        assert_eq!(frame, next, "nothing is decrypted");
    }
}

#[test]
fn commands_both_ways() {
    let [mut client, mut gateway] = Pair::default().sessions();
    let packet = vec![5; SIZES.packet];
    let payload = vec![6; SIZES.forward_payload + 32];
    let mut seen = std::collections::HashSet::new();
    for sequence in 0..200 {
        let up = Command::SendPacket(&packet);
        let mut frame = seal(&mut client, &up);
        assert!(seen.insert(frame.clone()), "equal commands have different ciphertexts");
        assert_eq!(frame.len(), 3088 + FRAME_OVERHEAD);
        assert_eq!(receive(&mut gateway.receiver, &mut frame), Ok(up));
        let down = Command::Message { sequence, surb_id: &[1; 16], payload: &payload };
        let mut frame = seal(&mut gateway, &down);
        assert_eq!(receive(&mut client.receiver, &mut frame), Ok(down));
    }
}

#[test]
fn halves_in_two_threads() {
    let [client, mut gateway] = Pair::default().sessions();
    let Session { mut sender, mut receiver } = client;
    let sending = std::thread::spawn(move || {
        let mut out = [0; 4000];
        (0..100).map(|_| sender.seal(&Command::NoOp, &mut out).unwrap().to_vec()).collect::<Vec<_>>()
    });
    let frames: Vec<_> = (0..100).map(|_| seal(&mut gateway, &Command::NoOp)).collect();
    let receiving = std::thread::spawn(move || {
        for mut frame in frames {
            assert_eq!(receive(&mut receiver, &mut frame), Ok(Command::NoOp));
        }
    });
    receiving.join().unwrap();
    for mut frame in sending.join().unwrap() {
        assert_eq!(receive(&mut gateway.receiver, &mut frame), Ok(Command::NoOp));
    }
}

#[test]
fn every_byte_of_a_frame() {
    let frame = |at: usize| {
        let [mut client, gateway] = Pair::default().sessions();
        let mut frame = seal(&mut client, &Command::NoOp);
        let next = seal(&mut client, &Command::NoOp);
        frame[at] ^= 1 << (at % 8);
        (gateway.receiver, frame, next)
    };
    let length = 3088 + FRAME_OVERHEAD;
    for at in (0..FRAME_HEADER_LEN + 8).chain((FRAME_HEADER_LEN + 8..length).step_by(61)).chain(length - 16..length) {
        let (mut receiver, mut frame, next) = frame(at);
        assert_eq!(receive(&mut receiver, &mut frame).map(|c| c.id()), Err(ReceiveError::Tag), "byte {at}");
        assert_dead(&mut receiver, &next);
    }
}

#[test]
fn replayed_dropped_and_reordered() {
    let start = || {
        let [mut client, gateway] = Pair::default().sessions();
        let frames: [Vec<u8>; 3] = core::array::from_fn(|_| seal(&mut client, &Command::NoOp));
        (gateway, frames)
    };
    let (mut gateway, [first, second, _]) = start();
    receive(&mut gateway.receiver, &mut first.clone()).unwrap();
    assert_eq!(receive(&mut gateway.receiver, &mut first.clone()), Err(ReceiveError::Tag), "replayed");
    assert_dead(&mut gateway.receiver, &second);
    let (mut gateway, [first, second, third]) = start();
    assert_eq!(receive(&mut gateway.receiver, &mut second.clone()), Err(ReceiveError::Tag), "reordered");
    assert_dead(&mut gateway.receiver, &first);
    let (mut gateway, [first, ..]) = start();
    receive(&mut gateway.receiver, &mut first.clone()).unwrap();
    assert_eq!(receive(&mut gateway.receiver, &mut third.clone()), Err(ReceiveError::Tag), "dropped");
    let (mut gateway, _) = start();
    let mut own = seal(&mut gateway, &Command::NoOp);
    assert_eq!(receive(&mut gateway.receiver, &mut own), Err(ReceiveError::Tag), "reflected");
    let (mut gateway, [mut first, mut second, _]) = start();
    first[..FRAME_HEADER_LEN].swap_with_slice(&mut second[..FRAME_HEADER_LEN]);
    assert_eq!(receive(&mut gateway.receiver, &mut first), Err(ReceiveError::Tag), "the header of another frame");
    let (mut gateway, [mut first, mut second, third]) = start();
    first[FRAME_HEADER_LEN..].swap_with_slice(&mut second[FRAME_HEADER_LEN..]);
    assert_eq!(receive(&mut gateway.receiver, &mut first), Err(ReceiveError::Tag), "the body of another frame");
    assert_dead(&mut gateway.receiver, &third);
}

#[test]
fn a_command_of_another_role() {
    // a peer that acts as a client too: its commands are authentic, but not for a client
    let pair = Pair::default();
    for (id, command) in [
        (2, Command::SendPacket(&[0; SIZES.packet])),
        (16, Command::RetrieveMessage { sequence: 1 }),
        (18, Command::GetConsensus { epoch: 1, padded: false }),
    ] {
        let (mut client, mut confused) = confused_pair(&pair);
        let mut frame = seal(&mut confused, &command);
        let next = seal(&mut confused, &Command::NoOp);
        let error = ReceiveError::Command(CommandError::Role(id));
        assert_eq!(receive(&mut client.receiver, &mut frame), Err(error));
        assert_dead(&mut client.receiver, &next);
        // the sending half is unaffected
        assert!(client.sender.seal(&Command::NoOp, &mut [0; 4000]).is_ok());
    }
}

/// A client's session and its peer's, with the same keys; the peer also takes the role of a client.
fn confused_pair(pair: &Pair) -> (Session, Session) {
    use crate::pair::{CLIENT_AD, GATEWAY_AD, Lengths, rng};
    use mixwell_wire::{Ad, initiator::Initiator, responder::Responder};
    let mut out = [0; Lengths::MAX_LEN];
    let client = Initiator::new(&pair.client, Ad::client(CLIENT_AD), Link::client(SIZES));
    let (client, message) = client.write(&mut rng(1), &mut out).unwrap();
    let other = Responder::new(&pair.gateway, Ad::node(GATEWAY_AD)).read(message).unwrap();
    let (other, message) = other.write(&mut rng(2), 0, &mut out).unwrap();
    let client = client.read(&mut message.to_vec()).unwrap().accept();
    let (client, message) = client.write(&mut rng(3), &mut out).unwrap();
    let other = other.read(&mut message.to_vec()).unwrap().accept(Link::client(SIZES));
    let (other, message) = other.write(&mut rng(4), &mut out).unwrap();
    let client = client.read(&mut message.to_vec()).unwrap();
    let mut frame = [0; 4000];
    let (other, frame) = other.write(&mut frame).unwrap();
    let (header, body) = frame.split_first_chunk().unwrap();
    let mut client = client.open_length(&mut header.clone()).unwrap().open(&mut body.to_vec()).unwrap();
    let other = prove(&mut client, other);
    (client, other)
}

#[test]
fn a_buffer_that_is_too_short() {
    let [mut client, mut gateway] = Pair::default().sessions();
    let mut frame = seal(&mut client, &Command::NoOp);
    let (header, body) = frame.split_first_chunk_mut().unwrap();
    let pending = gateway.receiver.open_length(header).unwrap();
    let (want, got) = (pending.len(), pending.len() - 1);
    assert_eq!(pending.open(&mut body[..got]), Err(CallerError::Buffer { want, got }.into()));
    // a short buffer is the caller's mistake, and the call can be retried
    assert_eq!(gateway.receiver.pending().unwrap().open(&mut []), Err(CallerError::Buffer { want, got: 0 }.into()));
    assert_eq!(gateway.receiver.pending().unwrap().open(body), Ok(Command::NoOp));
    assert_eq!(receive(&mut gateway.receiver, &mut seal(&mut client, &Command::NoOp)), Ok(Command::NoOp));

    let [mut client, mut gateway] = Pair::default().sessions();
    let mut out = [0xee; 4000];
    let (want, got) = (3124, 3123);
    let error = SendError::Encode(EncodeError::Buffer { want, got });
    assert_eq!(client.sender.seal(&Command::NoOp, &mut out[..got]), Err(error));
    assert_eq!(out, [0xee; 4000]);
    let frame = client.sender.seal(&Command::NoOp, &mut out).unwrap();
    assert_eq!(receive(&mut gateway.receiver, &mut frame.to_vec()), Ok(Command::NoOp));
}

#[test]
fn a_length_out_of_turn() {
    let [mut client, mut gateway] = Pair::default().sessions();
    let first = seal(&mut client, &Command::NoOp);
    let second = seal(&mut client, &Command::NoOp);
    let (header, body) = first.split_first_chunk().unwrap();
    assert_eq!(gateway.receiver.pending_len(), None);
    assert!(gateway.receiver.pending().is_none());
    // a task may drop the pending body and ask for it again
    let _ = gateway.receiver.open_length(&mut header.clone()).unwrap();
    assert_eq!(gateway.receiver.pending_len(), Some(body.len()));
    let mut buffer = body.to_vec();
    assert_eq!(gateway.receiver.pending().unwrap().open(&mut buffer), Ok(Command::NoOp));
    // but no other header may be opened before it
    let (header, body) = second.split_first_chunk().unwrap();
    let _ = gateway.receiver.open_length(&mut header.clone()).unwrap();
    let error = gateway.receiver.open_length(&mut header.clone()).map(|_| ());
    assert_eq!(error, Err(CallerError::BodyPending.into()));
    // and the session survives that mistake
    assert_eq!(gateway.receiver.pending().unwrap().open(&mut body.to_vec()), Ok(Command::NoOp));
    assert_eq!(receive(&mut gateway.receiver, &mut seal(&mut client, &Command::NoOp)), Ok(Command::NoOp));
}

#[test]
fn what_cannot_be_sent_changes_nothing() {
    for (command, error) in [
        (Command::Vote(mixwell_wire::Statement { epoch: 1, public_key: &[], payload: &[] }), EncodeError::Role(22)),
        (
            Command::SendPacket(&[1, 2, 3]),
            EncodeError::Field { command: 2, field: "packet", got: 3, want: mixwell_wire::Want::Exactly(SIZES.packet) },
        ),
    ] {
        let [mut client, mut gateway] = Pair::default().sessions();
        let mut out = [0xee; 4000];
        assert_eq!(client.sender.seal(&command, &mut out), Err(SendError::Encode(error)));
        assert_eq!(out, [0xee; 4000]);
        assert!(client.sender.is_alive());
        let frame = client.sender.seal(&Command::NoOp, &mut out).unwrap();
        assert_eq!(receive(&mut gateway.receiver, &mut frame.to_vec()), Ok(Command::NoOp));
    }
}

/// An operation on a session.
#[derive(Debug, Clone)]
enum Op {
    Send(u8, u16),
    Deliver,
    Tamper(u16),
    Replay,
}

fn ops() -> impl Strategy<Value = Vec<Op>> {
    let op = prop_oneof![
        8 => (0..6_u8, any::<u16>()).prop_map(|(kind, length)| Op::Send(kind, length)),
        8 => Just(Op::Deliver),
        1 => any::<u16>().prop_map(Op::Tamper),
        1 => Just(Op::Replay),
    ];
    prop::collection::vec(op, 0..60)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 128, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_list_of_operations(ops in ops()) {
        let [mut client, mut gateway] = Pair::default().sessions();
        let content: Vec<u8> = (0..4000_u32).map(|i| i as u8).collect();
        let command = |kind: u8, length: u16| match kind {
            0 => Command::NoOp,
            1 => Command::Consensus2 {
                code: ConsensusStatus::Ok,
                chunk: 1,
                total: 2,
                payload: &content[..usize::from(length) % 3109],
            },
            2 => Command::SendRetrievePacketReply { surb_id: &[3; 16], payload: &content[..usize::from(length) % 2001] },
            3 => Command::Message { sequence: 1, surb_id: &[4; 16], payload: &content[..2606] },
            _ => Command::Disconnect,
        };
        let mut queue = std::collections::VecDeque::new();
        let (mut last, mut alive) = (None, true);
        for op in ops {
            match op {
                Op::Send(kind, length) => {
                    let command = command(kind, length);
                    queue.push_back((seal(&mut gateway, &command), command));
                }
                Op::Deliver => {
                    let Some((frame, command)) = queue.pop_front() else { continue };
                    let mut bytes = frame.clone();
                    let result = receive(&mut client.receiver, &mut bytes);
                    prop_assert_eq!(result, if alive { Ok(command) } else { Err(ReceiveError::Dead) });
                    last = Some(frame);
                }
                Op::Tamper(at) => {
                    let Some((mut frame, _)) = queue.pop_front() else { continue };
                    let at = usize::from(at) % frame.len();
                    frame[at] ^= 0x80;
                    let result = receive(&mut client.receiver, &mut frame);
                    prop_assert_eq!(result, Err(if alive { ReceiveError::Tag } else { ReceiveError::Dead }));
                    alive = false;
                }
                Op::Replay => {
                    let Some(mut frame) = last.clone() else { continue };
                    let result = receive(&mut client.receiver, &mut frame);
                    prop_assert_eq!(result, Err(if alive { ReceiveError::Tag } else { ReceiveError::Dead }));
                    alive = false;
                }
            }
        }
    }
}
