//! Routing commands: arbitrary ones under a valid MAC.
#![no_main]

#[path = "../../sphinx/tests/sphinx/forge.rs"]
mod forge;

use forge::{Forgery, forge};
use libfuzzer_sys::fuzz_target;
use mixwell_pq_kem::{X25519, nike::PrivateKey};
use mixwell_sphinx::{Action, Geometry, OpenError, Sphinx};

fuzz_target!(|input: ([u8; 32], [u8; 32], &[u8])| {
    let (element, tag, block) = input;
    let mut block = block.to_vec();
    let geometry = Geometry::of::<X25519>(3, 40, true).unwrap();
    // the rest of the routing info is zero, and the hop reads part of it too
    block.resize(geometry.routing_info_len(), 0);
    let sphinx = Sphinx::<X25519>::new(geometry).unwrap();
    let private_key = PrivateKey::from_bytes([7; 32]);
    let secret = x25519_dalek::x25519(*private_key.as_bytes(), element);
    let mut packet = forge(&geometry, &Forgery { element: &element, secret: &secret, block: &block, tag });
    let opened = match sphinx.open(&mut packet, &private_key) {
        Ok(opened) => opened,
        Err(error) => return assert_eq!(error, OpenError::GroupElement),
    };
    match opened.finish() {
        Ok(Action::Forward { next_hop, .. }) => {
            // the block contains the next hop, and the packet is ready for it
            let at = block.windows(33).any(|w| w[0] == 1 && w[1..] == *next_hop.as_bytes());
            assert!(at);
            assert_ne!(packet[2..34], element);
        }
        Ok(Action::Deliver { payload, .. }) => {
            assert_eq!(tag, [0; 32]);
            assert!(payload.iter().all(|byte| *byte == 0x55));
        }
        Ok(Action::Reply { payload, .. }) => assert_eq!(payload[..32], tag),
        Ok(action) => panic!("{action:?}"),
        Err(_) => assert!(packet.iter().all(|byte| *byte == 0)),
    }
});
