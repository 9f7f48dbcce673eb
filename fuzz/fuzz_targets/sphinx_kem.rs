//! KEM Sphinx: arbitrary blocks and ciphertexts under a valid MAC.
#![no_main]

#[path = "../../sphinx/tests/sphinx/forge.rs"]
mod forge;

use forge::{Forgery, forge};
use libfuzzer_sys::fuzz_target;
use mixwell_pq_kem::{
    Adapter, Kem as _, X25519,
    kem::{Ciphertext, PrivateKey, SharedSecret},
};
use mixwell_sphinx::{Action, Geometry, Kem, OpenError, Sphinx};

type Scheme = Adapter<X25519>;

/// Length of the commands in a geometry's block; a ciphertext follows.
const AREA: usize = 82;

fuzz_target!(|input: ([u8; 32], [u8; 32], &[u8])| {
    let (element, tag, block) = input;
    let geometry = Geometry::of::<Kem<Scheme>>(3, 40, true).unwrap();
    let mut block = block.to_vec();
    block.resize(geometry.routing_info_len(), 0);
    let sphinx = Sphinx::<Kem<Scheme>>::new(geometry).unwrap();
    let key = PrivateKey::<Scheme>::from_bytes([7; 32]).expand().unwrap();
    let mut secret = SharedSecret::default();
    if Scheme::decapsulate(&key, &Ciphertext::from_bytes(element), &mut secret).is_err() {
        // this ciphertext has no secret that anyone could know
        let mut packet = forge(&geometry, &Forgery { element: &element, secret: &[1; 32], block: &block, tag });
        return assert_eq!(sphinx.open(&mut packet, &key).err(), Some(OpenError::GroupElement));
    }
    let mut packet = forge(&geometry, &Forgery { element: &element, secret: secret.as_bytes(), block: &block, tag });
    match sphinx.open(&mut packet, &key).unwrap().finish() {
        Ok(Action::Forward { next_hop, .. }) => {
            assert!(block.windows(33).any(|w| w[0] == 1 && w[1..] == *next_hop.as_bytes()));
            assert_eq!(packet[2..34], block[AREA..][..32], "the next ciphertext is the block's");
        }
        Ok(Action::Deliver { payload, .. }) => {
            assert_eq!(tag, [0; 32]);
            assert!(payload.iter().all(|byte| *byte == 0x55));
            assert_eq!(block[AREA..][..32], [0; 32], "a last hop's block has no ciphertext");
        }
        Ok(Action::Reply { payload, .. }) => assert_eq!(payload[..32], tag),
        Ok(action) => panic!("{action:?}"),
        Err(_) => assert!(packet.iter().all(|byte| *byte == 0)),
    }
});
