//! `conversations.json`: recorded sessions between peers of the reference implementation, command
//! by command. Every command of a real peer is decoded and encoded to the same bytes; a command
//! that is rejected was sent on purpose, and ended the recorded connection too.

use mixwell_pq_kem::{Kem, MlKem768X25519, XWing};
use mixwell_vectors::{Hex, load};
use mixwell_wire::{Command, Link, Messages, PacketSizes, PkiSizes};
use serde::Deserialize;

#[derive(Deserialize, Debug)]
#[serde(deny_unknown_fields)]
struct Conversation {
    about: String,
    initiator: String,
    responder: String,
    session: String,
    kem: String,
    #[serde(rename = "initiator_ad")]
    _initiator_ad: Option<Hex>,
    #[serde(rename = "responder_ad")]
    _responder_ad: Option<Hex>,
    recorded_at: String,
    #[serde(rename = "began")]
    _began: String,
    handshake_lengths: Vec<usize>,
    #[serde(rename = "handshake_ms")]
    _handshake_ms: Option<f64>,
    #[serde(rename = "responder_clock")]
    _responder_clock: Option<u64>,
    commands: Vec<Said>,
    #[serde(rename = "ends")]
    _ends: String,
    #[serde(rename = "ended_ms")]
    _ended_ms: Option<f64>,
    #[serde(rename = "omitted")]
    _omitted: Option<String>,
    #[serde(rename = "frame")]
    _frame: Option<serde_json::Value>,
}

/// A command: its bytes and the number of zeros that follow, or, for a long one, its first bytes
/// and its length.
#[derive(Deserialize, Debug)]
#[serde(deny_unknown_fields)]
struct Said {
    #[serde(rename = "ms")]
    _ms: f64,
    from: String,
    bytes: Option<Hex>,
    #[serde(default)]
    zeros: usize,
    #[serde(rename = "sha256")]
    _sha256: Option<Hex>,
    length: Option<usize>,
    prefix: Option<Hex>,
}

/// Length of the command id, a reserved byte and the body's length field.
const HEADER_LEN: usize = 6;

impl Conversation {
    fn is_deliberate(&self) -> bool {
        self.about.starts_with("deliberate")
    }

    /// Both ends, the initiator's first.
    fn ends(&self) -> [Link; 2] {
        // the recordings come from two networks
        let sizes = if self.kem == "XWING" {
            PacketSizes { packet: 1682, forward_payload: 1174, user_forward_payload: 600 }
        } else {
            PacketSizes { packet: 1582, forward_payload: 1074, user_forward_payload: 500 }
        };
        let end = |role: &str| match role {
            "client" => Link::client(sizes).with_document_bound(10_000),
            // to mixes, a gateway is a node
            "gateway" if self.initiator == "client" => Link::gateway(sizes),
            "gateway" | "mix" | "service" | "node" => Link::node(sizes),
            other => panic!("no such role: {other}"),
        };
        if self.session == "pki" {
            let sizes = PkiSizes { public_key: 32, document: 20_000 };
            return [Link::authority_client(sizes), Link::authority(sizes)];
        }
        [end(&self.initiator), end(&self.responder)]
    }

    fn handshake_lengths(&self) -> [usize; 4] {
        fn of<K: Kem>() -> [usize; 4] {
            [Messages::<K>::LEN_1, Messages::<K>::LEN_2, Messages::<K>::LEN_3, Messages::<K>::LEN_4]
        }
        match self.kem.as_str() {
            "XWING" => of::<XWing>(),
            "MLKEM768-X25519" => of::<MlKem768X25519>(),
            other => panic!("no such KEM: {other}"),
        }
    }
}

#[test]
fn peers_of_the_reference() {
    let (mut exact, mut refused, mut long) = (0, 0, 0);
    for vector in load::<Conversation>("conversations") {
        let (name, talk) = (vector.name, vector.test);
        assert!(matches!(talk.recorded_at.as_str(), "initiator" | "responder"), "{name}");
        assert_eq!(talk.handshake_lengths, talk.handshake_lengths(), "{name}");
        let [initiator, responder] = talk.ends();
        for (number, said) in talk.commands.iter().enumerate() {
            let (sender, receiver) = match said.from.as_str() {
                "initiator" => (initiator, responder),
                "responder" => (responder, initiator),
                other => panic!("{name}: {other}"),
            };
            let Some(front) = &said.bytes else {
                long += 1;
                let (prefix, length) = (said.prefix.as_ref().unwrap(), said.length.unwrap());
                let body = u32::from_be_bytes(*prefix[2..].first_chunk().unwrap()) as usize;
                let padded = if said.from == "initiator" { initiator.up_len() } else { initiator.down_len() };
                let is_padded = talk.session == "mixnet" && HEADER_LEN + body < padded;
                assert_eq!(length, if is_padded { padded } else { HEADER_LEN + body }, "{name}, {number}");
                continue;
            };
            let mut bytes = front.to_vec();
            bytes.resize(bytes.len() + said.zeros, 0);
            match Command::decode(&bytes, &receiver) {
                Ok(command) => {
                    exact += 1;
                    let mut out = vec![0xee; bytes.len() + 3];
                    // a test program sent commands that no peer in its role would send
                    match command.encode(&sender, &mut out) {
                        Ok(length) => assert_eq!(Hex(out[..length].to_vec()), Hex(bytes), "{name}, {number}"),
                        Err(error) => {
                            assert!(talk.is_deliberate() && said.from == "initiator", "{name}, {number}: {error:?}");
                        }
                    }
                }
                Err(error) => {
                    refused += 1;
                    let is_last = talk.commands[number + 1..].iter().all(|later| later.from != said.from);
                    assert!(talk.is_deliberate() && said.from == "initiator" && is_last, "{name}, {number}: {error:?}");
                }
            }
        }
    }
    let is_own = std::env::var_os(mixwell_vectors::FOLDER_VARIABLE).is_none();
    assert!(!is_own || (exact > 300 && refused > 10 && long > 50), "{exact} {refused} {long}");
}
