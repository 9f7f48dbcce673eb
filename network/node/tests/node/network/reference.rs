//! A gateway's behaviour as clients of the reference expect it.

use crate::network::{address_of, connect, connect_as, counted, link_key};
use core::{sync::atomic::Ordering::Relaxed, time::Duration};
use mixwell_node::{
    Node, ResourceLimits,
    counters::{DropReason, PacketEvent},
};
use mixwell_testnet::{RATES, TestLink, TestNetwork};

use mixwell_sphinx::{RecipientId, SurbId};
use mixwell_wire::{Command, ConsensusStatus, Link, PacketSizes, PkiSizes, Statement, Timeouts};
use std::{sync::Arc, time::Instant};
use tokio::{io::AsyncWriteExt as _, time};

const QUEUE: [u8; 32] = [b'a'; 32];

fn limits(network: &TestNetwork) -> PacketSizes {
    PacketSizes::from(network.sphinx.geometry())
}

/// Stores a reply in the queue's mailbox.
fn store(gateway: &Node, surb_id: u8) {
    gateway.store_reply(RecipientId(QUEUE), SurbId([surb_id; 16]), &[]);
}

/// The next message, and the number of no-ops before it.
async fn message(client: &mut TestLink) -> (u32, u8, usize) {
    let mut no_ops = 0;
    loop {
        match client.reader.receive().await.unwrap() {
            Command::Message { sequence, surb_id, .. } => return (sequence, surb_id[0], no_ops),
            command => assert_eq!(command, Command::NoOp),
        }
        no_ops += 1;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn replies_are_pushed_one_by_one_from_one_on() {
    let network = TestNetwork::start(&[1], RATES, |limits| limits).await;
    let gateway = Arc::clone(&network.nodes[0]);
    let key = link_key(&network);
    let mut client = connect_as(&network, &QUEUE, &key).await;
    // the client is connected
    client.reader.receive().await.unwrap();
    (1..=3).for_each(|surb_id| store(&gateway, surb_id));
    assert_eq!(message(&mut client).await.0, 1);
    // acknowledgements of any other message are ignored, and no further message is pushed;
    // keep-alives continue
    for sequence in [0, 2, 3, u32::MAX] {
        client.send(&Command::MessageDelivered { sequence }).await;
    }
    for _ in 0..3 {
        assert_eq!(client.reader.receive().await.unwrap(), Command::NoOp);
    }
    assert_eq!(gateway.stored_replies(), 3);
    client.send(&Command::MessageDelivered { sequence: 1 }).await;
    let (sequence, surb_id, _) = message(&mut client).await;
    assert_eq!((sequence, surb_id), (2, 2));
    // a new connection numbers messages from one, starting with the unacknowledged reply
    let mut client = connect_as(&network, &QUEUE, &key).await;
    for expected in [(1, 2), (2, 3)] {
        let (sequence, surb_id, _) = message(&mut client).await;
        assert_eq!((sequence, surb_id), expected);
        client.send(&Command::MessageDelivered { sequence }).await;
    }
    counted(|| gateway.counters().of(PacketEvent::Delivered), 3).await;
    assert_eq!(gateway.stored_replies(), 0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn without_an_acknowledgement_the_gateway_falls_silent_and_still_serves() {
    let acknowledgement = Duration::from_millis(500);
    let network = TestNetwork::start(&[1], RATES, |limits| ResourceLimits { acknowledgement, ..limits }).await;
    let gateway = Arc::clone(&network.nodes[0]);
    let mut client = connect_as(&network, &QUEUE, &link_key(&network)).await;
    client.reader.receive().await.unwrap();
    (1..=2).for_each(|surb_id| store(&gateway, surb_id));
    assert_eq!(message(&mut client).await.0, 1);
    time::sleep(acknowledgement * 2).await;
    // no more keep-alives than fit into the time for the acknowledgement
    let mut no_ops = 0;
    while let Ok(command) = time::timeout(Duration::from_millis(500), client.reader.receive()).await {
        assert_eq!(command.unwrap(), Command::NoOp);
        no_ops += 1;
    }
    assert!(no_ops <= 5, "{no_ops}");
    // packets and consensus requests are still served
    let junk = vec![7; network.sphinx.geometry().packet_len()];
    let dropped = gateway.counters().dropped(DropReason::Malformed);
    client.send(&Command::SendPacket(&junk)).await;
    counted(|| gateway.counters().dropped(DropReason::Malformed), dropped + 1).await;
    client.send(&Command::GetConsensus2 { epoch: network.clock.epoch().0 + 50 }).await;
    let answer = client.reader.receive().await.unwrap();
    assert!(matches!(answer, Command::Consensus2 { code: ConsensusStatus::NotFound, .. }), "{answer:?}");
    // a late acknowledgement counts, but still nothing more is pushed
    client.send(&Command::MessageDelivered { sequence: 1 }).await;
    counted(|| gateway.counters().of(PacketEvent::Delivered), 1).await;
    assert!(time::timeout(Duration::from_millis(500), client.reader.receive()).await.is_err());
    assert_eq!(gateway.stored_replies(), 1);
}

/// A client that sends no whole command for too long is disconnected, even while it sends part of
/// one; no-ops count as commands.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_client_is_cut_off_without_a_whole_command() {
    let read = Duration::from_secs(2);
    let network = TestNetwork::start(&[1], RATES, |limits| ResourceLimits {
        timeouts: Timeouts { read, ..limits.timeouts },
        ..limits
    })
    .await;
    let mut client = connect_as(&network, &QUEUE, &link_key(&network)).await;
    let begun = Instant::now();
    while begun.elapsed() < read * 2 {
        client.send(&Command::NoOp).await;
        assert_eq!(client.reader.receive().await.unwrap(), Command::NoOp);
    }
    let begun = Instant::now();
    client.assert_closed_after_no_ops().await;
    assert!(begun.elapsed() > read / 2);
    let gateway = address_of(&network, &network.nodes[0]);
    let link = Link::client(limits(&network));
    let (mut stream, mut session) = TestLink::dial_raw(gateway, &link_key(&network), &QUEUE, link).await.unwrap();
    let mut frame = vec![0; link.buffer_len()];
    let frame = session.sender.seal(&Command::NoOp, &mut frame).unwrap();
    // a byte now and then
    let crumbs = async {
        for byte in frame.iter().take(frame.len() - 1) {
            if stream.write_all(&[*byte]).await.is_err() {
                return;
            }
            time::sleep(Duration::from_millis(50)).await;
        }
    };
    time::timeout(Duration::from_mins(1), crumbs).await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn answers_to_clients() {
    let network = TestNetwork::start(&[1], RATES, |limits| limits).await;
    let epoch = network.clock.epoch();
    let consensus = network.known.current.clone().unwrap();
    let link = Link::client(limits(&network)).with_document_bound(1 << 16);
    let gateway = address_of(&network, &network.nodes[0]);
    let mut client = TestLink::dial(gateway, &link_key(&network), &QUEUE, link).await.unwrap();
    // a packet that asks for an immediate reply gets an empty one
    let junk = vec![7; network.sphinx.geometry().packet_len()];
    client.send(&Command::SendRetrievePacket(&junk)).await;
    let answer = client.reader.receive().await.unwrap();
    let Command::SendRetrievePacketReply { surb_id, payload } = answer else { panic!("{answer:?}") };
    assert_eq!(*surb_id, [0; 16]);
    // the recorded reply has a length of 16: the padding is not part of the payload
    assert!(payload.is_empty());
    // a consensus in one command
    client.send(&Command::GetConsensus { epoch: epoch.0, padded: true }).await;
    let answer = client.reader.receive().await.unwrap();
    assert_eq!(answer, Command::Consensus { code: ConsensusStatus::Ok, payload: consensus.certificate() });
    for (epoch, code) in [(epoch.0 - 1, ConsensusStatus::Gone), (epoch.0 + 1, ConsensusStatus::NotFound)] {
        client.send(&Command::GetConsensus { epoch, padded: true }).await;
        assert_eq!(client.reader.receive().await.unwrap(), Command::Consensus { code, payload: &[] });
        client.send(&Command::GetConsensus2 { epoch }).await;
        let answer = Command::Consensus2 { code, chunk: 0, total: 1, payload: &[] };
        assert_eq!(client.reader.receive().await.unwrap(), answer);
    }
    // two requests at once are answered one after the other
    for _ in 0..2 {
        client.send(&Command::GetConsensus2 { epoch: epoch.0 }).await;
    }
    let mut lengths = Vec::new();
    for _ in 0..2 {
        let (mut next, mut length) = (0, 0);
        loop {
            match client.reader.receive().await.unwrap() {
                Command::Consensus2 { code: ConsensusStatus::Ok, chunk, total, payload } => {
                    assert_eq!(chunk, next);
                    (next, length) = (chunk + 1, length + payload.len());
                    if next == total {
                        break;
                    }
                }
                command => assert_eq!(command, Command::NoOp),
            }
        }
        lengths.push(length);
    }
    assert!(lengths[0] > 100 && lengths[0] == lengths[1], "{lengths:?}");
    // but not without limit
    for _ in 0..10 {
        if client.writer.send(&Command::GetConsensus { epoch: epoch.0, padded: true }).await.is_err() {
            break;
        }
    }
    let mut answers = 0;
    while let Ok(command) = client.reader.receive().await {
        answers += usize::from(command != Command::NoOp);
    }
    assert_eq!(answers, 5, "eight in all");
}

/// Commands that gateways do not serve, including those of other roles: one of them crashed the
/// reference's gateway.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn other_commands_end_the_connection_unanswered() {
    let network = TestNetwork::start(&[1], RATES, |limits| limits).await;
    let (limits, gateway) = (limits(&network), address_of(&network, &network.nodes[0]));
    let pki = Link::authority_client(PkiSizes { public_key: 32, document: 8000 });
    let payload = vec![1; limits.forward_payload + 32];
    for (link, command) in [
        (Link::client(limits), Command::RetrieveMessage { sequence: 1 }),
        (Link::client(limits), Command::Disconnect),
        (Link::gateway(limits), Command::Message { sequence: 1, surb_id: &[1; 16], payload: &payload }),
        (Link::gateway(limits), Command::Consensus2 { code: ConsensusStatus::Ok, chunk: 0, total: 1, payload: &[] }),
        (Link::replica(limits, 1000), Command::ReplicaDecoy),
        (pki, Command::GetVote { epoch: 1, public_key: &[1; 32] }),
        (pki, Command::PostDescriptor { epoch: 1, payload: &[1, 2, 3] }),
        (pki, Command::Vote(Statement { epoch: 1, public_key: &[1; 32], payload: &[1] })),
    ] {
        let mut client = TestLink::dial(gateway, &link_key(&network), &QUEUE, link).await.unwrap();
        client.send(&command).await;
        client.assert_closed_unanswered().await;
    }
    // the gateway still serves others
    let mut client = connect(&network, b'b').await;
    assert_eq!(client.reader.receive().await.unwrap(), Command::NoOp);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn any_name_is_a_clients_but_a_nodes_own() {
    let network = TestNetwork::start(&[1], RATES, |limits| limits).await;
    let gateway = address_of(&network, &network.nodes[0]);
    let mix = Arc::clone(&network.nodes[1]);
    let service = Arc::clone(&network.nodes[2]);
    for ad in [&[][..], &[0; 16], &[0xfe; 32], &[1; 33], mix.id().as_bytes(), service.id().as_bytes()] {
        let mut client = connect_as(&network, ad, &link_key(&network)).await;
        assert_eq!(client.reader.receive().await.unwrap(), Command::NoOp, "{} bytes", ad.len());
    }
    // unpadded no-ops are accepted
    let mut client = TestLink::dial_silently(gateway, &link_key(&network), &QUEUE).await.unwrap();
    for _ in 0..3 {
        client.send(&Command::NoOp).await;
        assert_eq!(client.reader.receive().await.unwrap(), Command::NoOp);
    }
    // a node that is not a neighbour is not accepted as a client either: it would be taken for a
    // fast client
    let link = Link::node(limits(&network));
    let as_service = TestLink::dial(gateway, &network.link_keys[2], service.id().as_bytes(), link).await;
    assert!(as_service.is_err());
    assert!(network.nodes[0].connections().refused.load(Relaxed) > 0);
}
