//! The crate never allocates: every operation runs under a counting allocator.

use crate::{network::Network, schemes::for_every_scheme};
use core::hint::black_box;
use mixwell_pq_kem::{Adapter, MlKem768, MlKem768X448, MlKem768X25519, X448, X25519, XWing};
use mixwell_sphinx::{Action, BatchSlot, Geometry, Kem, Message, Opened, ReplayFilter, Scheme, Sphinx, SurbId};

fn count(work: impl FnOnce()) -> u64 {
    allocation_counter::measure(work).count_total
}

#[test]
fn the_counter_counts() {
    assert_eq!(count(|| drop(black_box(vec![1]))), 1);
}

fn whole_api<S: Scheme>() {
    let geometry = Geometry::of::<S>(5, 2000, true).unwrap();
    let network = Network::<S>::new(geometry, 1);
    let mut rng = network.rng.clone();
    let hops = Network::hops(&network.public_keys, 5);
    let path = Network::path(&hops);
    let mut surb = vec![0; geometry.surb_len()];
    let mut packet = vec![0; geometry.packet_len()];
    let mut memory = [0; 100];
    let payload = vec![7; geometry.forward_payload_len()];

    let allocations = count(|| {
        assert_eq!(Geometry::from_fields(&geometry.fields()), Ok(geometry));
        assert_eq!(geometry.fields().lengths().len(), 12);
        assert_ne!(geometry.hash(), [0; 32]);
        assert!(Sphinx::<S>::new(geometry).is_ok() && ReplayFilter::slots_for(10) > 10);
        network.sphinx.wrap(&path, &payload, &mut rng, &mut packet).unwrap();
        assert!(network.sphinx.open_any_length(&mut packet, &network.private_keys[0]).is_ok());
        assert!(network.sphinx.wrap(&path, &payload[1..], &mut rng, &mut packet).is_err());
        let mut replays = ReplayFilter::new(&mut memory, &mut rng);
        let keys = network.sphinx.new_surb(&path, SurbId([1; 16]), &mut rng, &mut surb).unwrap();
        let message = Message { surb: Some(&surb), user_payload: b"question" };
        network.sphinx.wrap_message(&path, &message, &mut rng, &mut packet).unwrap();
        for key in &network.private_keys {
            let (_, opened) = network.sphinx.open_any(&mut packet, &[key, &network.private_keys[0]]).unwrap();
            assert!(!replays.insert(opened.replay_tag()).unwrap().is_seen());
            match opened.finish().unwrap() {
                Action::Forward { .. } => {}
                Action::Deliver { payload, .. } => assert!(Message::parse(&geometry, payload).unwrap().surb.is_some()),
                other => panic!("{other:?}"),
            }
        }
        network.sphinx.wrap_reply(&surb, b"answer", &mut packet).unwrap();
        if let Action::Reply { payload, .. } = network.carry(&mut packet, 5) {
            let keys = network.sphinx.surb_keys(keys.as_bytes()).unwrap();
            assert_eq!(keys.open(payload).unwrap()[..6], *b"answer");
        }
        assert!(network.sphinx.open(&mut packet, &network.private_keys[0]).is_err());
        let batch = [Some(&mut packet[..]), None];
        assert!(network.sphinx.open_each(batch, &network.private_keys[0])[0].as_ref().unwrap().is_err());
        network.sphinx.wrap_message(&path, &message, &mut rng, &mut packet).unwrap();
        let batch = [Some(&mut packet[..]), None];
        let opened = network.sphinx.open_each(batch, &network.private_keys[0]).map(|opened| Some(opened?.unwrap()));
        assert!(matches!(Opened::finish_each(opened), [Some(Ok(Action::Forward { .. })), None]));
        let mut batch = [const { BatchSlot::Empty }; 9];
        batch[0] = BatchSlot::Packet(&mut packet);
        network.sphinx.open_slice(&mut batch, &[&network.private_keys[0], &network.private_keys[1]]);
        Opened::finish_slice(&mut batch);
        assert!(matches!(batch[0], BatchSlot::Finished(Action::Forward { .. })));
    });
    assert_eq!(allocations, 0);
}

#[test]
fn every_scheme() {
    for_every_scheme!(whole_api());
}
