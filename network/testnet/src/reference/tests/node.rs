//! Packets, uploads and requests of a node; a network of one gateway, two mixes and a service node.

use crate::{
    Plan, RATES,
    reference::{
        Times,
        neighbours::Neighbours,
        packets::{Counts, Fate, Packets},
        uploads::{ConsensusRequests, Uploads},
    },
};
use core::time::Duration;
use mixwell_net::{
    clock::Clock,
    codec::packet_codec,
    compose::{self, Buffers, MessageSpec, RoutingView, Sender},
    directory::Consensuses,
    node_kind::NodeKind,
    randomness::Randomness,
};
use mixwell_pki_types::{Epoch, KeyHash};
use mixwell_pq_kem::X25519;
use mixwell_sphinx::{Geometry, RecipientId, Sphinx, SurbId};

/// A network whose nodes hold the model's mix keys: the gateway first, the service node last.
pub(super) struct Net {
    pub(super) ids: Vec<KeyHash>,
    pub(super) link_keys: Vec<Vec<u8>>,
    pub(super) known: Consensuses,
    pub(super) clock: Clock,
    nodes: Vec<Packets>,
    sphinx: Sphinx<X25519>,
}

pub(super) fn start() -> Net {
    let geometry = Geometry::of::<X25519>(4, 500, true).unwrap();
    let sphinx = Sphinx::new(geometry).unwrap();
    let mut rng = Randomness::from_seed(4).rng();
    let mut nodes: Vec<Packets> = [NodeKind::Gateway, NodeKind::Mix, NodeKind::Mix, NodeKind::Service]
        .into_iter()
        .map(|kind| Packets::new(kind, sphinx, Times::REFERENCE))
        .collect();
    let plan = Plan::with_listed_keys(geometry, (1, &[1, 1]), RATES, |number, epoch| {
        nodes[number].advance(epoch, &mut rng);
        Some(nodes[number].public_keys(epoch))
    });
    let ids = plan.nodes.iter().map(|node| KeyHash(node.id.0)).collect();
    let link_keys = plan.nodes.iter().map(|node| node.link_key.public().to_vec()).collect();
    Net { ids, link_keys, known: plan.known, clock: plan.clock, nodes, sphinx }
}

impl Net {
    pub(super) fn now(&self) -> Duration {
        self.clock.eighths_into(self.known.epoch, 2)
    }

    pub(super) const fn period(&self) -> Duration {
        self.clock.period().duration()
    }

    pub(super) fn neighbours(&self, node: usize) -> Neighbours {
        Neighbours::new(self.ids[node], &self.known, self.clock)
    }

    pub(super) fn neighbours_without_a_consensus(&self, node: usize) -> Neighbours {
        let known = Consensuses { epoch: self.known.epoch, ..Consensuses::default() };
        Neighbours::new(self.ids[node], &known, self.clock)
    }

    /// A client's packet to the echo service, and the keys of its reply.
    fn packet(&self, seed: u64, message: &[u8]) -> (Vec<u8>, mixwell_sphinx::SurbKeys) {
        let mut rng = Randomness::from_seed(seed).rng();
        let geometry = *self.sphinx.geometry();
        let codec = packet_codec(geometry).unwrap();
        let consensus = self.known.current.as_ref().unwrap();
        let document = consensus.document().unwrap();
        let gateway = document.gateways().next().unwrap();
        let (service, endpoint) = compose::service(&document, "echo", &mut rng).unwrap();
        let (mut surb, mut packet) = (vec![0; geometry.surb_len()], vec![0; geometry.packet_len()]);
        let spec = MessageSpec {
            sender: Sender::ClientOf(gateway),
            service,
            endpoint,
            owner: RecipientId([b'q'; 32]),
            surb_id: SurbId([9; 16]),
            payload: message,
        };
        let view = RoutingView { document, period: self.clock.period(), departure: self.now() };
        let mut buffers = Buffers { surb: &mut surb, packet: &mut packet };
        let composed = compose::compose(&*codec, view, &spec, &mut buffers, &mut rng).unwrap();
        (packet, composed.keys)
    }

    /// Passes a packet on until it ends; the fate at its last node, and the number of hops.
    fn carry(&mut self, mut node: usize, mut packet: Vec<u8>) -> (Fate, usize) {
        let (epoch, mut now, mut hops) = (self.known.epoch, self.now(), 1);
        loop {
            let fate = self.nodes[node].receive(now, epoch, packet);
            let Some(due) = self.nodes[node].next_due() else { return (fate, hops) };
            assert!(due > now);
            assert!(self.nodes[node].due(now).is_empty(), "not before its delay is over");
            now = due;
            let (next_hop, sent) = self.nodes[node].due(now).pop().unwrap();
            node = self.ids.iter().position(|id| id.0 == next_hop.0).unwrap();
            (packet, hops) = (sent, hops + 1);
        }
    }
}

#[tokio::test]
async fn a_ping_goes_through_four_nodes_and_comes_back() {
    let mut net = start();
    let (packet, keys) = net.packet(1, b"hello");
    let (fate, hops) = net.carry(0, packet.clone());
    let Fate::Reply { recipient, surb_id, mut payload } = fate else { panic!("{fate:?}") };
    assert_eq!((recipient.0, surb_id, hops), ([b'q'; 32], [9; 16], 7));
    assert!(keys.open(&mut payload).unwrap().starts_with(b"hello\0"));
    assert_eq!(net.nodes[3].counts(), Counts { answered: 1, ..Counts::default() });
    // a replay
    assert_eq!(net.carry(0, packet), (Fate::Done, 1));
    assert_eq!(net.nodes[0].counts(), Counts { forwarded: 1, replies: 1, dropped: 1, ..Counts::default() });
}

#[tokio::test]
async fn a_packet_that_is_none_or_late_is_dropped_and_zeros_end_a_gateway() {
    let mut net = start();
    let (now, epoch) = (net.now(), net.known.epoch);
    let (packet, _) = net.packet(2, b"late");
    let (gateway, rest) = net.nodes.split_first_mut().unwrap();
    assert_eq!(gateway.receive(now, epoch, vec![7; packet.len()]), Fate::Done);
    assert_eq!(gateway.receive(now, epoch, packet), Fate::Done);
    let late = gateway.next_due().unwrap() + Times::REFERENCE.release_slack + Duration::from_millis(1);
    assert!(gateway.due(late).is_empty());
    assert_eq!(gateway.counts(), Counts { forwarded: 1, dropped: 2, ..Counts::default() });
    let zeros = vec![0; net.sphinx.geometry().packet_len()];
    assert_eq!(gateway.receive(now, epoch, zeros.clone()), Fate::Crash);
    assert_eq!(rest[0].receive(now, epoch, zeros), Fate::Done);
}

#[tokio::test]
async fn keys_of_the_epochs_before_and_after_open_packets_too() {
    let mut net = start();
    let (packet, _) = net.packet(3, b"early");
    let epoch = net.known.epoch;
    for (at, forwarded) in [(epoch.plus(2), 0), (Epoch(epoch.0 - 2), 0), (epoch.plus(1), 1)] {
        net.nodes[0].receive(net.clock.eighths_into(epoch, 2), at, packet.clone());
        assert_eq!(net.nodes[0].counts().forwarded, forwarded, "{at}");
    }
    let mut rng = Randomness::from_seed(5).rng();
    let before = net.nodes[0].public_keys(epoch.plus(1));
    net.nodes[0].advance(epoch.plus(1), &mut rng);
    assert_eq!(net.nodes[0].public_keys(epoch.plus(1)), before, "keys stay");
    net.nodes[0].advance(epoch.plus(3), &mut rng);
    assert_eq!(net.nodes[0].public_keys(epoch).keys().collect::<Vec<_>>(), [&epoch.plus(2)], "older ones are gone");
}

#[test]
fn uploads_are_for_the_next_epoch_once_an_epoch() {
    let clock = Clock::new(mixwell_pki_types::Period::default());
    let begin = clock.eighths_into(Epoch(100), 3);
    let turn = |epoch| clock.eighths_into(Epoch(epoch), 0) + Times::REFERENCE.upload_delay;
    let mut uploads = Uploads::new(begin, clock, Times::REFERENCE);
    assert_eq!(uploads.next(begin), (begin, Epoch(101)));
    // an authority that is down: 2, 4, … 20 s
    let mut now = begin;
    let mut pauses = Vec::new();
    for _ in 0..12 {
        uploads.failed(now);
        let (due, epoch) = uploads.next(now);
        assert_eq!(epoch, Epoch(101));
        pauses.push(due.saturating_sub(now).as_secs());
        now = due;
    }
    assert_eq!(pauses, [2, 4, 6, 8, 10, 12, 14, 16, 18, 20, 20, 20]);
    uploads.answered();
    assert_eq!(uploads.next(now), (turn(101), Epoch(102)));
    assert_eq!(uploads.next(turn(101)), (turn(101), Epoch(102)));
    uploads.answered();
    assert_eq!(uploads.next(turn(101)), (turn(102), Epoch(103)));
}

#[tokio::test]
async fn a_node_asks_at_its_start_at_five_eighths_and_at_the_turn() {
    let net = start();
    let (clock, epoch) = (net.clock, net.known.epoch);
    let none = Consensuses { epoch, ..Consensuses::default() };
    let mut requests = ConsensusRequests::new(clock);
    let now = net.now();
    assert_eq!(requests.next(now, &none), Ok(epoch));
    assert_eq!(requests.next(now, &none), Err(now + clock.sixteenth()));
    let five = clock.eighths_into(epoch, 5);
    assert_eq!(requests.next(now, &net.known), Err(five));
    assert_eq!(requests.next(five, &net.known), Ok(epoch.plus(1)));
    let turn = clock.eighths_into(epoch.plus(1), 0);
    assert_eq!(requests.next(five, &net.known), Err(turn), "once before the turn");
    let later = net.known.at(epoch.plus(1));
    assert_eq!(requests.next(turn, &later), Ok(epoch.plus(1)));
    assert_eq!(requests.next(turn, &later), Err(turn + clock.sixteenth()));
}
