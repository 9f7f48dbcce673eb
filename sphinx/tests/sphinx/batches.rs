//! A packet in a batch gives the same result as the packet alone, whatever its contents.

use crate::network::Network;
use crate::schemes::for_every_scheme;
use crate::side_by_side::same;
use mixwell_pq_kem::{Adapter, MlKem768, MlKem768X448, MlKem768X25519, X448, X25519, XWing};
use mixwell_sphinx::{Action, BatchSlot, FinishError, Geometry, Kem, Message, OpenError, Opened, Scheme, SurbId};
use proptest::prelude::*;

/// Packets for each path length, a reply, and every kind of bad packet.
fn packets<S: Scheme>(network: &mut Network<S>, geometry: &Geometry) -> Vec<Option<Vec<u8>>> {
    let hops = Network::hops(&network.public_keys, 3);
    let message = Message { surb: None, user_payload: b"one of many" };
    let mut packet = |hops: usize| {
        let mut packet = vec![0; geometry.packet_len()];
        let hops = Network::hops(&network.public_keys, hops);
        network.sphinx.wrap_message(&Network::path(&hops), &message, &mut network.rng, &mut packet).unwrap();
        packet
    };
    let good = packet(3);
    let mut packets: Vec<_> = [3, 1, 2, 3, 3].map(|hops| Some(packet(hops))).to_vec();
    let changed = |at: usize| {
        let mut packet = good.clone();
        packet[at] ^= 1;
        Some(packet)
    };
    let element = geometry.scheme().element_len();
    // version, group element, routing info, MAC, payload
    packets.extend([changed(0), changed(5), changed(2 + element), changed(geometry.header_len() - 1)]);
    packets.extend([changed(geometry.header_len()), changed(geometry.packet_len() - 1)]);
    let mut no_secret = good.clone();
    no_secret[2..2 + element].fill(0);
    let mut changed_last = packet(1);
    changed_last[geometry.packet_len() - 1] ^= 1;
    packets.extend([Some(no_secret), Some(good[1..].to_vec()), Some(vec![]), None, Some(changed_last)]);

    let mut surb = vec![0; geometry.surb_len()];
    let _ = network.sphinx.new_surb(&Network::path(&hops), SurbId([6; 16]), &mut network.rng, &mut surb).unwrap();
    let mut reply = vec![0; geometry.packet_len()];
    network.sphinx.wrap_reply(&surb, b"an answer", &mut reply).unwrap();
    packets.extend([Some(reply), Some(good)]);
    packets
}

fn every_kind<S: Scheme>() {
    let geometry = Geometry::of::<S>(3, 100, true).unwrap();
    let mut network = Network::<S>::new(geometry, 11);
    let mut packets = packets(&mut network, &geometry);
    // the keys of three epochs; most packets are for the second
    let [first, second, third] = &network.private_keys[..] else { panic!("three hops") };
    let keys = [third, first, second];
    for _ in 0..3 {
        let _ = same::<S, 1>(&network.sphinx, &packets[..1], &[first]);
        let _ = same::<S, 8>(&network.sphinx, &packets[..8], &keys[1..2]);
        let _ = same::<S, 8>(&network.sphinx, &packets[8..16], &keys);
        let _ = same::<S, 3>(&network.sphinx, &packets[..3], &[]);
        // each round removes one layer
        packets = same::<S, 24>(&network.sphinx, &packets, &keys);
    }
}

#[test]
fn every_scheme() {
    for_every_scheme!(every_kind());
}

/// Lengths below, at and beyond the width of the lanes, in every phase of good and bad packets.
#[test]
fn slices_of_every_length() {
    let geometry = Geometry::of::<X25519>(3, 100, true).unwrap();
    let mut network = Network::<X25519>::new(geometry, 12);
    let packets = packets(&mut network, &geometry);
    let [first, second, third] = &network.private_keys[..] else { panic!("three hops") };
    for from in 0..packets.len() {
        for to in from..=packets.len() {
            let _ = same::<X25519, 0>(&network.sphinx, &packets[from..to], &[second, first, third]);
        }
    }
}

/// A slot that is not a packet, or not opened, stays as it is.
#[test]
fn other_slots_stay() {
    let geometry = Geometry::of::<X25519>(3, 100, true).unwrap();
    let network = Network::<X25519>::new(geometry, 13);
    let (mut packet, mut other) = (vec![0; geometry.packet_len()], vec![0; geometry.packet_len()]);
    let hops = Network::hops(&network.public_keys, 3);
    let message = Message { surb: None, user_payload: b"" };
    network.sphinx.wrap_message(&Network::path(&hops), &message, &mut network.rng.clone(), &mut packet).unwrap();
    let mut batch = [
        BatchSlot::NotOpened(OpenError::Version { got: 1 }),
        BatchSlot::Packet(&mut packet),
        BatchSlot::NotFinished(FinishError::PayloadTag),
        BatchSlot::Empty,
    ];
    network.sphinx.open_slice(&mut batch, &[&network.private_keys[0]]);
    network.sphinx.open_slice(&mut batch, &[&network.private_keys[1]]);
    batch[3] = BatchSlot::Packet(&mut other);
    Opened::finish_slice(&mut batch);
    let [
        BatchSlot::NotOpened(OpenError::Version { got: 1 }),
        BatchSlot::Finished(Action::Forward { .. }),
        BatchSlot::NotFinished(FinishError::PayloadTag),
        BatchSlot::Packet(_),
    ] = batch
    else {
        panic!("{batch:?}")
    };
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn any_change_anywhere(changes in prop::collection::vec((0..500usize, any::<u8>()), 8), seed in any::<u64>()) {
        let geometry = Geometry::of::<X25519>(3, 20, true).unwrap();
        let mut network = Network::<X25519>::new(geometry, seed);
        let hops = Network::hops(&network.public_keys, 3);
        let message = Message { surb: None, user_payload: b"" };
        let packets: Vec<_> = changes.into_iter().map(|(at, bits)| {
            let mut packet = vec![0; geometry.packet_len()];
            network.sphinx.wrap_message(&Network::path(&hops), &message, &mut network.rng, &mut packet).unwrap();
            packet[at] ^= bits;
            Some(packet)
        }).collect();
        let _ = same::<X25519, 8>(&network.sphinx, &packets, &[&network.private_keys[0]]);
    }
}
