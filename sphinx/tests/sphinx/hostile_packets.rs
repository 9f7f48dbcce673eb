//! Bad packets at a hop: each is rejected with the specific error.

use crate::forge::{Forgery, forge};
use mixwell_pq_kem::{X25519, nike::PrivateKey};
use mixwell_sphinx::{Action, CommandError, FinishError, Geometry, NodeId, OpenError, RecipientId, Sphinx, SurbId};

const RECIPIENT: [u8; 33] = [2; 33];
const SURB_REPLY: [u8; 17] = [3; 17];
const NODE_DELAY: [u8; 5] = [0x80, 0, 0, 1, 0];
const NEXT_NODE_HOP: [u8; 65] = [1; 65];

/// The points of small order of Curve25519 and its twist in all their encodings below 2^255
/// (D. J. Bernstein, "Curve25519", and RFC 7748 §6.1's warning).
const LOW_ORDER: [[u8; 32]; 7] = [
    [0; 32],
    with_first(1),
    [
        0xe0, 0xeb, 0x7a, 0x7c, 0x3b, 0x41, 0xb8, 0xae, 0x16, 0x56, 0xe3, 0xfa, 0xf1, 0x9f, 0xc4, 0x6a, 0xda, 0x09,
        0x8d, 0xeb, 0x9c, 0x32, 0xb1, 0xfd, 0x86, 0x62, 0x05, 0x16, 0x5f, 0x49, 0xb8, 0x00,
    ],
    [
        0x5f, 0x9c, 0x95, 0xbc, 0xa3, 0x50, 0x8c, 0x24, 0xb1, 0xd0, 0xb1, 0x55, 0x9c, 0x83, 0xef, 0x5b, 0x04, 0x44,
        0x5c, 0xc4, 0x58, 0x1c, 0x8e, 0x86, 0xd8, 0x22, 0x4e, 0xdd, 0xd0, 0x9f, 0x11, 0x57,
    ],
    near_p(0xec),
    near_p(0xed),
    near_p(0xee),
];

const fn with_first(first: u8) -> [u8; 32] {
    let mut bytes = [0; 32];
    bytes[0] = first;
    bytes
}

/// 2^255 − 256 + `first`, that is p − 237 + `first`.
const fn near_p(first: u8) -> [u8; 32] {
    let mut bytes = [0xff; 32];
    bytes[0] = first;
    bytes[31] = 0x7f;
    bytes
}

fn sphinx() -> Sphinx<X25519> {
    Sphinx::new(Geometry::of::<X25519>(5, 100, true).unwrap()).unwrap()
}

fn key() -> PrivateKey<X25519> {
    PrivateKey::from_bytes([7; 32])
}

/// A packet for the hop with this key.
fn forge_for(key: &PrivateKey<X25519>, element: [u8; 32], block: &[u8], tag: [u8; 32]) -> Vec<u8> {
    let secret = x25519_dalek::x25519(*key.as_bytes(), element);
    forge(sphinx().geometry(), &Forgery { element: &element, secret: &secret, block, tag })
}

fn packet(block: &[u8]) -> Vec<u8> {
    forge_for(&key(), [9; 32], block, [0; 32])
}

/// Processes a packet with these decrypted routing commands and checks the result.
fn finish_with<T>(block: &[u8], check: impl FnOnce(Result<Action<'_>, FinishError>) -> T) -> T {
    let sphinx = sphinx();
    let mut packet = packet(block);
    let result = sphinx.open(&mut packet, &key()).unwrap().finish();
    let failed = result.is_err();
    let checked = check(result);
    assert!(!failed || packet.iter().all(|byte| *byte == 0), "a failed packet is wiped");
    checked
}

fn command_error(block: &[u8]) -> CommandError {
    finish_with(block, |result| match result {
        Err(FinishError::Command(error)) => error,
        other => panic!("{other:?}"),
    })
}

#[track_caller]
fn refused(packet: &[u8], error: OpenError) {
    let mut opened = packet.to_vec();
    assert_eq!(sphinx().open(&mut opened, &key()).err(), Some(error));
    assert!(opened == packet, "a packet that could not be opened is untouched");
}

#[test]
fn good_packets_arrive() {
    finish_with(&[&NODE_DELAY[..], &RECIPIENT].concat(), |result| {
        let Ok(Action::Deliver { recipient, delay_millis, payload }) = result else { panic!("{result:?}") };
        assert_eq!((recipient, delay_millis), (RecipientId([2; 32]), Some(256)));
        assert_eq!(payload.len(), sphinx().geometry().forward_payload_len());
        assert!(payload.iter().all(|byte| *byte == 0x55));
    });
    // the order of the commands does not matter
    finish_with(&[&SURB_REPLY[..], &RECIPIENT].concat(), |result| {
        let Ok(Action::Reply { recipient, surb_id, delay_millis, payload }) = result else { panic!("{result:?}") };
        assert_eq!((recipient, surb_id, delay_millis), (RecipientId([2; 32]), SurbId([3; 16]), None));
        assert_eq!(payload.len(), sphinx().geometry().payload_len());
    });
    finish_with(&[&NEXT_NODE_HOP[..], &NODE_DELAY].concat(), |result| {
        let Ok(Action::Forward { next_hop, delay_millis }) = result else { panic!("{result:?}") };
        assert_eq!((next_hop, delay_millis), (NodeId([1; 32]), Some(256)));
    });
}

#[test]
fn a_packet_of_another_length() {
    let sphinx = sphinx();
    let packet = packet(&RECIPIENT);
    let want = packet.len();
    for got in [0, 1, sphinx.geometry().header_len(), want - 1] {
        refused(&packet[..got], OpenError::Length { got, want });
    }
    refused(&[&packet[..], &[0]].concat(), OpenError::Length { got: want + 1, want });
}

#[test]
fn a_packet_of_another_version() {
    let packet = packet(&RECIPIENT);
    for (byte, bit) in [(0, 1), (0, 0x80), (1, 1), (1, 0x80)] {
        let mut packet = packet.clone();
        packet[byte] ^= bit;
        let got = if byte == 0 { u16::from(bit) << 8 } else { u16::from(bit) };
        refused(&packet, OpenError::Version { got });
    }
}

#[test]
fn every_group_element_of_small_order() {
    for low_order in LOW_ORDER {
        for top_bit in [0, 0x80] {
            let mut element = low_order;
            element[31] |= top_bit;
            // the MAC is valid: an attacker can compute it, because the shared secret is all zeros
            let packet = forge_for(&key(), element, &RECIPIENT, [0; 32]);
            refused(&packet, OpenError::GroupElement);
        }
    }
}

#[test]
fn group_elements_that_no_honest_sender_makes_are_taken_as_x25519_takes_them() {
    // 2 + p and 9 + p, 9 with the top bit set, points of the twist
    let not_canonical = near_p(0xed + 9);
    let mut top_bit = with_first(9);
    top_bit[31] = 0x80;
    for element in [with_first(2), with_first(3), not_canonical, top_bit, near_p(0xef), [0xff; 32]] {
        let sphinx = sphinx();
        let mut packet = forge_for(&key(), element, &NEXT_NODE_HOP, [0; 32]);
        let action = sphinx.open(&mut packet, &key()).unwrap().finish();
        assert!(matches!(action, Ok(Action::Forward { .. })), "{action:?}");
        assert_ne!(packet[2..34], element, "blinded");
        assert_ne!(packet[2..34], [0; 32]);
    }
}

#[test]
fn a_flipped_bit_anywhere_in_the_header() {
    let sphinx = sphinx();
    let packet = packet(&RECIPIENT);
    for bit in 16..sphinx.geometry().header_len() * 8 {
        let mut packet = packet.clone();
        packet[bit / 8] ^= 1 << (bit % 8);
        refused(&packet, OpenError::Mac);
    }
}

#[test]
fn a_packet_for_another_key() {
    let packet = forge_for(&PrivateKey::from_bytes([8; 32]), [9; 32], &RECIPIENT, [0; 32]);
    refused(&packet, OpenError::Mac);
}

#[test]
fn the_keys_of_three_epochs() {
    let sphinx = sphinx();
    let keys = [[1; 32], [7; 32], [5; 32]].map(PrivateKey::from_bytes);
    for (i, key) in keys.iter().enumerate() {
        let sent = forge_for(key, [9; 32], &RECIPIENT, [0; 32]);
        let mut packet = sent.clone();
        let (index, opened) = sphinx.open_any(&mut packet, &keys.each_ref()).unwrap();
        assert_eq!(index, i);
        assert!(matches!(opened.finish(), Ok(Action::Deliver { .. })));

        let others: Vec<_> = keys.iter().filter(|other| other.as_bytes() != key.as_bytes()).collect();
        let mut packet = sent.clone();
        assert_eq!(sphinx.open_any(&mut packet, &others).err(), Some(OpenError::Mac));
        assert_eq!(sphinx.open_any(&mut packet, &[]).err(), Some(OpenError::Mac));
        assert!(packet == sent, "untouched");
    }
}

#[test]
fn unknown_commands() {
    for id in (4..0x80).chain(0x81..=0xff) {
        assert_eq!(command_error(&[id]), CommandError::Unknown { id });
        assert_eq!(command_error(&[&RECIPIENT[..], &[id]].concat()), CommandError::Unknown { id });
    }
}

#[test]
fn commands_cut_short_by_the_end_of_the_block() {
    let per_hop = sphinx().geometry().per_hop_routing_info_len();
    let filler = |len: usize| -> Vec<u8> {
        // whole commands that leave `len` bytes of the block
        let whole: &[&[u8]] = match per_hop - len {
            5 => &[&NODE_DELAY],
            17 => &[&SURB_REPLY],
            22 => &[&NODE_DELAY, &SURB_REPLY],
            33 => &[&RECIPIENT],
            38 => &[&NODE_DELAY, &RECIPIENT],
            50 => &[&RECIPIENT, &SURB_REPLY],
            55 => &[&NODE_DELAY, &RECIPIENT, &SURB_REPLY],
            65 => &[&NEXT_NODE_HOP],
            70 => &[&NEXT_NODE_HOP, &NODE_DELAY],
            other => panic!("{other}"),
        };
        whole.concat()
    };
    for (id, lens) in [(1, &[49, 44, 32, 27][..]), (2, &[12, 17]), (3, &[12])] {
        for &len in lens {
            let mut block = filler(len);
            block.push(id);
            assert_eq!(command_error(&block), CommandError::Truncated { id }, "{id} with {len} bytes left");
        }
    }
    // 82 = 65 + 17 fills the block exactly: nothing is truncated, but the two commands exclude each
    // other
    let full = [&NEXT_NODE_HOP[..], &SURB_REPLY].concat();
    assert_eq!(full.len(), per_hop);
    assert_eq!(command_error(&full), CommandError::OutOfPlace { id: 3 });
}

#[test]
fn commands_given_twice() {
    for (id, command) in [(2, &RECIPIENT[..]), (3, &SURB_REPLY), (0x80, &NODE_DELAY)] {
        assert_eq!(command_error(&[command, command].concat()), CommandError::Repeated { id });
        let between = [command, &NODE_DELAY, command].concat();
        assert_eq!(command_error(&between), CommandError::Repeated { id });
    }
}

#[test]
fn commands_that_do_not_go_together() {
    let cut = |blocks: &[&[u8]]| command_error(&blocks.concat());
    assert_eq!(cut(&[&NEXT_NODE_HOP, &SURB_REPLY]), CommandError::OutOfPlace { id: 3 });
    assert_eq!(cut(&[&SURB_REPLY, &NEXT_NODE_HOP]), CommandError::OutOfPlace { id: 3 });
    for no_destination in [&[][..], &NODE_DELAY, &SURB_REPLY, &[&NODE_DELAY[..], &SURB_REPLY].concat()] {
        assert_eq!(command_error(no_destination), CommandError::NoDestination);
    }
}

#[test]
fn padding_that_is_not_zero() {
    let per_hop = sphinx().geometry().per_hop_routing_info_len();
    for at in RECIPIENT.len() + 1..per_hop {
        let mut block = RECIPIENT.to_vec();
        block.resize(per_hop, 0);
        block[at] = 1;
        assert_eq!(command_error(&block), CommandError::Padding, "byte {at}");
    }
}

#[test]
fn a_tag_that_is_not_zero() {
    let sphinx = sphinx();
    for bit in 0..256 {
        let mut tag = [0; 32];
        tag[bit / 8] = 1 << (bit % 8);
        let mut packet = forge_for(&key(), [9; 32], &RECIPIENT, tag);
        assert_eq!(sphinx.open(&mut packet, &key()).unwrap().finish().err(), Some(FinishError::PayloadTag));
        assert!(packet.iter().all(|byte| *byte == 0), "wiped");
    }
}

#[test]
fn a_flipped_bit_anywhere_in_the_payload() {
    let sphinx = sphinx();
    let packet = packet(&RECIPIENT);
    for bit in sphinx.geometry().header_len() * 8..packet.len() * 8 {
        let mut packet = packet.clone();
        packet[bit / 8] ^= 1 << (bit % 8);
        assert_eq!(sphinx.open(&mut packet, &key()).unwrap().finish().err(), Some(FinishError::PayloadTag));
    }
}
