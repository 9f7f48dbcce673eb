//! Headers: bytes that are not a packet are rejected and left unchanged.
#![no_main]

use libfuzzer_sys::fuzz_target;
use mixwell_pq_kem::{X25519, nike::PrivateKey};
use mixwell_sphinx::{Geometry, OpenError, Sphinx};

fuzz_target!(|input: (u8, u8, bool, &[u8])| {
    let (hops, user_payload, pad, bytes) = input;
    let Ok(geometry) = Geometry::of::<X25519>(usize::from(hops % 33), user_payload.into(), hops & 0x80 == 0) else {
        return;
    };
    let sphinx = Sphinx::<X25519>::new(geometry).unwrap();
    let mut packet = bytes.to_vec();
    if pad {
        // so that the length check passes
        packet.resize(geometry.packet_len(), 0);
    }
    let before = packet.clone();
    let error = sphinx.open(&mut packet, &PrivateKey::from_bytes([7; 32])).err();
    assert_eq!(packet, before);
    let right_length = packet.len() == geometry.packet_len();
    match error {
        Some(OpenError::Length { got, want }) => {
            assert!(!right_length && got == before.len() && want == geometry.packet_len())
        }
        Some(OpenError::Version { got }) => assert!(right_length && got != 0 && before[..2] == got.to_be_bytes()),
        Some(_) => assert!(right_length && before[..2] == [0, 0]),
        None => panic!("a MAC has been forged"),
    }
});
