//! Commands encoded and decoded, and every way in which a peer can malform them.

use crate::common::{PKI, SIZES, ends};
use mixwell_wire::{
    CertStatus, Command, CommandError, ConsensusStatus, DescriptorStatus, EncodeError, Link, RevealStatus, SigStatus,
    Statement, VoteStatus, Want, packet_mut,
};
use proptest::prelude::*;

/// The values from which the variable parts of commands are made.
#[derive(Debug, Clone)]
struct Parts {
    bytes: Vec<u8>,
    epoch: u64,
    number: u32,
    total: u32,
    code: usize,
    padded: bool,
}

fn parts() -> impl Strategy<Value = Parts> {
    (prop::collection::vec(any::<u8>(), 3200), any::<u64>(), any::<u32>(), any::<u32>(), any::<usize>(), any::<bool>())
        .prop_map(|(bytes, epoch, number, total, code, padded)| Parts { bytes, epoch, number, total, code, padded })
}

impl Parts {
    fn fixed() -> Self {
        let bytes = (0..3200_u32).map(|i| (i % 251 + 1) as u8).collect();
        Self { bytes, epoch: 0x0102_0304_0506_0708, number: 7, total: 9, code: 1, padded: true }
    }

    /// One of every command; a free payload is `free` bytes long.
    fn commands(&self, free: usize) -> Vec<Command<'_>> {
        let bytes = self.bytes.as_slice();
        let payload = &bytes[..free];
        let statement = Statement { epoch: self.epoch, public_key: &bytes[..PKI.public_key], payload };
        let (sequence, epoch, code) = (self.number, self.epoch, bytes[0]);
        let surb_id = bytes.first_chunk().unwrap();
        let consensus = ConsensusStatus::ALL[self.code % 3];
        let descriptor = DescriptorStatus::ALL[self.code % 4];
        vec![
            Command::NoOp,
            Command::Disconnect,
            Command::SendPacket(&bytes[..SIZES.packet]),
            Command::SendRetrievePacket(&bytes[..SIZES.packet]),
            Command::SendRetrievePacketReply { surb_id, payload },
            Command::MessageDelivered { sequence },
            Command::ReplicaMessage(&bytes[..=free]),
            Command::ReplicaMessageReply {
                code,
                envelope_hash: bytes.first_chunk().unwrap(),
                replica_id: bytes[40],
                envelope: payload,
            },
            Command::PostReplicaDescriptorStatus(descriptor),
            Command::PostReplicaDescriptor { epoch, payload },
            Command::ReplicaWrite {
                box_id: bytes.first_chunk().unwrap(),
                signature: bytes.last_chunk().unwrap(),
                payload,
            },
            Command::ReplicaWriteReply { code },
            Command::RetrieveMessage { sequence },
            Command::Message { sequence, surb_id, payload: &bytes[..32 + SIZES.forward_payload] },
            Command::GetConsensus { epoch, padded: false },
            Command::GetConsensus { epoch, padded: self.padded },
            Command::Consensus { code: consensus, payload },
            Command::PostDescriptor { epoch, payload },
            Command::PostDescriptorStatus(descriptor),
            Command::Vote(statement),
            Command::VoteStatus(VoteStatus::ALL[self.code % 8]),
            Command::GetVote { epoch, public_key: statement.public_key },
            Command::Reveal(statement),
            Command::RevealStatus(RevealStatus::ALL[self.code % 6]),
            Command::Sig(statement),
            Command::SigStatus(SigStatus::ALL[self.code % 7]),
            Command::Cert(statement),
            Command::CertStatus(CertStatus::ALL[self.code % 6]),
            Command::Consensus2 { code: consensus, chunk: self.number, total: self.total, payload },
            Command::GetConsensus2 { epoch },
            Command::ReplicaDecoy,
        ]
    }
}

/// Whether this end may receive commands with this id.
fn takes(link: &Link, id: u8) -> bool {
    Command::decode(&[id, 0, 0, 0, 0, 0], link) != Err(CommandError::Role(id))
}

/// Every command that some end may send, as that end encodes it, with the end that receives it.
fn frames(free: usize, mut check: impl FnMut(Command<'_>, Link, Link, Vec<u8>)) {
    let parts = Parts::fixed();
    for command in parts.commands(free) {
        let mut sent = 0;
        for (sender, receiver) in ends() {
            let mut out = vec![0xee; 20_000];
            match command.encode(&sender, &mut out) {
                Ok(length) => {
                    sent += 1;
                    out.truncate(length);
                    if takes(&receiver, command.id()) {
                        check(command, sender, receiver, out);
                    } else {
                        // not every receiver accepts a command that some end may send: a replica's
                        // reply to a service node is not for another replica, for example
                        assert!(matches!(command.id(), 2 | 8 | 9 | 12 | 13 | 33), "{command:?}");
                    }
                }
                Err(EncodeError::Role(id)) => assert_eq!(id, command.id()),
                Err(EncodeError::Unpadded { command: 18 }) => {}
                Err(error) => panic!("{command:?}: {error}"),
            }
        }
        assert!(sent > 0, "no one sends {command:?}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn there_and_back(parts in parts(), free in 0..3000_usize) {
        for (sender, receiver) in ends() {
            for command in parts.commands(free) {
                let mut out = vec![0xee; 20_000];
                let Ok(length) = command.encode(&sender, &mut out) else { continue };
                prop_assert_eq!(command.encoded_len(&sender), Ok(length));
                if takes(&receiver, command.id()) {
                    prop_assert_eq!(Command::decode(&out[..length], &receiver), Ok(command));
                }
            }
        }
    }

    #[test]
    fn whatever_decodes_encodes_to_the_same(
        id in 0..40_u8,
        claimed in prop_oneof![Just(0_u32), 0..64_u32, Just(3082), Just(2626)],
        body in prop::collection::vec(any::<u8>(), 0..3200),
        zeros in prop_oneof![Just(0_usize), 0..3200_usize],
    ) {
        let mut frame = vec![id, 0];
        frame.extend(claimed.to_be_bytes());
        frame.extend(&body[..body.len().min(claimed as usize)]);
        frame.resize(frame.len() + zeros, 0);
        for (sender, receiver) in ends() {
            if let Ok(command) = Command::decode(&frame, &receiver) {
                let mut out = vec![0; 20_000];
                match command.encode(&sender, &mut out) {
                    Ok(length) => {
                        let again = Command::decode(&out[..length], &receiver).unwrap();
                        prop_assert_eq!(again.id(), id);
                        let bare = 6 + claimed as usize;
                        prop_assert_eq!(&out[..bare], &frame[..bare]);
                        prop_assert!(out[bare..length].iter().all(|byte| *byte == 0));
                    }
                    // an authority accepts zeros after a `get_consensus`, but no client of it sends
                    // them
                    Err(error) => {
                        let expected = matches!(error, EncodeError::Role(_) | EncodeError::Unpadded { command: 18 });
                        prop_assert!(expected, "{error}");
                    }
                }
            }
        }
    }
}

#[test]
fn cut_at_every_byte() {
    frames(40, |command, _, receiver, frame| {
        let bare = 6 + u32::from_be_bytes(frame[2..6].try_into().unwrap()) as usize;
        for cut in 0..bare {
            let want = if cut < 6 { 6 } else { bare };
            assert_eq!(
                Command::decode(&frame[..cut], &receiver),
                Err(CommandError::Truncated { want, got: cut }),
                "{command:?} cut at {cut}"
            );
        }
        for cut in (bare + 1..frame.len()).step_by(97) {
            assert_eq!(Command::decode(&frame[..cut], &receiver).map(|c| c.id()), Ok(command.id()), "padding cut");
        }
    });
}

#[test]
fn a_body_of_another_length() {
    let mut exact = 0;
    frames(40, |command, _, receiver, frame| {
        let body = u32::from_be_bytes(frame[2..6].try_into().unwrap());
        let bare = 6 + body as usize;
        let mut longer = frame[..bare].to_vec();
        longer.push(1);
        longer[2..6].copy_from_slice(&(body + 1).to_be_bytes());
        match Command::decode(&longer, &receiver) {
            Err(error) => {
                let got = body as usize + 1;
                let too_long = CommandError::TooLong { max: receiver.max_frame(), got: got + 6 };
                let want = match command.id() {
                    31 => Want::AtMost(9 + receiver.down_len()),
                    _ => Want::Exactly(body as usize),
                };
                let wrong = CommandError::Body { command: command.id(), got, want };
                assert!(error == wrong || error == too_long, "{error:?}");
                exact += 1;
            }
            // these commands end in a payload of any length
            Ok(decoded) => assert!(matches!(decoded.id(), 4 | 8 | 9 | 11 | 12 | 19 | 20 | 22 | 25 | 27 | 29 | 31)),
        }
        if body > 0 {
            let empty = [command.id(), 0, 0, 0, 0, 0];
            let error = Command::decode(&empty, &receiver).unwrap_err();
            let CommandError::Body { command: id, got: 0, want } = error else { panic!("{error:?}") };
            assert_eq!(id, command.id());
            let (Want::Exactly(want) | Want::AtLeast(want)) = want else { panic!("{want:?}") };
            assert!((1..=body as usize).contains(&want), "{command:?}: {want}");
        }
    });
    assert!(exact > 15);
}

#[test]
fn reserved_byte_and_padding() {
    frames(40, |command, _, receiver, mut frame| {
        for reserved in 1..=255 {
            frame[1] = reserved;
            assert_eq!(Command::decode(&frame, &receiver), Err(CommandError::Reserved(reserved)));
        }
        frame[1] = 0;
        let bare = 6 + u32::from_be_bytes(frame[2..6].try_into().unwrap()) as usize;
        let unpadded = matches!(receiver.role(), mixwell_wire::Role::Authority | mixwell_wire::Role::AuthorityClient)
            || matches!(command, Command::GetConsensus { padded: false, .. } | Command::Consensus { .. });
        assert!(!unpadded || frame.len() == bare, "{command:?} is padded");
        for at in bare..frame.len() {
            frame[at] = 1 << (at % 8);
            assert_eq!(Command::decode(&frame, &receiver), Err(CommandError::Padding), "{command:?} at {at}");
            frame[at] = 0;
        }
        frame.resize(receiver.max_frame() + 1, 0);
        let got = frame.len();
        assert_eq!(Command::decode(&frame, &receiver), Err(CommandError::TooLong { max: got - 1, got }));
    });
}

#[test]
fn every_id_at_every_role() {
    let receives: &[(Link, &[u8])] = &[
        (Link::client(SIZES), &[0, 1, 4, 17, 19, 31]),
        (Link::gateway(SIZES), &[0, 1, 2, 3, 5, 16, 18, 32]),
        (Link::node(SIZES), &[0, 1, 2]),
        (Link::service_node(SIZES, 4000), &[0, 1, 2, 9]),
        (Link::replica(SIZES, 4000), &[0, 1, 8, 12, 13, 33]),
        (Link::authority_client(PKI), &[0, 1, 10, 19, 21, 22, 23, 26, 28, 30]),
        (Link::authority(PKI), &[0, 1, 11, 18, 20, 22, 24, 25, 27, 29]),
    ];
    for (link, allowed) in receives {
        for id in 0..=255_u8 {
            // an empty body, which is too short for any command with fields, so that only the id
            // decides
            let frame = [id, 0, 0, 0, 0, 0];
            let result = Command::decode(&frame, link);
            let known = id < 34 && ![6, 7, 14, 15].contains(&id);
            if allowed.contains(&id) {
                assert!(matches!(result, Ok(_) | Err(CommandError::Body { .. })), "{:?} takes {id}", link.role());
            } else if known {
                assert_eq!(result, Err(CommandError::Role(id)), "{:?}", link.role());
            } else {
                assert_eq!(result, Err(CommandError::Unknown(id)));
            }
        }
    }
}

#[test]
fn every_code() {
    type FromCode = fn(u8) -> bool;
    let statuses: [(u8, u8, u8, FromCode); 7] = [
        (19, 0, 2, |code| ConsensusStatus::from_code(code).is_some_and(|s| s.code() == code)),
        (21, 0, 3, |code| DescriptorStatus::from_code(code).is_some_and(|s| s.code() == code)),
        (10, 0, 3, |code| DescriptorStatus::from_code(code).is_some_and(|s| s.code() == code)),
        (23, 0, 7, |code| VoteStatus::from_code(code).is_some_and(|s| s.code() == code)),
        (26, 8, 13, |code| RevealStatus::from_code(code).is_some_and(|s| s.code() == code)),
        (30, 14, 19, |code| CertStatus::from_code(code).is_some_and(|s| s.code() == code)),
        (28, 20, 26, |code| SigStatus::from_code(code).is_some_and(|s| s.code() == code)),
    ];
    for (command, first, last, known) in statuses {
        for code in 0..=255 {
            let frame = [command, 0, 0, 0, 0, 1, code];
            let result = Command::decode(&frame, &Link::authority_client(PKI));
            assert_eq!(known(code), (first..=last).contains(&code));
            if known(code) {
                assert_eq!(result.map(|c| c.id()), Ok(command));
            } else {
                assert_eq!(result, Err(CommandError::Code { command, code }));
            }
        }
    }
}

#[test]
fn a_caller_who_is_wrong() {
    let mut out = [0xee; 5000];
    let (client, gateway, caller) = (Link::client(SIZES), Link::gateway(SIZES), Link::authority_client(PKI));
    for length in [0, 1, SIZES.packet - 1, SIZES.packet + 1] {
        let packet = vec![0; length];
        let error = Command::SendPacket(&packet).encode(&client, &mut out).unwrap_err();
        let want = Want::Exactly(SIZES.packet);
        assert_eq!(error, EncodeError::Field { command: 2, field: "packet", got: length, want });
        assert_eq!(error.to_string(), format!("send_packet: packet is {length} bytes, want {}", SIZES.packet));
    }
    let (long_key, chunk) = ([0; 31], vec![0; gateway.down_len() + 1]);
    let texts = [
        (Command::Message { sequence: 1, surb_id: &[0; 16], payload: &[0; 32] }, gateway),
        (Command::Consensus2 { code: ConsensusStatus::Ok, chunk: 0, total: 1, payload: &chunk }, gateway),
        (Command::GetVote { epoch: 1, public_key: &long_key }, caller),
        (Command::GetConsensus { epoch: 1, padded: true }, caller),
        (Command::ReplicaMessage(&[]), Link::service_node(SIZES, 9)),
        (Command::GetVote { epoch: 1, public_key: &[0; 32] }, client),
    ]
    .map(|(command, link)| command.encode(&link, &mut out).unwrap_err().to_string());
    assert_eq!(
        texts,
        [
            format!("message: payload is 32 bytes, want {}", 32 + SIZES.forward_payload),
            format!("consensus2: payload is {} bytes, want at most {}", chunk.len(), gateway.down_len()),
            "get_vote: public key is 31 bytes, want 32".to_owned(),
            "get_consensus: this session does not pad".to_owned(),
            "replica_message: envelope is 0 bytes, want at least 1".to_owned(),
            "get_vote is not for this end of the link to send".to_owned(),
        ]
    );
    assert_eq!(Command::NoOp.encode(&client, &mut out[..3087]), Err(EncodeError::Buffer { want: 3088, got: 3087 }));
    assert_eq!(out, [0xee; 5000], "nothing is written on an error");
}

#[test]
fn a_packet_is_unwrapped_where_it_lies() {
    let mut packet = vec![7; SIZES.packet];
    let link = Link::node(SIZES);
    let mut frame = [0; 4000];
    for command in [Command::SendPacket(&packet.clone()), Command::SendRetrievePacket(&packet.clone())] {
        let length = command.encode(&Link::client(SIZES), &mut frame).unwrap();
        assert_eq!(packet_mut(&mut frame[..length], &link), Some(packet.as_mut_slice()));
        assert_eq!(packet_mut(&mut frame[..length - 1], &link), None);
    }
    let length = Command::NoOp.encode(&link, &mut frame).unwrap();
    assert_eq!(packet_mut(&mut frame[..length], &link), None);
    assert_eq!(packet_mut(&mut [], &link), None);
}

#[test]
fn lengths_that_lie() {
    for length in [1, 5, 0x7fff_ffff, 0x8000_0000, u32::MAX - 6, u32::MAX - 5, u32::MAX] {
        for (link, _) in ends() {
            let [a, b, c, d] = length.to_be_bytes();
            for id in 0..34 {
                let frame = [id, 0, a, b, c, d];
                let result = Command::decode(&frame, &link);
                let want = (length as usize).saturating_add(6);
                let expected =
                    [CommandError::Truncated { want, got: 6 }, CommandError::Role(id), CommandError::Unknown(id)];
                assert!(expected.contains(&result.unwrap_err()), "{result:?}");
            }
        }
    }
}
