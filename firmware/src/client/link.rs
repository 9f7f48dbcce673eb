//! The link to the gateway: the handshake with the recorded responder, then the recorded commands, both ways.

use super::{replay::Replay, vectors};
use crate::{measure::measure as row, rng::Recorded};
use cortex_m_semihosting::hprintln;
use mixwell_pq_kem::kem::Seed;
use mixwell_sphinx::Geometry;
use mixwell_wire::{
    Ad, Command, FRAME_HEADER_LEN, Link, LinkSeed, Session,
    initiator::{AwaitMessage2, AwaitMessage4, AwaitNoOp, CheckPeer, Initiator},
};
use rand_core::CryptoRng;

/// Room for the longest message and frame.
const ROOM: usize = 3200;

#[inline(never)]
pub(super) fn measure(geometry: &Geometry) {
    let sizes = geometry.into();
    let buffer = &mut [0; ROOM];
    hprintln!("link with {}", <Replay as mixwell_pq_kem::Kem>::NAME);
    let mut session = handshake(Link::client(sizes), buffer);

    for (plaintext, wire) in &vectors::SENT {
        let command = Command::decode(plaintext, &Link::gateway(sizes)).expect("a client's command");
        let sealed = row("seal a command", || session.sender.seal(&command, buffer));
        assert_eq!(sealed, Ok(*wire));
    }
    for (plaintext, wire) in &vectors::RECEIVED[1..] {
        let (header, body) = receive(wire, buffer);
        let opened = row("open a command", || session.receiver.open_length(header).expect("authentic").open(body));
        assert_eq!(opened, Command::decode(plaintext, &Link::client(sizes)).map_err(Into::into));
    }
}

/// Never inlined, as the steps: the key and the states are not on the stack any more when it has returned.
#[inline(never)]
fn handshake(link: Link, buffer: &mut [u8]) -> Session {
    let mut rng = Recorded::new([&vectors::EPHEMERAL_SEED]);
    let (mut key, mut checked) = (None, None);
    let key = link_key(&mut key);
    read_2(write_1(key, link, &mut rng, buffer), buffer, &mut checked);
    let state = read_4(write_3(&mut checked, &mut rng, buffer), buffer);
    let (_, wire) = vectors::RECEIVED[0];
    let (header, body) = receive(wire, buffer);
    let state = state.open_length(header).expect("the gateway's length");
    row("open the no_op", || state.open(body)).expect("the gateway's no_op")
}

/// What is large is put in its place at once.
#[inline(never)]
fn link_key(key: &mut Option<LinkSeed<Replay>>) -> &LinkSeed<Replay> {
    let (public, seed) = vectors::INITIATOR_STATIC_PRIVATE.split_last_chunk().expect("a public key, and a seed");
    row("prepare the link key", || *key = LinkSeed::new(Seed::from_bytes(*seed)).ok());
    let key = key.as_ref().expect("a good seed");
    assert_eq!(key.public().as_bytes(), public);
    key
}

#[inline(never)]
fn write_1<'k>(
    key: &'k LinkSeed<Replay>,
    link: Link,
    rng: &mut Recorded<1>,
    buffer: &mut [u8],
) -> AwaitMessage2<'k, Replay> {
    let ad = Ad::new(&vectors::INITIATOR_AD).expect("a short name");
    let (state, message) = row("write message 1", || {
        Initiator::with_seed(key, ad, link).write(&mut *rng as &mut dyn CryptoRng, buffer).expect("room")
    });
    assert_eq!(message, vectors::MESSAGE_1);
    assert!(rng.is_spent());
    state
}

#[inline(never)]
fn read_2<'k>(state: AwaitMessage2<'k, Replay>, buffer: &mut [u8], checked: &mut Option<CheckPeer<'k, Replay>>) {
    let message = copy(&vectors::MESSAGE_2, buffer);
    row("read message 2", || *checked = state.read(message).ok());
    let peer = checked.as_ref().expect("the gateway's message").peer();
    let gateway = Ad::new(&vectors::RESPONDER_AD).expect("a short name");
    assert_eq!(peer.ad(), vectors::RESPONDER_AD);
    assert!(vectors::RESPONDER_STATIC_PRIVATE.starts_with(peer.static_key().as_bytes()));
    assert!(peer.is(gateway, peer.static_key()));
}

#[inline(never)]
fn write_3<'k>(
    checked: &mut Option<CheckPeer<'k, Replay>>,
    rng: &mut Recorded<1>,
    buffer: &mut [u8],
) -> AwaitMessage4<'k, Replay> {
    let state = checked.take().expect("message 2").accept();
    let (state, message) =
        row("write message 3", || state.write(&mut *rng as &mut dyn CryptoRng, buffer).expect("a good key"));
    assert_eq!(message, vectors::MESSAGE_3);
    state
}

#[inline(never)]
fn read_4(state: AwaitMessage4<'_, Replay>, buffer: &mut [u8]) -> AwaitNoOp {
    let message = copy(&vectors::MESSAGE_4, buffer);
    row("read message 4", || state.read(message).expect("the gateway's message"))
}

/// What has come over the wire, in the client's own memory.
fn copy<'b>(message: &[u8], buffer: &'b mut [u8]) -> &'b mut [u8] {
    let place = &mut buffer[..message.len()];
    place.copy_from_slice(message);
    place
}

fn receive<'b>(wire: &[u8], buffer: &'b mut [u8]) -> (&'b mut [u8; FRAME_HEADER_LEN], &'b mut [u8]) {
    copy(wire, buffer).split_first_chunk_mut().expect("a frame has a header")
}
