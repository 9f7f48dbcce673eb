//! The link to the gateway: the handshake with the recorded responder, then the recorded commands
//! in both directions.

use super::{replay::Replay, vectors};
use crate::{measure::measure as row, rng::Recorded};
use cortex_m_semihosting::hprintln;
use mixwell_pq_kem::kem::Seed;
use mixwell_sphinx::Geometry;
use mixwell_wire::{
    Ad, Command, FRAME_HEADER_LEN, Link, LinkSeed, PacketSizes, Session,
    initiator::{AwaitMessage2, AwaitMessage4, AwaitNoOp, AwaitPeer, Initiator, SendMessage3},
};
use rand_core::CryptoRng;

/// Buffer length: that of the longest frame; handshake messages are shorter.
const ROOM: usize = 3144;

#[inline(never)]
pub(super) fn measure(geometry: &Geometry) {
    let sizes = geometry.into();
    let buffer = &mut [0; ROOM];
    hprintln!("link with {}", <Replay as mixwell_pq_kem::Kem>::NAME);
    let mut rng = Recorded::new([&vectors::EPHEMERAL_SEED]);
    let mut key = None;
    let key = link_key(&mut key);
    let state = read_2(write_1(key, Link::client(sizes), &mut rng, buffer), buffer);
    let state = read_4(write_3(state, &mut rng, buffer), buffer);
    commands(state, sizes, buffer);
}

// The steps are never inlined, so each state has a stack slot only in the step that makes it.

/// Makes the link key directly in its place, as it is large.
#[inline(never)]
fn link_key(key: &mut Option<LinkSeed<Replay>>) -> &LinkSeed<Replay> {
    let (public, seed) = vectors::INITIATOR_STATIC_PRIVATE.split_last_chunk().expect("a public key, and a seed");
    let key = row("prepare the link key", || LinkSeed::new_in(Seed::from_bytes(*seed), key)).expect("a good seed");
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

/// Reads the secret of message 2; the peer's identity is not decrypted yet and takes no stack here.
#[inline(never)]
fn read_2<'k>(state: AwaitMessage2<'k, Replay>, buffer: &mut [u8]) -> AwaitPeer<'k, Replay> {
    let message = copy(&vectors::MESSAGE_2, buffer);
    row("read message 2: secret", || state.read_secret(message).expect("the gateway's message"))
}

#[inline(never)]
fn peer<'k>(state: AwaitPeer<'k, Replay>, buffer: &mut [u8]) -> SendMessage3<'k, Replay> {
    let message = &mut buffer[..vectors::MESSAGE_2.len()];
    let state = row("read message 2: peer", || state.read(message).expect("the gateway's message"));
    let gateway = Ad::new(&vectors::RESPONDER_AD).expect("a short name");
    let peer = state.peer();
    assert_eq!(peer.ad(), vectors::RESPONDER_AD);
    assert!(vectors::RESPONDER_STATIC_PRIVATE.starts_with(peer.static_key().as_bytes()));
    assert!(peer.is(gateway, peer.static_key()));
    state.accept()
}

#[inline(never)]
fn write_3<'k>(state: AwaitPeer<'k, Replay>, rng: &mut Recorded<1>, buffer: &mut [u8]) -> AwaitMessage4<'k, Replay> {
    let state = peer(state, buffer);
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

#[inline(never)]
fn commands(state: AwaitNoOp, sizes: PacketSizes, buffer: &mut [u8]) {
    let mut session = no_op(state, buffer);
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

#[inline(never)]
fn no_op(state: AwaitNoOp, buffer: &mut [u8]) -> Session {
    let (_, wire) = vectors::RECEIVED[0];
    let (header, body) = receive(wire, buffer);
    let state = state.open_length(header).expect("the gateway's length");
    row("open the no_op", || state.open(body)).expect("the gateway's no_op")
}

/// Copies received bytes into the client's own buffer.
fn copy<'b>(message: &[u8], buffer: &'b mut [u8]) -> &'b mut [u8] {
    let place = &mut buffer[..message.len()];
    place.copy_from_slice(message);
    place
}

fn receive<'b>(wire: &[u8], buffer: &'b mut [u8]) -> (&'b mut [u8; FRAME_HEADER_LEN], &'b mut [u8]) {
    copy(wire, buffer).split_first_chunk_mut().expect("a frame has a header")
}
