//! `conversations.json`: recorded sessions between peers of the reference implementation, command
//! by command. Every command of a real peer is decoded and encoded to the same bytes; a command
//! that is rejected was sent on purpose, and ended the recorded connection too.

use mixwell_pq_kem::{Kem, MlKem768X25519, XWing};
use mixwell_vectors::{
    Hex,
    conversation::{Conversation, Side},
    load,
};
use mixwell_wire::{Command, Link, Messages, PacketSizes, PkiSizes};

/// Length of the command id, a reserved byte and the body's length field.
const HEADER_LEN: usize = 6;

/// Both ends, the initiator's first.
fn ends(talk: &Conversation) -> [Link; 2] {
    // the recordings come from two networks
    let sizes = if talk.kem == "XWING" {
        PacketSizes { packet: 1682, forward_payload: 1174, user_forward_payload: 600 }
    } else {
        PacketSizes { packet: 1582, forward_payload: 1074, user_forward_payload: 500 }
    };
    let end = |role: &str| match role {
        "client" => Link::client(sizes).with_document_bound(10_000),
        // to mixes, a gateway is a node
        "gateway" if talk.initiator == "client" => Link::gateway(sizes),
        "gateway" | "mix" | "service" | "node" => Link::node(sizes),
        other => panic!("no such role: {other}"),
    };
    if talk.session == "pki" {
        let sizes = PkiSizes { public_key: 32, document: 20_000 };
        return [Link::authority_client(sizes), Link::authority(sizes)];
    }
    [end(&talk.initiator), end(&talk.responder)]
}

fn handshake_lengths(talk: &Conversation) -> [usize; 4] {
    fn of<K: Kem>() -> [usize; 4] {
        [Messages::<K>::LEN_1, Messages::<K>::LEN_2, Messages::<K>::LEN_3, Messages::<K>::LEN_4]
    }
    match talk.kem.as_str() {
        "XWING" => of::<XWing>(),
        "MLKEM768-X25519" => of::<MlKem768X25519>(),
        other => panic!("no such KEM: {other}"),
    }
}

#[test]
fn peers_of_the_reference() {
    let (mut exact, mut refused, mut long) = (0, 0, 0);
    for vector in load::<Conversation>("conversations") {
        let (name, talk) = (vector.name, vector.test);
        assert_eq!(talk.handshake_lengths, handshake_lengths(&talk), "{name}");
        let [initiator, responder] = ends(&talk);
        for (number, said) in talk.commands.iter().enumerate() {
            let (sender, receiver) = match said.from {
                Side::Initiator => (initiator, responder),
                Side::Responder => (responder, initiator),
            };
            let Some(bytes) = said.text() else {
                long += 1;
                let (prefix, length) = (said.prefix.as_ref().unwrap(), said.length.unwrap());
                let body = u32::from_be_bytes(*prefix[2..].first_chunk().unwrap()) as usize;
                let is_up = said.from == Side::Initiator;
                let padded = if is_up { initiator.up_len() } else { initiator.down_len() };
                let is_padded = talk.session == "mixnet" && HEADER_LEN + body < padded;
                assert_eq!(length, if is_padded { padded } else { HEADER_LEN + body }, "{name}, {number}");
                continue;
            };
            match Command::decode(&bytes, &receiver) {
                Ok(command) => {
                    exact += 1;
                    let mut out = vec![0xee; bytes.len() + 3];
                    // a test program sent commands that no peer in its role would send
                    match command.encode(&sender, &mut out) {
                        Ok(length) => assert_eq!(Hex(out[..length].to_vec()), Hex(bytes), "{name}, {number}"),
                        Err(error) => {
                            assert!(
                                talk.is_deliberate() && said.from == Side::Initiator,
                                "{name}, {number}: {error:?}"
                            );
                        }
                    }
                }
                Err(error) => {
                    refused += 1;
                    let is_last = talk.commands[number + 1..].iter().all(|later| later.from != said.from);
                    assert!(
                        talk.is_deliberate() && said.from == Side::Initiator && is_last,
                        "{name}, {number}: {error:?}"
                    );
                }
            }
        }
    }
    let is_own = std::env::var_os(mixwell_vectors::FOLDER_VARIABLE).is_none();
    assert!(!is_own || (exact > 300 && refused > 10 && long > 50), "{exact} {refused} {long}");
}
