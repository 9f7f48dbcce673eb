//! SURBs, their keys, replies and messages, each from arbitrary bytes.
#![no_main]

use libfuzzer_sys::fuzz_target;
use mixwell_pq_kem::X25519;
use mixwell_sphinx::{Geometry, Message, NodeId, Sphinx};

fuzz_target!(|input: (bool, u16, &[u8])| {
    let (fit, at, bytes) = input;
    let (bytes, answer) = bytes.split_at(usize::from(at).min(bytes.len()));
    let (mut bytes, mut answer) = (bytes.to_vec(), answer.to_vec());
    let geometry = Geometry::of::<X25519>(3, 40, true).unwrap();
    let sphinx = Sphinx::<X25519>::new(geometry).unwrap();

    if fit {
        bytes.resize(geometry.surb_len(), 0);
    }
    let mut packet = vec![0; geometry.packet_len()];
    let first_hop = sphinx.wrap_reply(&bytes, &answer, &mut packet);
    let takes = bytes.len() == geometry.surb_len() && answer.len() <= geometry.forward_payload_len();
    assert_eq!(first_hop.is_ok(), takes);
    if let Ok(NodeId(id)) = first_hop {
        assert_eq!(packet[..geometry.header_len()], bytes[..geometry.header_len()]);
        assert_eq!(id, bytes[geometry.header_len()..][..32]);
    }

    if let Ok(keys) = sphinx.surb_keys(&bytes) {
        assert_eq!(keys.as_bytes(), bytes);
        if fit {
            answer.resize(geometry.payload_len(), 0);
        }
        assert!(keys.open(&mut answer).is_err(), "a tag has been forged");
    }

    if fit {
        answer.resize(geometry.forward_payload_len(), 0);
    }
    if let Ok(message) = Message::parse(&geometry, &answer) {
        assert_eq!(message.surb.is_some(), answer[0] == 1);
        assert_eq!(message.user_payload.len(), geometry.user_forward_payload_len());
    }
});
