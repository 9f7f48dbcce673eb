//! A mix's behaviour as nodes of the reference expect it, and hostile input.

use crate::alone::{LINKS, Neighbours, Planned, geometry, plan, runtime, start};
use core::{sync::atomic::Ordering::Relaxed, time::Duration};
use mixwell_net::{
    keys::{LinkKem, LinkKey},
    randomness::Randomness,
};
use mixwell_node::{
    Node,
    counters::{DropReason, PacketEvent},
};
use mixwell_testnet::{Plan, TestLink};
use mixwell_wire::{Command, Link, PkiSizes};
use std::{sync::Arc, time::Instant};
use tokio::{sync::watch, time};

/// A mix and its neighbours' keys.
struct Alone {
    node: Arc<Node>,
    neighbours: Neighbours,
    stop: watch::Sender<bool>,
    _plan: Plan,
}

impl Alone {
    fn start() -> Self {
        let (plan, mix, neighbours): (Plan, Planned, _) = plan(geometry(500), 0, |_| LINKS);
        let (stop, stopped) = watch::channel(false);
        let (node, _) = start(&plan, mix, stopped);
        Self { node, neighbours, stop, _plan: plan }
    }

    /// Connects as one of the gateways before the mix, with any link.
    async fn dial(&self, gateway: usize, link: Link) -> TestLink {
        let neighbour = &self.neighbours.nodes[gateway];
        TestLink::dial(self.neighbours.mix.2, &neighbour.key, neighbour.id.as_bytes(), link).await.unwrap()
    }

    async fn dial_silently(&self, gateway: usize) -> TestLink {
        let neighbour = &self.neighbours.nodes[gateway];
        TestLink::dial_silently(self.neighbours.mix.2, &neighbour.key, neighbour.id.as_bytes()).await.unwrap()
    }

    fn link(&self) -> Link {
        Link::node(self.neighbours.sizes)
    }

    fn junk(&self) -> Vec<u8> {
        vec![7; self.neighbours.sizes.packet]
    }

    /// Waits until `number` packets were received.
    async fn received(&self, number: u64) {
        let begun = Instant::now();
        while self.node.counters().of(PacketEvent::Received) < number {
            assert!(begun.elapsed() < Duration::from_secs(20), "{:?}", self.node.counters());
            time::sleep(Duration::from_millis(5)).await;
        }
    }

    /// Waits until `number` peers are connected.
    async fn open(&self, number: u64) {
        let begun = Instant::now();
        while self.node.connections().open.load(Relaxed) != number {
            assert!(begun.elapsed() < Duration::from_secs(20), "{:?}", self.node.connections());
            time::sleep(Duration::from_millis(5)).await;
        }
    }
}

#[test]
fn a_mix_sends_nothing_after_its_first_no_op() {
    runtime().block_on(async {
        let alone = Alone::start();
        let mut link = alone.dial(0, alone.link()).await;
        let junk = alone.junk();
        // no-ops are ignored, and malformed packets are dropped
        for _ in 0..3 {
            link.send(&Command::NoOp).await;
            link.send(&Command::SendPacket(&junk)).await;
        }
        alone.received(3).await;
        assert_eq!(alone.node.counters().dropped(DropReason::Malformed), 3);
        assert!(time::timeout(Duration::from_secs(1), link.reader.receive()).await.is_err());
        // the mix sends nothing when it stops either
        alone.stop.send_replace(true);
        link.assert_closed_unanswered().await;
    });
}

/// Such a packet crashed the reference's nodes: its group element is zero, and no key exchange may
/// succeed with it.
#[test]
fn packets_with_a_group_element_of_zeros_are_dropped() {
    runtime().block_on(async {
        let alone = Alone::start();
        let mut link = alone.dial(0, alone.link()).await;
        let zeros = vec![0; alone.neighbours.sizes.packet];
        let mut zero_element = alone.junk();
        // the version and the group element
        zero_element[..34].fill(0);
        for _ in 0..20 {
            for packet in [&zeros, &zero_element] {
                link.send(&Command::SendPacket(packet)).await;
            }
        }
        alone.received(40).await;
        let counters = alone.node.counters();
        assert_eq!((counters.all_dropped(), counters.dropped(DropReason::GroupElement)), (40, 40), "{counters:?}");
        link.send(&Command::NoOp).await;
        assert!(time::timeout(Duration::from_millis(200), link.reader.receive()).await.is_err(), "the link stays");
    });
}

#[test]
fn other_commands_end_a_link_unanswered() {
    runtime().block_on(async {
        let alone = Alone::start();
        let sizes = alone.neighbours.sizes;
        let pki = Link::authority_client(PkiSizes { public_key: 32, document: 8000 });
        let junk = alone.junk();
        for (link, command) in [
            (Link::node(sizes), Command::Disconnect),
            (Link::client(sizes), Command::GetConsensus2 { epoch: 1 }),
            (Link::client(sizes), Command::GetConsensus { epoch: 1, padded: true }),
            (Link::client(sizes), Command::SendRetrievePacket(&junk)),
            (Link::client(sizes), Command::MessageDelivered { sequence: 1 }),
            (pki, Command::GetVote { epoch: 1, public_key: &[1; 32] }),
            (pki, Command::PostDescriptor { epoch: 1, payload: &[1, 2, 3] }),
        ] {
            let mut peer = alone.dial(0, link).await;
            peer.send(&command).await;
            peer.assert_closed_unanswered().await;
        }
        assert_eq!(alone.node.counters().all_dropped(), 0);
    });
}

#[test]
fn who_may_not_connect_to_a_mix_is_refused_after_message_3() {
    runtime().block_on(async {
        let alone = Alone::start();
        let stranger = LinkKey::generate(LinkKem::default(), &mut Randomness::from_seed(5).rng()).unwrap();
        let (mix, gateway) = (alone.neighbours.mix.2, &alone.neighbours.nodes[0]);
        let service = &alone.neighbours.nodes[LINKS];
        for (key, ad) in [
            (&stranger, &[b'a'; 32]),
            (&stranger, gateway.id.as_bytes()),
            (&gateway.key, alone.neighbours.nodes[1].id.as_bytes()),
        ] {
            assert!(TestLink::dial(mix, key, ad, alone.link()).await.is_err());
        }
        // a service node precedes the first layer, as a gateway does
        assert!(TestLink::dial(mix, &service.key, service.id.as_bytes(), alone.link()).await.is_ok());
    });
}

/// A node of the reference that reconnects and has nothing to send.
#[test]
fn a_silent_link_replaces_nothing_until_its_first_frame() {
    runtime().block_on(async {
        let alone = Alone::start();
        let junk = alone.junk();
        let mut older = alone.dial(0, alone.link()).await;
        alone.open(1).await;
        let mut newer = alone.dial_silently(0).await;
        for number in 1..=20 {
            older.send(&Command::SendPacket(&junk)).await;
            alone.received(number).await;
        }
        assert_eq!(alone.node.connections().open.load(Relaxed), 1);
        assert_eq!(alone.node.connections().unproven.load(Relaxed), 1);
        newer.send(&Command::NoOp).await;
        older.assert_closed_unanswered().await;
        alone.open(1).await;
        assert_eq!(alone.node.connections().unproven.load(Relaxed), 0);
        assert!(time::timeout(Duration::from_millis(500), newer.reader.receive()).await.is_err(), "it stays");
    });
}

/// Nodes of the reference reconnect every two minutes, and their last packets may still be in
/// transit.
#[test]
fn packets_of_a_link_that_is_superseded_are_not_lost() {
    const PACKETS: u64 = 100;
    runtime().block_on(async {
        let alone = Alone::start();
        let junk = alone.junk();
        let mut sent = 0;
        let mut older = alone.dial(0, alone.link()).await;
        for _ in 0..5 {
            for _ in 0..PACKETS {
                older.send(&Command::SendPacket(&junk)).await;
            }
            sent += PACKETS;
            let newer = alone.dial(0, alone.link()).await;
            drop(core::mem::replace(&mut older, newer));
        }
        alone.received(sent).await;
        assert_eq!(alone.node.counters().dropped(DropReason::Malformed), sent);
    });
}
