//! Caller mistakes in building packets: each is rejected with the specific error.

use crate::network::Network;
use mixwell_pq_kem::{X448, X25519, nike::PublicKey};
use mixwell_sphinx::{
    Geometry, Message, MessageError, ReplyError, Sphinx, SurbId, SurbKeysLength, WrapError, WrongScheme,
};

const SURB_ID: SurbId = SurbId([5; 16]);

fn network() -> Network<X25519> {
    Network::new(Geometry::of::<X25519>(5, 100, true).unwrap(), 1)
}

fn wrap(network: &mut Network<X25519>, hops: usize, packet: &mut [u8]) -> Result<(), WrapError> {
    let hops = Network::hops(&network.public_keys, hops);
    let payload = vec![1; network.sphinx.geometry().forward_payload_len()];
    network.sphinx.wrap(&Network::path(&hops), &payload, &mut network.rng, packet)
}

#[test]
fn a_path_that_is_empty_or_too_long() {
    let mut network = network();
    network.public_keys.push(network.public_keys[0]);
    for got in [0, 6] {
        let error = WrapError::PathLength { got, most: 5 };
        let mut packet = vec![1; network.sphinx.geometry().packet_len()];
        assert_eq!(wrap(&mut network, got, &mut packet), Err(error));
        assert!(packet.iter().all(|byte| *byte == 0), "the output is wiped");

        let hops = Network::hops(&network.public_keys, got);
        let mut surb = vec![1; network.sphinx.geometry().surb_len()];
        let result = network.sphinx.new_surb(&Network::path(&hops), SURB_ID, &mut network.rng, &mut surb);
        assert_eq!(result.err(), Some(error));
        assert!(surb.iter().all(|byte| *byte == 0), "the output is wiped");
    }
}

#[test]
fn a_hop_whose_key_is_of_small_order() {
    for hop in 0..5 {
        let mut network = network();
        network.public_keys[hop] = PublicKey::from_bytes([0; 32]);
        let mut packet = vec![1; network.sphinx.geometry().packet_len()];
        assert_eq!(wrap(&mut network, 5, &mut packet), Err(WrapError::PublicKey { hop }));
        assert!(packet.iter().all(|byte| *byte == 0), "the output is wiped");
    }
}

#[test]
fn output_buffers_of_another_length() {
    let mut network = network();
    let geometry = *network.sphinx.geometry();
    for got in [0, geometry.packet_len() - 1, geometry.packet_len() + 1] {
        let error = WrapError::OutputLength { got, want: geometry.packet_len() };
        assert_eq!(wrap(&mut network, 5, &mut vec![0; got]), Err(error));
        let surb = vec![0; geometry.surb_len()];
        assert_eq!(network.sphinx.wrap_reply(&surb, b"", &mut vec![0; got]), Err(error));
    }
    for got in [0, geometry.surb_len() - 1, geometry.surb_len() + 1] {
        let hops = Network::hops(&network.public_keys, 5);
        let result = network.sphinx.new_surb(&Network::path(&hops), SURB_ID, &mut network.rng, &mut vec![0; got]);
        assert_eq!(result.err(), Some(WrapError::OutputLength { got, want: geometry.surb_len() }));
    }
}

#[test]
fn payloads_of_another_length() {
    let mut network = network();
    let geometry = *network.sphinx.geometry();
    let hops = Network::hops(&network.public_keys, 5);
    let path = Network::path(&hops);
    let mut packet = vec![0; geometry.packet_len()];

    let want = geometry.forward_payload_len();
    for got in [0, want - 1, want + 1] {
        let result = network.sphinx.wrap(&path, &vec![0; got], &mut network.rng, &mut packet);
        assert_eq!(result, Err(WrapError::PayloadLength { got, want }));
    }
    let result = network.sphinx.wrap_reply(&vec![0; geometry.surb_len()], &vec![0; want + 1], &mut packet);
    assert_eq!(result, Err(WrapError::PayloadTooLong { got: want + 1, max: want }));

    let message = Message { surb: None, user_payload: &[0; 101] };
    let result = network.sphinx.wrap_message(&path, &message, &mut network.rng, &mut packet);
    assert_eq!(result, Err(WrapError::PayloadTooLong { got: 101, max: 100 }));
}

#[test]
fn surbs_of_another_length() {
    let mut network = network();
    let geometry = *network.sphinx.geometry();
    let hops = Network::hops(&network.public_keys, 5);
    let mut packet = vec![7; geometry.packet_len()];
    let want = geometry.surb_len();
    for got in [0, want - 1, want + 1] {
        let surb = vec![0; got];
        let message = Message { surb: Some(&surb), user_payload: b"" };
        let path = Network::path(&hops);
        let result = network.sphinx.wrap_message(&path, &message, &mut network.rng, &mut packet);
        assert_eq!(result, Err(WrapError::SurbLength { got, want }));
        assert_eq!(network.sphinx.wrap_reply(&surb, b"", &mut packet), Err(WrapError::SurbLength { got, want }));
        assert!(packet.iter().all(|byte| *byte == 7), "untouched");
    }
}

#[test]
fn surb_keys_of_another_length() {
    let sphinx = network().sphinx;
    for got in [0, 1, 64, 127, 129, 64 * 7] {
        assert_eq!(sphinx.surb_keys(&vec![0; got]).err(), Some(SurbKeysLength { got }));
    }
    for hops in 1..=5 {
        assert_eq!(sphinx.surb_keys(&vec![9; 64 * (hops + 1)]).unwrap().as_bytes(), vec![9; 64 * (hops + 1)]);
    }
}

#[test]
fn answers_that_are_none() {
    let network = network();
    let want = network.sphinx.geometry().payload_len();
    for got in [0, 31, want - 1, want + 1] {
        let keys = network.sphinx.surb_keys(&[1; 384]).unwrap();
        assert_eq!(keys.open(&mut vec![0; got]).err(), Some(ReplyError::Length { got, want }));
    }
    let keys = network.sphinx.surb_keys(&[1; 384]).unwrap();
    assert_eq!(keys.open(&mut vec![0; want]).err(), Some(ReplyError::PayloadTag));
}

#[test]
fn messages_that_are_none() {
    let geometry = *network().sphinx.geometry();
    let want = geometry.forward_payload_len();
    let mut payload = vec![0; want];
    assert!(Message::parse(&geometry, &payload).unwrap().surb.is_none());
    for got in [0, 1, 2, want - 1] {
        assert_eq!(Message::parse(&geometry, &payload[..got]).err(), Some(MessageError::Length { got, want }));
    }
    assert_eq!(Message::parse(&geometry, &vec![0; want + 1]).err(), Some(MessageError::Length { got: want + 1, want }));
    for got in 2..=255 {
        payload[0] = got;
        assert_eq!(Message::parse(&geometry, &payload).err(), Some(MessageError::Flags { got }));
    }
    for flags in [0, 1] {
        for got in 1..=255 {
            payload[..2].copy_from_slice(&[flags, got]);
            assert_eq!(Message::parse(&geometry, &payload).err(), Some(MessageError::Reserved { got }));
        }
    }
}

#[test]
fn a_geometry_without_framing() {
    let mut network = Network::<X25519>::new(Geometry::of::<X25519>(5, 100, false).unwrap(), 1);
    let geometry = *network.sphinx.geometry();
    assert_eq!(Message::parse(&geometry, &[0; 100]).err(), Some(MessageError::NoFraming));
    let hops = Network::hops(&network.public_keys, 5);
    let mut packet = vec![0; geometry.packet_len()];
    let message = Message { surb: None, user_payload: b"" };
    let result = network.sphinx.wrap_message(&Network::path(&hops), &message, &mut network.rng, &mut packet);
    assert_eq!(result, Err(WrapError::NoFraming));
    // such a network carries bare payloads
    assert_eq!(wrap(&mut network, 5, &mut packet), Ok(()));
}

#[test]
fn a_geometry_of_another_scheme() {
    let geometry = Geometry::of::<X25519>(5, 100, true).unwrap();
    let error = Sphinx::<X448>::new(geometry).unwrap_err();
    assert_eq!(
        error,
        WrongScheme { got: geometry.scheme(), want: Geometry::of::<X448>(5, 100, true).unwrap().scheme() }
    );
    assert_eq!(error.to_string(), "the geometry is for x25519 (NIKE), want x448 (NIKE)");
}

#[test]
fn nothing_secret_is_printed() {
    let mut network = network();
    let geometry = *network.sphinx.geometry();
    let hops = Network::hops(&network.public_keys, 1);
    let path = Network::path(&hops);
    let mut surb = vec![0; geometry.surb_len()];
    let keys = network.sphinx.new_surb(&path, SURB_ID, &mut network.rng, &mut surb).unwrap();
    assert_eq!(format!("{keys:?} {path:?} {:?}", hops[0]), "SurbKeys(..) Path(..) Hop(..)");
    let message = Message { surb: Some(&surb), user_payload: b"" };
    assert_eq!(format!("{message:?}"), "Message(..)");
    let mut packet = vec![0; geometry.packet_len()];
    network.sphinx.wrap_message(&path, &message, &mut network.rng, &mut packet).unwrap();
    let opened = network.sphinx.open(&mut packet, &network.private_keys[0]).unwrap();
    assert_eq!(format!("{opened:?}"), "Opened(..)");
    assert_eq!(format!("{:?}", opened.finish().unwrap()), "Deliver(..)");
}
