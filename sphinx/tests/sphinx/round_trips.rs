//! Packets, SURBs and replies along whole paths, for any geometry, path length and payload.

use crate::network::{Network, RECIPIENT, node};
use crate::schemes::for_every_scheme;
use mixwell_pq_kem::{Adapter, MlKem768, MlKem768X448, MlKem768X25519, X448, X25519, XWing};
use mixwell_sphinx::{Action, FinishError, Geometry, Kem, Message, OpenError, ReplyError, Scheme, SurbId};
use proptest::prelude::*;

/// A message with a SURB to the last node, and the reply back.
fn there_and_back<S: Scheme>(most_hops: usize, hops: usize, user_payload: &[u8], answer: &[u8], seed: u64) {
    let geometry = Geometry::of::<S>(most_hops, user_payload.len() + 7, true).unwrap();
    let mut network = Network::<S>::new(geometry, seed);
    let hop_list = Network::hops(&network.public_keys, hops);
    let path = Network::path(&hop_list);

    let mut surb = vec![0; geometry.surb_len()];
    let keys = network.sphinx.new_surb(&path, SurbId([5; 16]), &mut network.rng, &mut surb).unwrap();
    assert_eq!(keys.as_bytes().len(), 64 * (hops + 1));
    let stored = network.sphinx.surb_keys(keys.as_bytes()).unwrap();

    let mut packet = vec![0; geometry.packet_len()];
    let message = Message { surb: Some(&surb), user_payload };
    network.sphinx.wrap_message(&path, &message, &mut network.rng, &mut packet).unwrap();
    let Action::Deliver { recipient, payload, .. } = network.carry(&mut packet, hops) else { panic!("not delivered") };
    assert_eq!(recipient, RECIPIENT);
    let received = Message::parse(&geometry, payload).unwrap();
    assert_eq!(received.surb, Some(&surb[..]));
    assert_eq!(received.user_payload[..user_payload.len()], *user_payload);
    assert_eq!(received.user_payload[user_payload.len()..], [0; 7]);

    let answer = &answer[..answer.len().min(geometry.forward_payload_len())];
    let mut packet = vec![0; geometry.packet_len()];
    let first_hop = network.sphinx.wrap_reply(received.surb.unwrap(), answer, &mut packet).unwrap();
    assert_eq!(first_hop, node(0));
    let Action::Reply { recipient, surb_id, payload, .. } = network.carry(&mut packet, hops) else {
        panic!("no reply")
    };
    assert_eq!((recipient, surb_id), (RECIPIENT, SurbId([5; 16])));
    let mut again = payload.to_vec();
    for (keys, payload) in [(keys, payload), (stored, &mut again[..])] {
        let opened = keys.open(payload).unwrap();
        assert_eq!(opened.len(), geometry.forward_payload_len());
        assert_eq!(opened[..answer.len()], *answer);
        assert!(opened[answer.len()..].iter().all(|byte| *byte == 0));
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn x25519(
        (most_hops, hops) in (1..=20usize).prop_flat_map(|most| (Just(most), 1..=most)),
        user_payload in prop::collection::vec(any::<u8>(), 0..600),
        answer in prop::collection::vec(any::<u8>(), 0..600),
        seed in any::<u64>(),
    ) {
        there_and_back::<X25519>(most_hops, hops, &user_payload, &answer, seed);
    }

    /// A payload that is changed on the way is detected at the last hop and not before.
    #[test]
    fn a_changed_payload_is_found_out_at_the_last_hop(
        hop in 0..5usize, byte in 0..2606usize, bit in 0..8u8, seed in any::<u64>(),
    ) {
        let geometry = Geometry::of::<X25519>(5, 2000, true).unwrap();
        let mut network = Network::<X25519>::new(geometry, seed);
        let hops = Network::hops(&network.public_keys, 5);
        let mut packet = vec![0; geometry.packet_len()];
        let message = Message { surb: None, user_payload: b"to be changed" };
        network.sphinx.wrap_message(&Network::path(&hops), &message, &mut network.rng, &mut packet).unwrap();
        for i in 0..5 {
            if i == hop {
                packet[geometry.header_len() + byte] ^= 1 << bit;
            }
            let result = network.sphinx.open(&mut packet, &network.private_keys[i]).unwrap().finish();
            match result {
                Ok(Action::Forward { .. }) => prop_assert!(i < 4),
                other => prop_assert_eq!((i, other.err()), (4, Some(FinishError::PayloadTag))),
            }
        }
    }

    /// A changed header gives a MAC error at every hop, not only at the first.
    #[test]
    fn a_changed_header_is_found_out_at_once(
        hop in 0..5usize, bit in 16..476 * 8usize, seed in any::<u64>(),
    ) {
        let geometry = Geometry::of::<X25519>(5, 100, true).unwrap();
        let mut network = Network::<X25519>::new(geometry, seed);
        let hops = Network::hops(&network.public_keys, 5);
        let mut packet = vec![0; geometry.packet_len()];
        let message = Message { surb: None, user_payload: b"" };
        network.sphinx.wrap_message(&Network::path(&hops), &message, &mut network.rng, &mut packet).unwrap();
        for i in 0..hop {
            let _ = network.sphinx.open(&mut packet, &network.private_keys[i]).unwrap().finish().unwrap();
        }
        packet[bit / 8] ^= 1 << (bit % 8);
        let changed = packet.clone();
        prop_assert_eq!(network.sphinx.open(&mut packet, &network.private_keys[hop]).err(), Some(OpenError::Mac));
        prop_assert_eq!(packet, changed);
    }

    /// A reply that was changed anywhere, even after the last hop, cannot be read.
    #[test]
    fn a_changed_answer_is_found_out(byte in any::<prop::sample::Index>(), bit in 0..8u8, seed in any::<u64>()) {
        let geometry = Geometry::of::<X25519>(3, 50, true).unwrap();
        let mut network = Network::<X25519>::new(geometry, seed);
        let hops = Network::hops(&network.public_keys, 3);
        let mut surb = vec![0; geometry.surb_len()];
        let path = Network::path(&hops);
        let keys = network.sphinx.new_surb(&path, SurbId([5; 16]), &mut network.rng, &mut surb).unwrap();
        let mut packet = vec![0; geometry.packet_len()];
        network.sphinx.wrap_reply(&surb, b"answer", &mut packet).unwrap();
        let Action::Reply { payload, .. } = network.carry(&mut packet, 3) else { panic!("no reply") };
        payload[byte.index(payload.len())] ^= 1 << bit;
        prop_assert_eq!(keys.open(payload).err(), Some(ReplyError::PayloadTag));
        prop_assert!(payload.iter().all(|byte| *byte == 0), "wiped");
    }
}

#[test]
fn every_scheme_and_path_length() {
    for hops in 1..=5 {
        for_every_scheme!(there_and_back(5, hops, b"question", b"answer", 1));
    }
}

#[test]
fn the_longest_path_there_can_be() {
    let most = mixwell_sphinx::MAX_HOPS;
    there_and_back::<X25519>(most, most, b"question", b"answer", 1);
}

#[test]
fn headers_of_unused_hops_are_random() {
    // a one-hop packet must not show that the other four blocks are unused
    let geometry = Geometry::of::<X25519>(5, 10, true).unwrap();
    let mut network = Network::<X25519>::new(geometry, 7);
    let hops = Network::hops(&network.public_keys, 1);
    let message = Message { surb: None, user_payload: b"" };
    let mut packets = [vec![0; geometry.packet_len()], vec![0; geometry.packet_len()]];
    for packet in &mut packets {
        network.sphinx.wrap_message(&Network::path(&hops), &message, &mut network.rng, packet).unwrap();
    }
    let same = packets[0].iter().zip(&packets[1]).filter(|(a, b)| a == b).count();
    // the two version bytes, and 1 in 256 of the rest by chance
    assert!(same < 2 + geometry.packet_len() / 64, "{same} of {} bytes are the same", geometry.packet_len());
}
