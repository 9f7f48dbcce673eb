//! Nothing in this crate allocates except the KEM, and X-Wing does not.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "test code")]

use allocation_counter::measure;
use mixwell_pq_kem::{
    XWing,
    kem::{PrivateKey, Seed},
};
use mixwell_wire::{
    Ad, CertStatus, Command, CommandError, ConsensusStatus, DescriptorStatus, Link, LinkKey, LinkSeed, Messages,
    PacketSizes, PkiSizes, ReceiveError, RevealStatus, Session, SigStatus, Statement, VoteStatus, initiator::Initiator,
    packet_mut, responder::Responder,
};
use rand_chacha::{ChaCha20Rng, rand_core::SeedableRng};

const SIZES: PacketSizes = PacketSizes { packet: 3082, forward_payload: 2574, user_forward_payload: 2000 };

fn handshake() -> (Session, Session) {
    let mut rng = ChaCha20Rng::from_seed([1; 32]);
    let client_key = LinkSeed::<XWing>::new(Seed::from_bytes([7; 32])).unwrap();
    let gateway_key = LinkKey::<XWing>::new(&PrivateKey::generate(&mut rng)).unwrap();
    let mut buffer = [0; 4000];
    let client = Initiator::with_seed(&client_key, Ad::client(&[1; 32]), Link::client(SIZES));
    let (client, message) = client.write(&mut rng, &mut buffer).unwrap();
    let gateway = Responder::new(&gateway_key, Ad::node(&[2; 32])).read(message).unwrap();
    let (gateway, _) = gateway.write(&mut rng, 0, &mut buffer).unwrap();
    let client = client.read(&mut buffer[..Messages::<XWing>::LEN_2]).unwrap();
    assert!(client.peer().is(Ad::node(&[2; 32]), gateway_key.public()));
    let (client, _) = client.accept().write(&mut rng, &mut buffer).unwrap();
    let gateway = gateway.read(&mut buffer[..Messages::<XWing>::LEN_3]).unwrap();
    let (gateway, _) = gateway.accept(Link::gateway(SIZES)).write(&mut rng, &mut buffer).unwrap();
    let client = client.read(&mut buffer[..Messages::<XWing>::LEN_4]).unwrap();
    let (gateway, _) = gateway.write(&mut buffer).unwrap();
    let (header, body) = buffer.split_first_chunk_mut().unwrap();
    let mut client = client.open_length(header).unwrap().open(body).unwrap();
    client.sender.seal(&Command::NoOp, &mut buffer).unwrap();
    let (header, body) = buffer.split_first_chunk_mut().unwrap();
    let mut gateway = gateway.open_length(header).unwrap();
    assert_eq!(gateway.receiver.pending().unwrap().open(body), Ok(Command::NoOp));
    (client, gateway)
}

#[test]
fn a_handshake_allocates_nothing() {
    let counted = measure(|| {
        handshake();
    });
    assert_eq!(counted.count_total, 0);
}

#[test]
fn commands_allocate_nothing() {
    let (mut client, mut gateway) = handshake();
    let (packet, mut buffer) = ([5; SIZES.packet], [0; 4000]);
    let counted = measure(|| {
        for command in [Command::SendPacket(&packet), Command::GetConsensus2 { epoch: 9 }, Command::NoOp] {
            client.sender.seal(&command, &mut buffer).unwrap();
            let (header, body) = buffer.split_first_chunk_mut().unwrap();
            assert_eq!(gateway.receiver.open_length(header).unwrap().open(body), Ok(command));
        }
    });
    assert_eq!(counted.count_total, 0);
}

/// Every command, from each end that may send it to each end that may receive it.
#[test]
fn reading_and_writing_commands_allocates_nothing() {
    let pki = PkiSizes { public_key: 32, document: 500 };
    let links = [
        Link::client(SIZES).with_document_bound(500),
        Link::gateway(SIZES),
        Link::node(SIZES),
        Link::service_node(SIZES, 4000),
        Link::replica(SIZES, 4000),
        Link::authority_client(pki),
        Link::authority(pki),
    ];
    let (packet, bytes, mut frame) = ([5; SIZES.packet], [6; 3000], [0; 4100]);
    let statement = Statement { epoch: 9, public_key: &[8; 32], payload: &bytes[..400] };
    let (surb_id, payload) = (&[4; 16], &bytes[..400]);
    let commands = [
        Command::NoOp,
        Command::Disconnect,
        Command::SendPacket(&packet),
        Command::SendRetrievePacket(&packet),
        Command::SendRetrievePacketReply { surb_id, payload: &bytes[..2000] },
        Command::MessageDelivered { sequence: 1 },
        Command::ReplicaMessage(payload),
        Command::ReplicaMessageReply { code: 0, envelope_hash: &[1; 32], replica_id: 2, envelope: payload },
        Command::PostReplicaDescriptorStatus(DescriptorStatus::from_code(0).unwrap()),
        Command::PostReplicaDescriptor { epoch: 9, payload },
        Command::ReplicaWrite { box_id: &[1; 32], signature: &[2; 64], payload },
        Command::ReplicaWriteReply { code: 0 },
        Command::RetrieveMessage { sequence: 1 },
        Command::Message { sequence: 1, surb_id, payload: &bytes[..2606] },
        Command::GetConsensus { epoch: 9, padded: true },
        Command::Consensus { code: ConsensusStatus::from_code(0).unwrap(), payload },
        Command::PostDescriptor { epoch: 9, payload },
        Command::PostDescriptorStatus(DescriptorStatus::from_code(0).unwrap()),
        Command::Vote(statement),
        Command::VoteStatus(VoteStatus::from_code(0).unwrap()),
        Command::GetVote { epoch: 9, public_key: &[8; 32] },
        Command::Reveal(statement),
        Command::RevealStatus(RevealStatus::from_code(8).unwrap()),
        Command::Sig(statement),
        Command::SigStatus(SigStatus::from_code(20).unwrap()),
        Command::Cert(statement),
        Command::CertStatus(CertStatus::from_code(14).unwrap()),
        Command::Consensus2 { code: ConsensusStatus::from_code(0).unwrap(), chunk: 0, total: 1, payload },
        Command::GetConsensus2 { epoch: 9 },
        Command::ReplicaDecoy,
    ];
    for command in commands {
        let mut read = 0;
        let counted = measure(|| {
            for sender in &links {
                let Ok(len) = command.encode(sender, &mut frame) else { continue };
                for receiver in &links {
                    let _ = packet_mut(&mut frame[..len], receiver);
                    read +=
                        u32::from(Command::decode(&frame[..len], receiver).is_ok_and(|read| read.id() == command.id()));
                }
            }
        });
        assert!(counted.count_total == 0 && read > 0, "{command:?}: {counted:?}, read {read} times");
    }
}

#[test]
fn errors_allocate_nothing() {
    let (mut client, mut gateway) = handshake();
    let mut buffer = [0; 4000];
    let counted = measure(|| {
        for frame in [&[0; 3000][..], &[2, 0, 0xff, 0xff, 0xff, 0xff], &[99; 40], &[]] {
            assert!(Command::decode(frame, &Link::gateway(SIZES)).is_err() || frame.len() == 3000);
        }
        let huge = Command::decode(&[18, 0, 0xff, 0xff, 0xff, 0xff], &Link::gateway(SIZES));
        assert!(matches!(huge, Err(CommandError::Truncated { .. })));
        client.sender.seal(&Command::NoOp, &mut buffer).unwrap();
        buffer[0] ^= 1;
        let (header, _) = buffer.split_first_chunk_mut().unwrap();
        assert_eq!(gateway.receiver.open_length(header).err(), Some(ReceiveError::Tag));
    });
    assert_eq!(counted.count_total, 0);
}

#[test]
fn the_counter_counts() {
    let counted = measure(|| drop(core::hint::black_box(vec![0_u8; 100])));
    assert_eq!(counted.count_total, 1);
}
