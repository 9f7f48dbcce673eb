//! Secrets leave nothing behind in the memory where they were.
#![cfg(target_os = "linux")]

use crate::network::Network;
use mixwell_pq_kem::{X448, X25519, XWing};
use mixwell_sphinx::{Geometry, Kem, Message, Scheme, SurbId};
use mixwell_vectors::memory::survivors;

fn nothing_survives<S: Scheme>() {
    let geometry = Geometry::of::<S>(5, 300, true).unwrap();
    let mut network = Network::<S>::new(geometry, 4);
    let hops = Network::hops(&network.public_keys, 5);
    let path = Network::path(&hops);

    let mut surb = vec![0; geometry.surb_len()];
    let keys = network.sphinx.new_surb(&path, SurbId([5; 16]), &mut network.rng, &mut surb).unwrap();
    let stored = network.sphinx.surb_keys(keys.as_bytes()).unwrap();
    assert_eq!(survivors(keys, &[]), 0);
    assert_eq!(survivors(stored, &[]), 0);

    let mut packet = vec![0; geometry.packet_len()];
    let message = Message { surb: Some(&surb), user_payload: &[7; 300] };
    network.sphinx.wrap_message(&path, &message, &mut network.rng, &mut packet).unwrap();
    let opened = network.sphinx.open(&mut packet, &network.private_keys[0]).unwrap();
    let replay_tag = *opened.replay_tag();
    assert_eq!(survivors(opened, &replay_tag.0), 0);
}

#[test]
fn nothing_survives_of_any_scheme() {
    nothing_survives::<X25519>();
    nothing_survives::<X448>();
    nothing_survives::<Kem<XWing>>();
}
