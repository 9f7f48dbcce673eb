//! Batches: eight packets at once give the same results as each packet alone.
#![no_main]

#[path = "../../sphinx/tests/sphinx/forge.rs"]
mod forge;
#[path = "../../sphinx/tests/sphinx/side_by_side.rs"]
mod side_by_side;

use arbitrary::Arbitrary;
use forge::{Forgery, forge};
use libfuzzer_sys::fuzz_target;
use mixwell_pq_kem::{X25519, nike::PrivateKey};
use mixwell_sphinx::{Geometry, Sphinx};
use side_by_side::same;

/// A slot of the batch.
#[derive(Debug, Arbitrary)]
enum Place<'a> {
    Empty,
    /// Bytes that are not a packet.
    Bytes(&'a [u8]),
    /// A packet for one of three keys, or for none of them, under a valid MAC, and a change that is
    /// made afterwards.
    Packet {
        key: u8,
        element: [u8; 32],
        tagged: bool,
        block: &'a [u8],
        change: Option<(u16, u8)>,
    },
}

fuzz_target!(|input: ([Place<'_>; 8], u8)| {
    let (places, keys) = input;
    let geometry = Geometry::of::<X25519>(3, 40, true).unwrap();
    let sphinx = Sphinx::<X25519>::new(geometry).unwrap();
    let private_keys = [7, 8, 9].map(|byte| PrivateKey::from_bytes([byte; 32]));
    let packet = |place| match place {
        Place::Empty => None,
        Place::Bytes(bytes) => Some(bytes.to_vec()),
        Place::Packet { key, element, tagged, block, change } => {
            let mut block = block.to_vec();
            block.resize(geometry.routing_info_len(), 0);
            let secret = x25519_dalek::x25519([7 + key % 4; 32], element);
            let tag = [u8::from(tagged); 32];
            let mut packet = forge(&geometry, &Forgery { element: &element, secret: &secret, block: &block, tag });
            if let Some((at, bits)) = change {
                let at = usize::from(at) % packet.len();
                packet[at] ^= bits;
            }
            Some(packet)
        }
    };
    let packets = places.map(packet);
    let keys: Vec<_> = private_keys.iter().take(usize::from(keys % 4)).collect();
    let _ = same::<X25519, 8>(&sphinx, &packets, &keys);
});
