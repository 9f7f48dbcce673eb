//! Nodes and clients on real sockets.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::arithmetic_side_effects, reason = "a test may panic")]

mod hostile;
mod reference;

use core::{net::SocketAddr, sync::atomic::Ordering::Relaxed, time::Duration};
use mixwell_client::{Tally, Unanswered};
use mixwell_net::keys::{LinkKem, LinkKey};
use mixwell_node::{
    Node, ResourceLimits,
    counters::{DropReason, PacketEvent},
};
use mixwell_pki_types::{KeyHash, Rates};
use mixwell_sphinx::{RecipientId, SurbId};
use mixwell_testnet::{
    RATES, TestLink, TestNetwork,
    faults::{DELAY, Wrong},
};
use mixwell_wire::{Command, Link, PacketSizes, Timeouts};
use std::sync::Arc;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn messages_and_decoys_come_back_and_nothing_is_lost() {
    let network = TestNetwork::start(&[2, 2, 2], RATES, |limits| limits).await;
    let clients = [network.client(), network.client()];
    let mut replies = Vec::new();
    for number in 0..50_u32 {
        for client in &clients {
            let payload = number.to_be_bytes();
            replies.push((payload, client.queue(&payload).await.unwrap()));
        }
    }
    for (payload, reply) in replies {
        let reply = reply.await.unwrap();
        assert_eq!(reply.payload[..4], payload);
        assert!(reply.round_trip >= reply.delays);
    }
    for client in &clients {
        let tally = client.tally();
        let [replies, lost, changed, unknown] =
            [&tally.replies, &tally.lost, &tally.changed, &tally.unknown].map(|count| count.load(Relaxed));
        assert_eq!((replies, lost, changed, unknown), (50, 0, 0, 0));
    }
    for node in &network.nodes {
        let counters = node.counters();
        assert_eq!(counters.all_dropped(), 0, "{}: {counters:?}", node.name());
        // on a busy machine a node first forwards other nodes' packets
        counted(|| counters.of(PacketEvent::DecoyReturned), 1).await;
        assert_eq!(counters.dropped(DropReason::DecoyLost), 0);
    }
    let nodes = network.stop().await;
    assert!(nodes[0].counters().of(PacketEvent::Delivered) >= 100);
}

/// A client's observations of a network in which one mix misbehaves.
struct Seen {
    network: TestNetwork,
    /// Replies that were changed in transit.
    changed: usize,
    late: usize,
    /// The longest time that a round trip took beyond its delays.
    besides: Duration,
    tally: [u64; 3],
    wrongs: u64,
}

/// Sends messages through a network whose first mix misbehaves.
async fn with(wrong: Wrong) -> Seen {
    let network = TestNetwork::start(&[1, 1], RATES, |limits| limits).await;
    let client = network.client();
    assert!(client.send(b"before").await.is_ok());
    network.faults[1].set(Some(wrong));
    let mut replies = Vec::new();
    for number in 0..100_u32 {
        let payload = number.to_be_bytes();
        replies.push((payload, client.queue(&payload).await.unwrap()));
    }
    let (mut changed, mut late, mut besides) = (0, 0, Duration::ZERO);
    for (payload, reply) in replies {
        match reply.await {
            Ok(reply) => {
                assert_eq!(reply.payload[..4], payload, "a wrong message was delivered");
                assert!(reply.payload[4..].iter().all(|byte| *byte == 0));
                besides = besides.max(reply.round_trip.saturating_sub(reply.delays));
            }
            Err(Unanswered::Changed) => changed += 1,
            Err(Unanswered::Late) => late += 1,
            Err(error) => panic!("{error}"),
        }
    }
    let Tally { lost, changed: altered, unknown, .. } = &**client.tally();
    let tally = [lost, altered, unknown].map(|count| count.load(Relaxed));
    let wrongs = network.faults[1].done();
    network.faults[1].set(None);
    assert!(wrongs > 20, "{wrongs}");
    Seen { network, changed, late, besides, tally, wrongs }
}

impl Seen {
    /// Packets that all nodes together dropped for a reason.
    fn dropped(&self, reason: DropReason) -> u64 {
        self.network.nodes.iter().map(|node| node.counters().dropped(reason)).sum()
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_mix_that_drops_is_seen_by_who_waits_for_loops() {
    let seen = with(Wrong::Drop).await;
    let [lost, changed, unknown] = seen.tally;
    assert!(seen.late > 10 && seen.changed == 0 && lost >= seen.late as u64, "{} {lost}", seen.late);
    assert_eq!((changed, unknown), (0, 0));
    let others: u64 = DropReason::ALL
        .into_iter()
        .filter(|reason| *reason != DropReason::DecoyLost)
        .map(|reason| seen.dropped(reason))
        .sum();
    assert_eq!(others, 0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_mix_that_delays_is_seen_in_round_trips() {
    let seen = with(Wrong::Delay).await;
    assert_eq!((seen.changed, seen.tally[1], seen.tally[2]), (0, 0, 0));
    assert!(seen.besides >= DELAY, "{:?}", seen.besides);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_mix_that_replays_is_seen_by_the_next_hop_and_by_nobody_else() {
    let seen = with(Wrong::Replay).await;
    assert_eq!((seen.late, seen.changed, seen.tally), (0, 0, [0, 0, 0]));
    let replays = seen.dropped(DropReason::Replay);
    // one or two may still be in transit
    assert!(replays + 5 >= seen.wrongs && replays <= seen.network.faults[1].done(), "{replays} of {}", seen.wrongs);
    assert_eq!(seen.network.nodes[2].counters().dropped(DropReason::Replay), replays);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_mix_that_tampers_is_seen_by_the_next_hop_or_by_the_last() {
    let seen = with(Wrong::Tamper).await;
    assert_eq!(seen.tally[2], 0);
    assert!(seen.late > 0 && seen.changed as u64 <= seen.tally[1]);
    // changed headers fail at the next hop, changed payloads at the service or, on the way back, at
    // the client
    assert!(seen.network.nodes[2].counters().dropped(DropReason::Mac) > 5);
    let payloads = seen.network.nodes[3].counters().dropped(DropReason::Payload);
    assert!(payloads > 0 && payloads + seen.tally[1] > 5, "{payloads} {:?}", seen.tally);
}

/// The address on which a node of the network listens.
fn address_of(network: &TestNetwork, node: &Node) -> SocketAddr {
    let consensus = network.known.current.clone().unwrap();
    let document = consensus.document().unwrap();
    let listed = document.nodes().by_hash(KeyHash(*node.id().as_bytes())).unwrap();
    let address = listed.addresses().flat_map(|(_, list)| list).next().unwrap();
    address.strip_prefix("tcp://").unwrap().parse().unwrap()
}

/// A fresh link key.
fn link_key(network: &TestNetwork) -> LinkKey {
    LinkKey::generate(LinkKem::default(), &mut network.randomness.rng()).unwrap()
}

/// Connects to the gateway as a client with this queue id and key.
async fn connect_as(network: &TestNetwork, ad: &[u8], key: &LinkKey) -> TestLink {
    let link = Link::client(PacketSizes::from(network.sphinx.geometry()));
    TestLink::dial(address_of(network, &network.nodes[0]), key, ad, link).await.unwrap()
}

/// Connects to the gateway as a new client.
async fn connect(network: &TestNetwork, queue: u8) -> TestLink {
    connect_as(network, &[queue; 32], &link_key(network)).await
}

/// Connects to the gateway as a client and sends nothing more; returns the number of keep-alives
/// received until it was disconnected.
async fn listen_only(network: &TestNetwork, queue: u8) -> usize {
    let mut link = connect(network, queue).await;
    let mut signs = 0;
    while let Ok(command) = link.reader.receive().await {
        assert_eq!(command, Command::NoOp);
        signs += 1;
    }
    signs
}

/// Waits until the counter reaches `number`.
async fn counted(what: impl Fn() -> u64, number: u64) {
    let all = async {
        while what() < number {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    };
    assert!(tokio::time::timeout(Duration::from_secs(20), all).await.is_ok(), "{} of {number}", what());
}

/// Every packet that a client sends is counted as received, and as dropped if it is dropped; at a
/// stop, this includes packets that arrive then and replies in mailboxes.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_gateway_that_stops_accounts_for_all_that_has_come() {
    let no_decoys = Rates { lambda_m: 0.0, lambda_g: 0.0, ..RATES };
    let mut network = TestNetwork::start(&[1], no_decoys, |limits| limits).await;
    let gateway = Arc::clone(&network.nodes[0]);
    let counters = gateway.counters();
    let TestLink { mut reader, mut writer } = connect(&network, b'a').await;
    let junk = vec![7; network.sphinx.geometry().packet_len()];
    for _ in 0..200 {
        writer.send(&Command::SendPacket(&junk)).await.unwrap();
    }
    counted(|| counters.all_dropped(), 200).await;
    assert_eq!(counters.of(PacketEvent::Received), 200);
    assert!(counters.dropped(DropReason::RateLimit) > 0 && counters.dropped(DropReason::Malformed) > 0, "{counters:?}");

    // two replies for a client that is away, and one for this client, which does not acknowledge it
    let away = RecipientId([b'b'; 32]);
    let mut away_link = connect(&network, b'b').await;
    // the keep-alive shows that its mailbox is open
    away_link.reader.receive().await.unwrap();
    drop(away_link);
    for recipient in [away, away, RecipientId([b'a'; 32])] {
        gateway.store_reply(recipient, SurbId([1; 16]), &[]);
    }
    let refused = async {
        for _ in 0..10 {
            writer.send(&Command::SendPacket(&junk)).await.unwrap();
        }
        counted(|| counters.dropped(DropReason::Stopped), 10).await;
        while let Command::NoOp = reader.receive().await.unwrap() {}
    };
    tokio::join!(network.stop_gateway(), refused);
    assert_eq!(counters.of(PacketEvent::Received), 210);
    assert_eq!(counters.dropped(DropReason::Stopped), 10 + 3, "{counters:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_client_that_only_listens_keeps_its_place_for_a_while() {
    let read = Duration::from_secs(1);
    let network = TestNetwork::start(&[1], RATES, |limits| ResourceLimits {
        timeouts: Timeouts { read, ..limits.timeouts },
        clients_per_address: 1,
        ..limits
    })
    .await;
    let begun = std::time::Instant::now();
    // of two clients at once, one is rejected before it receives anything
    let (one, other) = tokio::time::timeout(Duration::from_mins(1), async {
        tokio::join!(listen_only(&network, b'a'), listen_only(&network, b'b'))
    })
    .await
    .unwrap();
    assert!(one.min(other) == 0 && one.max(other) >= 2, "{one} {other}");
    assert!(begun.elapsed() >= read);
    // the slot is free again
    assert!(listen_only(&network, b'c').await >= 2);
}
