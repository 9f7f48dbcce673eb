//! A node's packet processing in virtual time.
#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    clippy::similar_names,
    reason = "a test may panic"
)]

mod network;

use crate::mix::*;
use mixwell_pki_types::Epoch;
use mixwell_sphinx::{Message, Path};
use network::{ECHO, GATEWAY, MIX, Net, OWNER, PERIOD, Public, SERVICE};
use rand_core::{Rng as _, SeedableRng as _};
use tokio::time;

#[test]
fn a_request_and_its_reply_each_hop_in_its_time() {
    let mut net = Net::new(100);
    let (packet, keys) = net.request(Some(50), ECHO, true);
    let (wake, reply) = net.receive(MIX, &packet, 3);
    assert!(wake && reply.is_none());
    net.wait(46);
    assert!(net.due(MIX).is_none(), "49 ms after its arrival");
    net.wait(1);
    let (next, packet) = net.due(MIX).unwrap();
    assert_eq!(next, net.nodes[SERVICE].id);

    net.receive(SERVICE, &packet, 0);
    assert_eq!(net.nodes[SERVICE].mix.counters().of(PacketEvent::Answered), 1);
    net.wait(29);
    assert!(net.due(SERVICE).is_none());
    net.wait(1);
    let (next, packet) = net.due(SERVICE).unwrap();
    assert_eq!(next, net.nodes[MIX].id);

    net.receive(MIX, &packet, 0);
    net.wait(20);
    let (next, packet) = net.due(MIX).unwrap();
    assert_eq!(next, net.nodes[GATEWAY].id);
    let reply = net.receive(GATEWAY, &packet, 0).1.unwrap();
    assert_eq!((reply.recipient, reply.surb_id), (OWNER, SurbId([9; 16])));
    let mut payload = reply_payload(net.sphinx.geometry(), &reply.packet).to_vec();
    assert!(keys.open(&mut payload).unwrap().starts_with(b"who is there?"));
    for node in &net.nodes {
        assert_eq!(node.mix.counters().all_dropped(), 0);
    }
}

#[test]
fn what_is_dropped_and_why() {
    let mut net = Net::new(100);
    let (good, _) = net.request(Some(50), ECHO, true);
    net.receive(MIX, &good, 0);
    net.receive(MIX, &good, 0);
    assert_eq!(net.dropped(MIX, DropReason::Replay), 1);

    let (mut header, _) = net.request(Some(50), ECHO, true);
    header[100] ^= 1;
    net.receive(MIX, &header, 0);
    assert_eq!(net.dropped(MIX, DropReason::Mac), 1);
    let (mut version, _) = net.request(Some(50), ECHO, true);
    version[0] = 1;
    net.receive(MIX, &version, 0);
    assert_eq!(net.dropped(MIX, DropReason::Malformed), 1);
    let (mut small_order, _) = net.request(Some(50), ECHO, true);
    small_order[2..34].fill(0);
    net.receive(MIX, &small_order, 0);
    assert_eq!(net.dropped(MIX, DropReason::GroupElement), 1);
    // this node is not the path's next hop
    let (elsewhere, _) = net.request(Some(50), ECHO, true);
    net.receive(SERVICE, &elsewhere, 0);
    assert_eq!(net.dropped(SERVICE, DropReason::Mac), 1);

    // forwarding requires a delay
    let (no_delay, _) = net.request(None, ECHO, true);
    net.receive(MIX, &no_delay, 0);
    assert_eq!(net.dropped(MIX, DropReason::Commands), 1);
    let (hours, _) = net.request(Some(3_600_001), ECHO, true);
    net.receive(MIX, &hours, 0);
    assert_eq!(net.dropped(MIX, DropReason::DelayTooLong), 1);
    let (slow, _) = net.request(Some(50), ECHO, true);
    net.receive(MIX, &slow, 251);
    assert_eq!(net.dropped(MIX, DropReason::UnwrapWait), 1);
    net.wait(451 + 50);
    while net.due(MIX).is_some() {}
    assert_eq!(net.dropped(MIX, DropReason::Late), 1);

    // packets that end at the service
    let mut at_service = |recipient, with_surb, flip: bool| {
        let (packet, _) = net.request(Some(1), recipient, with_surb);
        net.receive(MIX, &packet, 0);
        net.wait(2);
        let (_, mut packet) = net.due(MIX).unwrap();
        if flip {
            *packet.last_mut().unwrap() ^= 1;
        }
        net.receive(SERVICE, &packet, 0);
        [DropReason::Recipient, DropReason::Request, DropReason::Payload].map(|reason| net.dropped(SERVICE, reason))
    };
    assert_eq!(at_service(OWNER, true, false), [1, 0, 0]);
    assert_eq!(at_service(ECHO, false, false), [1, 1, 0]);
    assert_eq!(at_service(ECHO, true, true), [1, 1, 1]);
    let lent = net.nodes.each_ref().map(|node| node.mix.pool().lent());
    assert_eq!(lent, [0, 0, 0], "every buffer is back");
}

#[test]
fn a_packet_that_ends_at_a_mix() {
    let mut net = Net::new(100);
    let mut packet = vec![0; net.sphinx.geometry().packet_len()];
    let mut rng = ChaCha20Rng::seed_from_u64(net.rng.next_u64());
    for (reply, reason) in [(false, DropReason::Recipient), (true, DropReason::Recipient)] {
        let hops = [net.hop(MIX, Some(1))];
        let path = Path { hops: &hops, recipient: OWNER };
        if reply {
            let mut surb = vec![0; net.sphinx.geometry().surb_len()];
            net.sphinx.new_surb(&path, SurbId([1; 16]), &mut rng, &mut surb).unwrap();
            net.sphinx.wrap_reply(&surb, b"", &mut packet).unwrap();
        } else {
            let message = Message { surb: None, user_payload: b"" };
            net.sphinx.wrap_message(&path, &message, &mut rng, &mut packet).unwrap();
        }
        let before = net.dropped(MIX, reason);
        net.receive(MIX, &packet, 0);
        assert_eq!(net.dropped(MIX, reason), before + 1);
    }

    // the node's own decoy is accepted once
    let mix = &net.nodes[MIX].mix;
    let owner = mix.decoys().owner(|| OWNER);
    assert_eq!((owner, mix.decoys().owner(|| ECHO)), (OWNER, OWNER));
    let hops = [net.hop(MIX, None)];
    let mut surb = vec![0; net.sphinx.geometry().surb_len()];
    let path = Path { hops: &hops, recipient: OWNER };
    for payload in [&b""[..], b"not zero"] {
        let keys = net.sphinx.new_surb(&path, SurbId([1; 16]), &mut rng, &mut surb).unwrap();
        mix.decoys().insert(SurbId([1; 16]), keys, Instant::MAX);
        net.sphinx.wrap_reply(&surb, payload, &mut packet).unwrap();
        net.receive(MIX, &packet, 0);
    }
    assert_eq!(mix.counters().of(PacketEvent::DecoyReturned), 2);
    assert_eq!(net.dropped(MIX, DropReason::Payload), 1);

    // a decoy that does not return
    let keys = net.sphinx.new_surb(&path, SurbId([2; 16]), &mut rng, &mut surb).unwrap();
    mix.decoys().insert(SurbId([2; 16]), keys, Instant::from_millis(5000));
    assert_eq!(mix.decoys().expire(Instant::from_millis(4999)), 0);
    assert_eq!(mix.decoys().expire(Instant::from_millis(5000)), 1);
}

#[test]
fn keys_of_three_epochs_and_their_filters() {
    let mut net = Net::new(100);
    let (first, _) = net.request(Some(50), ECHO, true);
    let (second, _) = net.request(Some(50), ECHO, true);
    let (third, _) = net.request(Some(50), ECHO, true);
    net.receive(MIX, &first, 0);
    let mut rng = ChaCha20Rng::seed_from_u64(2);
    let mut turn = |net: &Net, epoch| {
        let node = &net.nodes[MIX];
        node.keys.advance(Epoch(epoch), time::Instant::now(), &mut rng).unwrap();
        node.ring.set_epoch(Epoch(epoch), &mut rng);
    };
    // the next epoch's key is added, and this epoch's key stays and still remembers its replay tags
    turn(&net, 2);
    net.receive(MIX, &first, 0);
    assert_eq!(net.dropped(MIX, DropReason::Replay), 1);
    net.receive(MIX, &second, 0);
    assert_eq!(net.nodes[MIX].mix.len(), 2);
    // the key is gone after its epoch
    turn(&net, 3);
    net.receive(MIX, &third, 0);
    assert_eq!(net.dropped(MIX, DropReason::Mac), 1);
    // a packet for the next epoch is early but valid
    let next = net.nodes[MIX].keys.public(Epoch(4))[&Epoch(4)].clone();
    net.nodes[MIX].public = Public::try_from(next.as_slice()).unwrap();
    let (early, _) = net.request(Some(50), ECHO, true);
    net.receive(MIX, &early, 0);
    assert_eq!(net.nodes[MIX].mix.len(), 3);
}

/// The clock is in an epoch for which no keys are made yet, and returns.
#[test]
fn a_node_without_mix_keys_opens_nothing() {
    let mut net = Net::new(100);
    let (packet, _) = net.request(Some(50), ECHO, true);
    let mut rng = ChaCha20Rng::seed_from_u64(2);
    net.nodes[MIX].ring.set_epoch(Epoch(1000), &mut rng);
    for dropped in 1..=2 {
        net.receive(MIX, &packet, 0);
        assert_eq!((net.nodes[MIX].mix.len(), net.dropped(MIX, DropReason::NoKeys)), (0, dropped));
    }
    net.nodes[MIX].ring.set_epoch(Epoch(1), &mut rng);
    net.receive(MIX, &packet, 0);
    assert_eq!((net.nodes[MIX].mix.len(), net.dropped(MIX, DropReason::NoKeys)), (1, 2));
}

/// The clock's epoch steps back and forward again: the replay tags seen under a key are not
/// forgotten.
#[test]
fn a_clock_that_steps_lets_no_packet_in_again() {
    for steps in [&[2, 1, 2][..], &[0, 1, 2], &[3, 1], &[0, 3, 1], &[1_000_000, 1]] {
        let mut net = Net::new(100);
        let (packet, _) = net.request(Some(50), ECHO, true);
        net.receive(MIX, &packet, 0);
        assert_eq!(net.nodes[MIX].mix.len(), 1);
        let mut rng = ChaCha20Rng::seed_from_u64(2);
        for epoch in steps {
            let node = &net.nodes[MIX];
            // in memory, because this node has no folder
            node.keys.advance(Epoch(*epoch), time::Instant::now(), &mut rng).unwrap();
            node.ring.set_epoch(Epoch(*epoch), &mut rng);
            net.receive(MIX, &packet, 0);
            assert_eq!(net.nodes[MIX].mix.len(), 1, "{steps:?}");
        }
        // and a new packet of that epoch is still opened
        let (packet, _) = net.request(Some(50), ECHO, true);
        net.receive(MIX, &packet, 0);
        assert_eq!(net.nodes[MIX].mix.len(), 2, "{steps:?}");
    }
}

/// Time should never step, but if it does, nothing is released early and late packets are dropped.
#[test]
fn time_that_steps_releases_nothing_early() {
    let mut net = Net::new(100);
    let start = net.now.get();
    let (packet, _) = net.request(Some(50), ECHO, true);
    net.receive(MIX, &packet, 0);
    net.now.set(Instant::from_millis(1));
    assert!(net.due(MIX).is_none());
    let (second, _) = net.request(Some(10), ECHO, true);
    net.receive(MIX, &second, 0);
    // the queue treats packets that arrived while time was behind as arriving at the latest time
    // that it knows
    for (millis, is_due) in [(0, false), (9, false), (10, true), (49, false), (50, true)] {
        net.now.set(start.plus_millis(millis));
        assert_eq!(net.due(MIX).is_some(), is_due, "{millis}");
    }
    assert_eq!((net.nodes[MIX].mix.len(), net.dropped(MIX, DropReason::Late)), (0, 0));
    let (third, _) = net.request(Some(50), ECHO, true);
    net.receive(MIX, &third, 0);
    net.wait(PERIOD.as_secs() * 1000);
    assert!(net.due(MIX).is_none());
    assert_eq!((net.nodes[MIX].mix.len(), net.dropped(MIX, DropReason::Late)), (0, 1));
}

#[test]
fn packets_that_come_together() {
    let mut net = Net::new(100);
    let good: Vec<_> = (0..4).map(|_| net.request(Some(50), ECHO, true).0).collect();
    let mut changed = good[1].clone();
    changed[50] ^= 1;
    let no_delay = net.request(None, ECHO, true).0;
    let late = net.request(Some(50), ECHO, true).0;
    // a packet that fails its MAC, a replay in the same batch, invalid commands, and a packet that
    // has waited for 251 ms
    let mut batch = net.batch(MIX, &[&good[0], &changed, &good[1], &good[0], &no_delay, &late, &good[2]]);
    batch[5].as_mut().unwrap().0 = Instant::from_millis(749);
    net.nodes[MIX].mix.receive(batch, &|| net.now.get(), &mut |_| unreachable!());
    let losses = [DropReason::Mac, DropReason::Replay, DropReason::Commands, DropReason::UnwrapWait]
        .map(|reason| net.dropped(MIX, reason));
    assert_eq!((losses, net.nodes[MIX].mix.len()), ([1; 4], 3));
    // packets that did not get through may be sent again
    net.receive(MIX, &good[3], 0);
    assert_eq!(net.nodes[MIX].mix.len(), 4);
    assert_eq!(net.nodes[MIX].mix.counters().of(PacketEvent::Received), 8);
    net.wait(50);
    let mut left: Vec<_> = core::iter::from_fn(|| net.due(MIX)).map(|(_, packet)| packet).collect();
    assert_eq!(left.len(), 4);
    left.sort();
    left.dedup();
    assert_eq!(left.len(), 4);
    for packet in &left {
        drop(net.receive(SERVICE, packet, 0));
    }
    assert_eq!(net.nodes[SERVICE].mix.counters().of(PacketEvent::Answered), 4);
}

#[test]
fn a_full_queue_drops_one_of_all() {
    let mut net = Net::new(10);
    for _ in 0..30 {
        let (packet, _) = net.request(Some(50), ECHO, true);
        net.receive(MIX, &packet, 0);
    }
    assert_eq!((net.nodes[MIX].mix.len(), net.dropped(MIX, DropReason::QueueFull)), (10, 20));
}
