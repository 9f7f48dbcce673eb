//! Handshakes with misbehaving peers.

use crate::{
    common::{PKI, SIZES},
    fake_kem::{BAD, FakeKem},
    pair::{CLIENT_AD, GATEWAY_AD, Lengths, Pair, Transcript, UNIX_TIME, key, private, rng},
};
use mixwell_pq_kem::{
    XWing,
    kem::{PrivateKey, PublicKey, Seed},
};
use mixwell_wire::{
    Ad, CallerError, HandshakeError, Link, LinkKey, LinkSeed, ReceiveError, SendError, initiator, responder,
};

#[test]
fn two_peers() {
    let pair = Pair::default();
    let (state, _, mut message) = pair.sent_2();
    let state = state.read(&mut message).unwrap();
    assert!(state.peer().is(Ad::node(GATEWAY_AD), pair.gateway.public()));
    assert_eq!(state.peer().unix_time(), UNIX_TIME);
    assert_eq!(state.peer().clock_skew(0), -i64::from(UNIX_TIME));
    let (_, state, mut message) = pair.sent_3();
    let state = state.read(&mut message).unwrap();
    assert!(state.peer().is(Ad::client(CLIENT_AD), pair.client.public()));
    assert_eq!((state.peer().ad(), state.peer().unix_time()), (&CLIENT_AD[..], 0));
    let [client, gateway] = pair.sessions();
    assert_eq!(*client.sender.link(), Link::client(SIZES));
    assert_eq!(*gateway.receiver.link(), Link::gateway(SIZES));
}

/// One responder and peers of several kinds: each peer is accepted with its own link, and the link
/// determines the largest frame.
#[test]
fn the_link_follows_from_who_calls() {
    let pair = Pair::default();
    let (mut out, mut frame) = ([0; Lengths::LEN_4], [0; 4000]);
    for link in [Link::gateway(SIZES), Link::node(SIZES), Link::authority(PKI)] {
        let (_, state, mut message) = pair.sent_3();
        let state = state.read(&mut message).unwrap();
        assert_eq!(state.peer().ad(), CLIENT_AD);
        let (state, _) = state.accept(link).write(&mut rng(4), &mut out).unwrap();
        let no_op_len = state.frame_len();
        let (session, no_op) = state.write(&mut frame).unwrap();
        assert_eq!(no_op.len(), no_op_len);
        assert_eq!(no_op_len == 42, link == Link::authority(PKI), "the padding follows too");
        assert_eq!(session.link(), &link);
    }
}

/// An expanded ephemeral key gives the same messages, and its memory is wiped whether message 2
/// arrives or not.
#[test]
fn an_ephemeral_key_kept_expanded() {
    let pair = Pair::default();
    let [message_1, message_2, message_3, _] = pair.transcript().0;
    let mut place = private(8);
    let mut out = [0; Lengths::LEN_3];
    let state = pair.initiator().keep_expanded(&mut place);
    let (state, message) = state.write(&mut rng(pair.seed), &mut out).unwrap();
    assert_eq!(message, message_1);
    let state = state.read(&mut message_2.clone()).unwrap().accept();
    let (_, message) = state.write(&mut rng(pair.seed + 2), &mut out).unwrap();
    assert_eq!(message, message_3);
    assert_eq!(place.as_bytes(), &[0; 32]);

    for message_2 in [None, Some(flip(&message_2, 700)), Some(vec![])] {
        let mut place = private(8);
        let state = pair.initiator().keep_expanded(&mut place);
        let (state, _) = state.write(&mut rng(pair.seed), &mut out).unwrap();
        message_2.map(|mut message| state.read(&mut message).map(|_| ()).unwrap_err());
        assert_eq!(place.as_bytes(), &[0; 32]);
    }
}

/// Every wrong length, from zero to far too long.
fn wrong_lengths(want: usize) -> impl Iterator<Item = usize> {
    (0..want + 300).chain([1 << 16, 1 << 20]).filter(move |length| *length != want)
}

#[test]
fn messages_of_another_length() {
    let pair = Pair::default();
    let [message_1, message_2, message_3, message_4] = pair.transcript().0;
    let cut = |message: &[u8], length: usize| {
        let mut message = message.to_vec();
        message.resize(length, 0);
        message
    };
    for got in wrong_lengths(Lengths::LEN_1) {
        let result = pair.responder().read(&cut(&message_1, got)).map(|_| ());
        assert_eq!(result, Err(HandshakeError::Length { want: Lengths::LEN_1, got }));
    }
    for got in wrong_lengths(Lengths::LEN_2) {
        let result = pair.sent_1().0.read(&mut cut(&message_2, got)).map(|_| ());
        assert_eq!(result, Err(HandshakeError::Length { want: Lengths::LEN_2, got }));
    }
    for got in wrong_lengths(Lengths::LEN_3) {
        let result = pair.sent_2().1.read(&mut cut(&message_3, got)).map(|_| ());
        assert_eq!(result, Err(HandshakeError::Length { want: Lengths::LEN_3, got }));
    }
    for got in wrong_lengths(Lengths::LEN_4) {
        let result = pair.sent_3().0.read(&mut cut(&message_4, got)).map(|_| ());
        assert_eq!(result, Err(HandshakeError::Length { want: Lengths::LEN_4, got }));
    }
}

#[test]
fn another_prologue() {
    let pair = Pair::default();
    let (_, message) = pair.sent_1();
    for version in (0..=255).filter(|version| *version != 3) {
        let mut message = message.clone();
        message[0] = version;
        assert_eq!(pair.responder().read(&message).map(|_| ()), Err(HandshakeError::Version(version)));
        // rejected by the first byte, whatever follows
        assert_eq!(pair.responder().read(&message[..1]).map(|_| ()), Err(HandshakeError::Version(version)));
    }
}

#[test]
fn every_bit_of_every_message() {
    let pair = Pair::default();
    let [message_1, message_2, message_3, message_4] = pair.transcript().0;
    // the ephemeral key and its ciphertext are in the clear: a change to them fails at the next tag
    for bit in 8..8 * message_1.len() {
        let mut message = flip(&message_1, bit);
        if message[1] == BAD {
            continue;
        }
        let responder = pair.responder().read(&message).unwrap();
        let mut out = [0; Lengths::LEN_2];
        let (_, reply) = responder.write(&mut rng(2), UNIX_TIME, &mut out).unwrap();
        message = reply.to_vec();
        assert!(matches!(pair.sent_1().0.read(&mut message).map(|_| ()), Err(HandshakeError::Failed)));
    }
    for bit in 0..8 * message_2.len() {
        let result = pair.sent_1().0.read(&mut flip(&message_2, bit)).map(|_| ());
        assert_eq!(result, Err(HandshakeError::Failed), "bit {bit} of message 2");
    }
    for bit in 0..8 * message_3.len() {
        let result = pair.sent_2().1.read(&mut flip(&message_3, bit)).map(|_| ());
        assert_eq!(result, Err(HandshakeError::Failed), "bit {bit} of message 3");
    }
    for bit in 0..8 * message_4.len() {
        let result = pair.sent_3().0.read(&mut flip(&message_4, bit)).map(|_| ());
        assert_eq!(result, Err(HandshakeError::Failed), "bit {bit} of message 4");
    }
}

fn flip(message: &[u8], bit: usize) -> Vec<u8> {
    let mut message = message.to_vec();
    message[bit / 8] ^= 1 << (bit % 8);
    message
}

#[test]
fn messages_of_another_handshake() {
    let (pair, other) = (Pair::default(), Pair { seed: 50, ..Pair::default() });
    let [_, mut message_2, mut message_3, mut message_4] = other.transcript().0;
    assert_eq!(pair.sent_1().0.read(&mut message_2).map(|_| ()), Err(HandshakeError::Failed));
    assert_eq!(pair.sent_2().1.read(&mut message_3).map(|_| ()), Err(HandshakeError::Failed));
    assert_eq!(pair.sent_3().0.read(&mut message_4).map(|_| ()), Err(HandshakeError::Failed));
    // message 1 can be replayed, but the replaying peer cannot continue: the reply is encrypted to
    // the first sender's ephemeral key
    let (_, message_1) = other.sent_1();
    let mut out = [0; Lengths::LEN_2];
    let (_, reply) = pair.responder().read(&message_1).unwrap().write(&mut rng(9), 0, &mut out).unwrap();
    let mut reply = reply.to_vec();
    assert_eq!(pair.sent_1().0.read(&mut reply).map(|_| ()), Err(HandshakeError::Failed));
    // reflection: the peer's own messages, sent back
    let mut own = pair.sent_3().2;
    own.resize(Lengths::LEN_4, 0);
    assert_eq!(pair.sent_3().0.read(&mut own).map(|_| ()), Err(HandshakeError::Failed));
}

#[test]
fn a_man_in_the_middle_is_seen() {
    // the initiator checks a static key that the man in the middle does not have
    let pair = Pair::default();
    let middle = Pair { gateway: key(66), ..Pair::default() };
    let (_, message_1) = pair.sent_1();
    let mut out = [0; Lengths::LEN_2];
    let (_, reply) = middle.responder().read(&message_1).unwrap().write(&mut rng(9), 0, &mut out).unwrap();
    let mut reply = reply.to_vec();
    let state = pair.sent_1().0.read(&mut reply).unwrap();
    assert!(!state.peer().is(Ad::node(GATEWAY_AD), pair.gateway.public()));
    assert!(state.peer().is(Ad::node(GATEWAY_AD), middle.gateway.public()));
    assert!(!state.peer().is(Ad::NONE, middle.gateway.public()));
    state.refuse();
}

#[test]
fn malformed_keys_and_secrets() {
    let bad = LinkKey::<FakeKem>::new(&private(BAD)).unwrap();
    // the ephemeral key
    let pair = Pair::default();
    let mut message = pair.sent_1().1;
    message[1] = BAD;
    let mut out = [0; Lengths::LEN_3];
    let state = pair.responder().read(&message).unwrap();
    assert_eq!(state.write(&mut rng(1), 0, &mut out).map(|_| ()), Err(HandshakeError::Key));
    // the responder's static key
    let pair = Pair { gateway: bad, ..Pair::default() };
    let (state, _, mut message) = pair.sent_2();
    let state = state.read(&mut message).unwrap().accept();
    assert_eq!(state.write(&mut rng(1), &mut out).map(|_| ()), Err(HandshakeError::Key));
    // the initiator's static key
    let pair = Pair { client: LinkKey::new(&private(BAD)).unwrap(), ..Pair::default() };
    let (_, state, mut message) = pair.sent_3();
    let state = state.read(&mut message).unwrap().accept(Link::gateway(SIZES));
    assert_eq!(state.write(&mut rng(1), &mut out).map(|_| ()), Err(HandshakeError::Key));
    // a ciphertext that decapsulates to a malformed secret
    let pair = Pair::default();
    let (state, message_1) = pair.sent_1();
    let mut message = pair.sent_2().2;
    message[0] = BAD ^ message_1[1];
    assert_eq!(state.read(&mut message).map(|_| ()), Err(HandshakeError::Failed));
}

/// Reading message 2 in two steps is equivalent; the second step needs the same message.
#[test]
fn message_2_in_two_steps() {
    let pair = Pair::default();
    let mut out = [0; Lengths::MAX_LEN];
    let (state, _, mut message) = pair.sent_2();
    let state = state.read_secret(&message).unwrap();
    assert_eq!(format!("{state:?}"), "AwaitPeer<FAKE>(..)");
    let state = state.read(&mut message).unwrap().accept();
    let (_, message_3) = state.write(&mut rng(3), &mut out).unwrap();
    assert_eq!(message_3, pair.transcript().0[2]);

    for at in [Lengths::LEN_2 - 1, Lengths::LEN_2 - 300] {
        let (state, _, mut message) = pair.sent_2();
        let state = state.read_secret(&message).unwrap();
        message[at] ^= 1;
        assert_eq!(state.read(&mut message).map(|_| ()), Err(HandshakeError::Failed));
    }
    let short = HandshakeError::Length { want: Lengths::LEN_2, got: Lengths::LEN_2 - 1 };
    let (state, _, mut message) = pair.sent_2();
    assert_eq!(state.read_secret(&message[1..]).map(|_| ()), Err(short));
    let state = pair.sent_2().0.read_secret(&message).unwrap();
    assert_eq!(state.read(&mut message[1..]).map(|_| ()), Err(short));
}

/// A link key that is expanded in place is the same key; a malformed one leaves the slot empty.
#[test]
fn a_link_key_in_place() {
    let mut malformed = PrivateKey::<XWing>::generate(&mut rng(3));
    let mut place = None;
    let key = LinkKey::new_in(&malformed, &mut place).unwrap();
    assert_eq!(key.public(), LinkKey::new(&malformed).unwrap().public());
    malformed.as_bytes_mut()[700] ^= 1;
    assert!(LinkKey::new_in(&malformed, &mut place).is_err());
    assert!(place.is_none());

    let mut place = None;
    LinkKey::new_in(&private(2), &mut place).unwrap();
    let pair = Pair { client: place.unwrap(), ..Pair::default() };
    pair.sent_3();
}

/// A link key stored as its seed gives the same messages, and `Debug` does not print it.
#[test]
fn a_link_key_as_its_seed() {
    let pair = Pair::default();
    let seed = LinkSeed::<FakeKem>::new(Seed::from_bytes([2; 32])).unwrap();
    assert_eq!(seed.public(), pair.client.public());
    assert_eq!(format!("{seed:?}"), "LinkSeed<FAKE>(..)");
    let Transcript([sent_1, mut sent_2, sent_3, mut sent_4]) = pair.transcript();
    let mut out = [0; Lengths::MAX_LEN];
    let state = initiator::Initiator::with_seed(&seed, Ad::client(CLIENT_AD), Link::client(SIZES));
    let (state, message) = state.write(&mut rng(1), &mut out).unwrap();
    assert_eq!(message, sent_1);
    let state = state.read(&mut sent_2).unwrap().accept();
    let (state, message) = state.write(&mut rng(3), &mut out).unwrap();
    assert_eq!(message, sent_3);
    state.read(&mut sent_4).unwrap();

    let mut place = None;
    assert_eq!(LinkSeed::<FakeKem>::new_in(Seed::from_bytes([2; 32]), &mut place).unwrap().public(), seed.public());
    assert_eq!(place.unwrap().public(), seed.public());

    // another seed's key cannot read message 4
    let other = LinkSeed::<FakeKem>::new(Seed::from_bytes([6; 32])).unwrap();
    let Transcript([_, mut sent_2, _, mut sent_4]) = pair.transcript();
    let state = initiator::Initiator::with_seed(&other, Ad::client(CLIENT_AD), Link::client(SIZES));
    let (state, _) = state.write(&mut rng(1), &mut out).unwrap();
    let (state, _) = state.read(&mut sent_2).unwrap().accept().write(&mut rng(3), &mut out).unwrap();
    assert_eq!(state.read(&mut sent_4).map(|_| ()), Err(HandshakeError::Failed));
}

#[test]
fn buffers_that_are_too_short() {
    let pair = Pair::default();
    let mut out = vec![0; Lengths::MAX_LEN + 5000];
    for got in 0..Lengths::LEN_1 {
        let result = pair.initiator().write(&mut rng(1), &mut out[..got]).map(|_| ());
        assert_eq!(result, Err(HandshakeError::Caller(CallerError::Buffer { want: Lengths::LEN_1, got })));
    }
    for got in 0..Lengths::LEN_2 {
        let state = pair.responder().read(&pair.sent_1().1).unwrap();
        let result = state.write(&mut rng(1), 0, &mut out[..got]).map(|_| ());
        assert_eq!(result, Err(HandshakeError::Caller(CallerError::Buffer { want: Lengths::LEN_2, got })));
    }
    for got in 0..Lengths::LEN_3 {
        let (state, _, mut message) = pair.sent_2();
        let state = state.read(&mut message).unwrap().accept();
        let result = state.write(&mut rng(1), &mut out[..got]).map(|_| ());
        assert_eq!(result, Err(HandshakeError::Caller(CallerError::Buffer { want: Lengths::LEN_3, got })));
    }
    for got in 0..Lengths::LEN_4 {
        let (_, state, mut message) = pair.sent_3();
        let state = state.read(&mut message).unwrap().accept(Link::gateway(SIZES));
        let result = state.write(&mut rng(1), &mut out[..got]).map(|_| ());
        assert_eq!(result, Err(HandshakeError::Caller(CallerError::Buffer { want: Lengths::LEN_4, got })));
    }
    let (_, state, _) = pair.sent_4();
    let want = state.frame_len();
    assert!(matches!(state.write(&mut out[..want - 1]).map(|_| ()), Err(SendError::Encode(_))));
    // longer buffers work too
    out.fill(0xee);
    let (_, message) = pair.initiator().write(&mut rng(1), &mut out).unwrap();
    assert_eq!(message, pair.sent_1().1);
    assert!(out[Lengths::LEN_1..].iter().all(|byte| *byte == 0xee));
}

#[test]
fn the_first_command_is_a_no_op() {
    let pair = Pair::default();
    // the responder's second frame in place of its first: the tag fails
    let (state, _, mut message) = pair.sent_4();
    let mut buffer = [0; 4000];
    let [_, mut session] = pair.sessions();
    let mut second = [0; 4000];
    let second = session.sender.seal(&mixwell_wire::Command::NoOp, &mut second).unwrap();
    assert_eq!(second.len(), 3124);
    let (header, _) = second.split_first_chunk().unwrap();
    let state = state.read(&mut message).unwrap();
    assert_eq!(state.open_length(&mut header.clone()).map(|_| ()), Err(ReceiveError::Tag));

    let (state, responder, mut message) = pair.sent_4();
    let (_, frame) = responder.write(&mut buffer).unwrap();
    let (header, body) = frame.split_first_chunk().unwrap();
    let state = state.read(&mut message).unwrap().open_length(&mut header.clone()).unwrap();
    let short = &mut body.to_vec()[1..];
    let got = short.len();
    assert_eq!(state.open(short).map(|_| ()), Err(CallerError::Buffer { want: got + 1, got }.into()));
}

#[test]
fn any_ad_up_to_255_bytes() {
    for length in 0..=255 {
        let ad = vec![7; length];
        let (client, gateway) = (key(2), key(4));
        let ad = Ad::new(&ad).unwrap();
        let mut out = [0; Lengths::MAX_LEN];
        let initiator = initiator::Initiator::new(&client, ad, Link::client(SIZES));
        let (initiator, message) = initiator.write(&mut rng(1), &mut out).unwrap();
        let responder = responder::Responder::new(&gateway, ad).read(message).unwrap();
        let (_, message) = responder.write(&mut rng(1), u32::MAX, &mut out).unwrap();
        let state = initiator.read(&mut message.to_vec()).unwrap();
        assert!(state.peer().is(ad, gateway.public()));
        assert_eq!((state.peer().ad().len(), state.peer().unix_time()), (length, u32::MAX));
    }
    assert_eq!(Ad::new(&[0; 256]), None);
}

#[test]
fn nothing_secret_is_printed() {
    let pair = Pair::default();
    assert_eq!(format!("{:?}", pair.client), "LinkKey<FAKE>(..)");
    assert_eq!(format!("{:?}", pair.initiator()), "Initiator<FAKE>(..)");
    assert_eq!(format!("{:?}", pair.sent_3().0), "AwaitMessage4<FAKE>(..)");
    let (state, _, mut message) = pair.sent_2();
    let state = state.read(&mut message).unwrap();
    let printed = format!("{:?}", state.peer());
    assert!(printed.starts_with("Peer { ad: [106, 106,") && printed.ends_with("unix_time: 1780000000, .. }"));
    assert_eq!(*state.peer().static_key(), PublicKey::from_bytes(*pair.gateway.public().as_bytes()));
    let [client, _] = pair.sessions();
    assert!(format!("{client:?}").starts_with("Session { sender: Sender { link: Link { role: Client"));
}
