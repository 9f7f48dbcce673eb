//! A network half ours, half of peers that behave as the reference's do: what the reference does
//! differently is no fault, and what ends its programs does not harm ours.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::arithmetic_side_effects, reason = "a test may panic")]

mod clients;
mod log;
mod network;

use clients::Clients;
use core::{sync::atomic::Ordering::Relaxed, time::Duration};
use log::Warnings;
use mixwell_net::keys::{LinkKem, LinkKey};
use mixwell_node::counters::DropReason;
use mixwell_testnet::{
    TestLink,
    reference::run::{NodeStats, RunningAuthority, RunningNode},
};
use mixwell_wire::{Command, Link, PacketSizes, PkiSizes};
use network::{MixedNetwork, TIMES};
use std::time::Instant;
use tokio::time;

/// The faults that nodes count: refused connections and packets that were lost on links.
#[derive(Debug, PartialEq, Eq)]
struct Faults {
    /// Of each node of ours: refused and evicted connections, packets dropped.
    ours: Vec<[u64; 3]>,
    /// Of each of theirs: refused peers, links lost before their time, links ended by a peer that
    /// spoke, connections closed by what a peer said, packets dropped.
    theirs: Vec<[u64; 5]>,
}

impl Faults {
    fn of(network: &MixedNetwork) -> Self {
        let ours = network.our_nodes.iter().map(|node| {
            let node = node.running.node();
            let [refused, evicted] = [&node.connections().refused, &node.connections().evicted];
            [refused.load(Relaxed), evicted.load(Relaxed), node.counters().all_dropped()]
        });
        let theirs = network.their_nodes.iter().map(|node| {
            let NodeStats { refused, lost, spoken_on, closed, .. } = node.stats();
            [refused, lost, spoken_on, closed, node.counts().dropped]
        });
        Self { ours: ours.collect(), theirs: theirs.collect() }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn half_ours_and_half_the_references_is_one_network() {
    let warnings = Warnings::collect();
    let mut network = MixedNetwork::start().await;
    until(&network, MixedNetwork::is_up).await;

    // all three authorities sign one consensus
    let epoch = network.clock.epoch();
    let (signers, certificate) = network.consensus_of(0, epoch).await.unwrap();
    assert_eq!(signers, 3);
    for authority in &network.their_authorities {
        assert_eq!(authority.consensus(epoch).as_ref(), Some(&certificate));
    }

    // clients of both kinds, at gateways of both kinds, over mixes and services of both kinds; the
    // pings last for more than two lifetimes of the reference's links
    let clients = Clients::start(&network).await;
    let faults = Faults::of(&network);
    let dialled: Vec<NodeStats> = network.their_nodes.iter().map(RunningNode::stats).collect();
    let begun = Instant::now();
    clients.ping(TIMES.link_life * 5 / 2).await;
    assert!(begun.elapsed() > TIMES.link_life * 2);
    assert_eq!(Faults::of(&network), faults, "{:?}", warnings.all());
    for (node, before) in network.their_nodes.iter().zip(dialled) {
        let (after, counts) = (node.stats(), node.counts());
        // two neighbours, two lifetimes
        assert!(after.expired >= before.expired + 4, "{}: {before:?} {after:?}", node.name());
        assert!(after.dialled >= before.dialled + 4, "{}: {before:?} {after:?}", node.name());
        assert!(counts.forwarded + counts.answered > 0, "{}: {counts:?}", node.name());
    }

    // a node that starts anew uploads its descriptor a second time
    let conflicts =
        |network: &MixedNetwork| network.their_authorities.iter().map(RunningAuthority::conflicts).sum::<u64>();
    assert_eq!(conflicts(&network), 0);
    network.restart(1).await;
    until(&network, |network| network.is_up() && conflicts(network) >= 2).await;
    clients.ping(Duration::ZERO).await;

    // the next epoch, too
    until(&network, |network| network.clock.epoch() > epoch).await;
    until(&network, MixedNetwork::is_up).await;
    assert_eq!(network.consensus_of(0, network.clock.epoch()).await.unwrap().0, 3);
    // our one authority asks those of the reference for a vote once an epoch, and not every second
    let epochs = network.clock.epoch().0 - epoch.0 + 2;
    for authority in &network.their_authorities {
        let refused = authority.refused_get_votes();
        assert!((1..=epochs).contains(&refused), "{refused} in {epochs} epochs");
    }

    // what ends a gateway of the reference does not harm ours
    kill(&network, 0).await;
    clients.ping(Duration::ZERO).await;
    let gateway = network.our_nodes[0].running.node();
    assert!(gateway.counters().dropped(DropReason::GroupElement) > 0);
    assert_eq!(warnings.all(), Vec::<String>::new());
    kill(&network, 1).await;
    until(&network, |network| network.their_nodes[0].has_crashed()).await;
    clients.of(0).ping(Duration::ZERO).await;
}

/// Sends a gateway what crashes the reference's: a packet whose group element is zero, and
/// `get_vote` (`docs/spec/network.md#nodes-and-nodes`).
async fn kill(network: &MixedNetwork, gateway: usize) {
    let address = network.gateways[gateway].addresses[0].resolve().await.unwrap()[0];
    let zeros = vec![0; network.network.geometry.packet_len()];
    let sizes = PacketSizes::from(&network.network.geometry);
    let pki = PkiSizes { public_key: 32, document: 8000 };
    for (queue, link, command) in [
        ([b'0'; 32], Link::client(sizes), Command::SendPacket(&zeros)),
        ([b'1'; 32], Link::authority_client(pki), Command::GetVote { epoch: 1, public_key: &[1; 32] }),
    ] {
        let key = LinkKey::generate(LinkKem::default(), &mut network.randomness.rng()).unwrap();
        // the reference's may be gone after the first
        let Ok(mut client) = TestLink::dial(address, &key, &queue, link).await else { continue };
        if client.writer.send(&command).await.is_ok() {
            let _ = time::timeout(Duration::from_secs(1), client.assert_closed_after_no_ops()).await;
        }
    }
}

/// Waits until the network is in a state.
async fn until(network: &MixedNetwork, is_so: impl Fn(&MixedNetwork) -> bool) {
    let begun = Instant::now();
    while !is_so(network) {
        assert!(begun.elapsed() < Duration::from_mins(2), "{:?}", Faults::of(network));
        time::sleep(Duration::from_millis(20)).await;
    }
}
