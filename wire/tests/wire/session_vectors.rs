//! `noise_session.json`: each side against the recorded other side.

use crate::{common::PKI, geometry::Geometry};
use mixwell_pq_kem::{
    Adapter, ByteArray, Kem, MlKem768, MlKem768X448, MlKem768X25519, X448, X25519, XWing,
    kem::{Ciphertext, PrivateKey, Seed, SharedSecret},
};
use mixwell_vectors::{Hex, ReplayKem, ReplayRng, load};
use mixwell_wire::{
    Ad, Command, Link, LinkKey, LinkSeed, Messages, Receiver, Sender, initiator::Initiator, responder::Responder,
};
use serde::Deserialize;

#[derive(Deserialize, Debug)]
#[serde(deny_unknown_fields)]
struct Test {
    kem: String,
    protocol: String,
    session: String,
    geometry: Geometry,
    initiator_ad: Hex,
    responder_ad: Hex,
    initiator_static_private: Hex,
    responder_static_private: Hex,
    initiator_ephemeral: Ephemeral,
    initiator_encapsulations: Vec<Encapsulation>,
    responder_encapsulations: Vec<Encapsulation>,
    messages: Vec<Hex>,
    initiator_commands: Vec<Recorded>,
    responder_commands: Vec<Recorded>,
}

#[derive(Deserialize, Debug)]
#[serde(deny_unknown_fields)]
struct Ephemeral {
    seed: Hex,
    private_key: Hex,
}

#[derive(Deserialize, Debug)]
#[serde(deny_unknown_fields)]
struct Encapsulation {
    ciphertext: Hex,
    shared_secret: Hex,
}

#[derive(Deserialize, Debug)]
#[serde(deny_unknown_fields)]
struct Recorded {
    name: String,
    plaintext: Hex,
    wire: Hex,
}

impl Test {
    /// The initiator's end and the responder's.
    fn ends(&self) -> [Link; 2] {
        // PKI sessions carry a geometry too, but do not use it
        let sizes = self.geometry.sizes();
        match self.session.as_str() {
            "mixnet" => [Link::client(sizes), Link::gateway(sizes)],
            "pki" => [Link::authority_client(PKI), Link::authority(PKI)],
            other => panic!("unknown session {other}"),
        }
    }
}

/// A generator that returns `first`, then the encapsulations.
fn rng(first: &[u8], encapsulations: &[Encapsulation]) -> ReplayRng {
    let mut parts = vec![first];
    for encapsulation in encapsulations {
        parts.extend([&*encapsulation.ciphertext, &*encapsulation.shared_secret]);
    }
    ReplayRng::new(&parts)
}

fn link_key<K: Kem>(private: &Hex) -> LinkKey<K> {
    LinkKey::new(&PrivateKey::from_bytes(*K::PrivateBytes::from_slice(private).unwrap())).unwrap()
}

/// The initiator's link key as a seed, for KEMs whose private key ends with its seed.
fn link_seed<K: Kem>(test: &Test) -> Option<LinkSeed<K>> {
    let private = &*test.initiator_static_private;
    let seed =
        || Seed::<K>::from_bytes(*K::SeedBytes::from_slice(&private[private.len() - K::SeedBytes::LEN..]).unwrap());
    (K::from_seed(&seed()).as_bytes().as_ref() == private).then(|| LinkSeed::new(seed()).unwrap())
}

/// Runs an initiator against the recorded responder. Returns the responder's clock.
fn initiator<K: Kem>(name: &str, test: &Test, start: Initiator<'_, K>) -> u32 {
    let responder_key = link_key::<K>(&test.responder_static_private);
    let mut rng = rng(&test.initiator_ephemeral.seed, &test.initiator_encapsulations);
    let mut out = vec![0xee; Messages::<K>::MAX_LEN];

    let (state, message) = start.write(&mut rng, &mut out).unwrap();
    assert_eq!(message, &*test.messages[0], "{name}");
    let state = state.read(&mut test.messages[1].clone().0).unwrap();
    assert_eq!(state.peer().ad(), &*test.responder_ad, "{name}");
    assert!(state.peer().is(Ad::new(&test.responder_ad).unwrap(), responder_key.public()));
    let unix_time = state.peer().unix_time();
    assert_eq!(state.peer().clock_skew(u64::from(unix_time) + 90), 90);
    let (state, message) = state.accept().write(&mut rng, &mut out).unwrap();
    assert_eq!(message, &*test.messages[2], "{name}");
    let state = state.read(&mut test.messages[3].clone().0).unwrap();
    rng.finish();

    let (no_op, others) = test.responder_commands.split_first().unwrap();
    let (header, body) = no_op.wire.split_first_chunk().unwrap();
    let state = state.open_length(&mut header.clone()).unwrap();
    assert_eq!(state.body_len(), body.len());
    let mut session = state.open(&mut body.to_vec()).unwrap();
    sends(name, &mut session.sender, &test.ends()[1], &test.initiator_commands);
    receives(name, &mut session.receiver, others);
    unix_time
}

/// Runs the responder against the recorded initiator.
fn responder<K: Kem>(name: &str, test: &Test, unix_time: u32) {
    let key = link_key::<K>(&test.responder_static_private);
    let initiator_key = link_key::<K>(&test.initiator_static_private);
    let [_, link] = test.ends();
    let mut rng = rng(&[], &test.responder_encapsulations);
    let mut out = vec![0xee; 20_000];

    let ad = Ad::new(&test.responder_ad).unwrap();
    let state = Responder::<K>::new(&key, ad).read(&test.messages[0]).unwrap();
    let (state, message) = state.write(&mut rng, unix_time, &mut out).unwrap();
    assert_eq!(message, &*test.messages[1], "{name}");
    let state = state.read(&mut test.messages[2].clone().0).unwrap();
    assert!(state.peer().is(Ad::new(&test.initiator_ad).unwrap(), initiator_key.public()));
    assert_eq!(state.peer().unix_time(), 0, "{name}");
    let (state, message) = state.accept(link).write(&mut rng, &mut out).unwrap();
    assert_eq!(message, &*test.messages[3], "{name}");
    rng.finish();

    let (no_op, others) = test.responder_commands.split_first().unwrap();
    assert_eq!((no_op.name.as_str(), state.frame_len()), ("NoOp", no_op.wire.len()));
    let (session, frame) = state.write(&mut out).unwrap();
    assert_eq!(frame, &*no_op.wire, "{name}");
    // the recorded initiator's first command proves its key
    let header = test.initiator_commands[0].wire.first_chunk().unwrap();
    let mut session = session.open_length(&mut header.clone()).unwrap();
    receives(name, &mut session.receiver, &test.initiator_commands);
    sends(name, &mut session.sender, &test.ends()[0], others);
}

fn sends(name: &str, sender: &mut Sender, receiver: &Link, commands: &[Recorded]) {
    for recorded in commands {
        let command = Command::decode(&recorded.plaintext, receiver).unwrap();
        check_name(&command, &recorded.name);
        let mut out = vec![0xee; recorded.wire.len()];
        assert_eq!(sender.frame_len(&command), Ok(out.len()));
        assert_eq!(sender.seal(&command, &mut out), Ok(&*recorded.wire), "{name} {}", recorded.name);
    }
}

fn receives(name: &str, receiver: &mut Receiver, commands: &[Recorded]) {
    let link = *receiver.link();
    for recorded in commands {
        let (header, body) = recorded.wire.split_first_chunk().unwrap();
        let mut buffer = body.to_vec();
        let length = receiver.pending_len();
        let length = length.unwrap_or_else(|| receiver.open_length(&mut header.clone()).unwrap().len());
        assert_eq!(length, body.len());
        let command = receiver.pending().unwrap().open(&mut buffer).unwrap();
        check_name(&command, &recorded.name);
        assert_eq!(Ok(command), Command::decode(&recorded.plaintext, &link), "{name} {}", recorded.name);
        assert_eq!(buffer[..length - 16], *recorded.plaintext, "{name} {}", recorded.name);
    }
}

fn check_name(command: &Command<'_>, name: &str) {
    assert_eq!(format!("{command:?}").split([' ', '(']).next().unwrap(), name);
}

fn both<K: Kem>(name: &str, test: &Test) {
    assert_eq!(test.protocol, format!("Noise_pqXX_{}_ChaChaPoly_BLAKE2b", K::NAME));
    assert_eq!(test.kem, K::NAME);
    let lengths = [Messages::<K>::LEN_1, Messages::<K>::LEN_2, Messages::<K>::LEN_3, Messages::<K>::LEN_4];
    assert_eq!(lengths.to_vec(), test.messages.iter().map(|message| message.len()).collect::<Vec<_>>());
    assert!(lengths.iter().all(|length| *length <= Messages::<K>::MAX_LEN));
    let (key, mut place) = (link_key::<K>(&test.initiator_static_private), K::Expanded::default());
    let ad = Ad::new(&test.initiator_ad).unwrap();
    let [link, _] = test.ends();
    let unix_time = initiator(name, test, Initiator::new(&key, ad, link));
    assert_eq!(initiator(name, test, Initiator::new(&key, ad, link).keep_expanded(&mut place)), unix_time);
    if let Some(key) = link_seed::<K>(test) {
        assert_eq!(initiator(name, test, Initiator::with_seed(&key, ad, link)), unix_time);
    } else {
        assert!(!["XWING", "MLKEM768"].contains(&K::NAME), "{name}");
    }
    responder::<K>(name, test, unix_time);
}
/// Checks that our KEM derives the recorded ephemeral key and shared secrets, so that the replayed
/// values are those that it would have produced.
fn kem<K: Kem>(name: &str, test: &Test) {
    let seed = Seed::<K>::from_bytes(*K::SeedBytes::from_slice(&test.initiator_ephemeral.seed).unwrap());
    let ephemeral = K::from_seed(&seed);
    assert_eq!(ephemeral.as_bytes().as_ref(), &*test.initiator_ephemeral.private_key, "{name}");
    let static_key = |private: &Hex| PrivateKey::from_bytes(*K::PrivateBytes::from_slice(private).unwrap());
    let initiator: PrivateKey<K> = static_key(&test.initiator_static_private);
    let responder = static_key(&test.responder_static_private);
    let [to_ephemeral, to_initiator] = test.responder_encapsulations.as_slice() else { panic!("{name}") };
    let [to_responder] = test.initiator_encapsulations.as_slice() else { panic!("{name}") };
    for (key, made) in [(&ephemeral, to_ephemeral), (&initiator, to_initiator), (&responder, to_responder)] {
        let ciphertext = Ciphertext::from_bytes(*K::CiphertextBytes::from_slice(&made.ciphertext).unwrap());
        let mut secret = SharedSecret::default();
        K::decapsulate(&key.expand().unwrap(), &ciphertext, &mut secret).unwrap();
        assert_eq!(secret.as_bytes().as_ref(), &*made.shared_secret, "{name}");
    }
}

#[test]
fn either_side_against_the_recorded_other() {
    for vector in load::<Test>("noise_session") {
        let (name, test) = (vector.name, vector.test);
        macro_rules! with {
            ($($kem:ty),+) => {
                match test.kem.as_str() {
                    $(<$kem>::NAME => {
                        kem::<$kem>(&name, &test);
                        both::<ReplayKem<$kem>>(&name, &test);
                    })+
                    other => panic!("{name}: unknown KEM {other}"),
                }
            };
        }
        with!(Adapter<X25519>, Adapter<X448>, MlKem768, XWing, MlKem768X25519, MlKem768X448);
    }
}
