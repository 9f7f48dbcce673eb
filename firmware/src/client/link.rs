//! The link to the gateway: the handshake with the recorded responder, then the recorded commands, both ways.

use super::{replay::Replay, vectors};
use crate::{measure::measure as row, rng::Recorded};
use cortex_m_semihosting::hprintln;
use mixwell_pq_kem::kem::PrivateKey;
use mixwell_sphinx::Geometry;
use mixwell_wire::{Ad, Command, FRAME_HEADER_LEN, Link, LinkKey, Session, initiator::Initiator};
use rand_core::CryptoRng;

pub(super) fn measure(geometry: &Geometry, buffer: &mut [u8]) {
    let sizes = geometry.into();
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

/// Never inlined: the key and the states are not on the stack any more when it has returned.
#[inline(never)]
fn handshake(link: Link, buffer: &mut [u8]) -> Session {
    let mut rng = Recorded::new([&vectors::EPHEMERAL_SEED]);
    let ad = Ad::new(&vectors::INITIATOR_AD).expect("a short name");
    let gateway = Ad::new(&vectors::RESPONDER_AD).expect("a short name");

    let mut key = None;
    row("prepare the link key", || {
        key = Some(
            LinkKey::<Replay>::new(&PrivateKey::from_bytes(vectors::INITIATOR_STATIC_PRIVATE)).expect("a good key"),
        );
    });
    let key = key.as_ref().expect("just made");

    let mut sent = None;
    row("write message 1", || {
        sent = Some(Initiator::new(key, ad, link).write(&mut rng as &mut dyn CryptoRng, buffer).expect("room"))
    });
    let (state, message) = sent.take().expect("just made");
    assert_eq!(message, vectors::MESSAGE_1);
    assert!(rng.is_spent());

    let message = copy(&vectors::MESSAGE_2, buffer);
    let mut read = None;
    row("read message 2", || read = Some(state.read(message).expect("the gateway's message")));
    let state = read.take().expect("just made");
    assert_eq!(state.peer().ad(), vectors::RESPONDER_AD);
    assert!(vectors::RESPONDER_STATIC_PRIVATE.starts_with(state.peer().static_key().as_bytes()));
    assert!(state.peer().is(gateway, state.peer().static_key()));

    let state = state.accept();
    let mut sent = None;
    row("write message 3", || sent = Some(state.write(&mut rng as &mut dyn CryptoRng, buffer).expect("a good key")));
    let (state, message) = sent.take().expect("just made");
    assert_eq!(message, vectors::MESSAGE_3);

    let message = copy(&vectors::MESSAGE_4, buffer);
    let mut read = None;
    row("read message 4", || read = Some(state.read(message).expect("the gateway's message")));
    let state = read.take().expect("just made");

    let (_, wire) = vectors::RECEIVED[0];
    let (header, body) = receive(wire, buffer);
    let state = state.open_length(header).expect("the gateway's length");
    row("open the no_op", || state.open(body)).expect("the gateway's no_op")
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
