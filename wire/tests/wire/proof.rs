//! An initiator is authenticated by its first command, not by its handshake.

use crate::{
    common::{PKI, SIZES},
    pair::{Pair, prove, rng},
};
use mixwell_pq_kem::{XWing, kem::PrivateKey};
use mixwell_vectors::Impostor;
use mixwell_wire::{
    Ad, Command, Link, LinkKey, Messages, ReceiveError, Session,
    initiator::Initiator,
    responder::{Responder, UnprovenSession},
};

const VICTIM: &[u8; 32] = &[1; 32];
const RESPONDER: &[u8; 32] = &[2; 32];
type Lengths = Messages<XWing>;

/// Runs a handshake whose initiator has the victim's id and public key but not the private key;
/// returns the responder's session and its first frame.
fn impersonate(victim: &LinkKey<XWing>, responder: &LinkKey<XWing>, link: Link) -> (UnprovenSession, Vec<u8>) {
    let claimed = LinkKey::new(&Impostor::<XWing>::claim(victim.public().as_bytes())).unwrap();
    let mut out = [0; 4000];
    let impostor = Initiator::new(&claimed, Ad::node(VICTIM), Link::node(SIZES));
    let (impostor, message) = impostor.write(&mut rng(1), &mut out).unwrap();
    let responder = Responder::new(responder, Ad::node(RESPONDER)).read(message).unwrap();
    let (responder, _) = responder.write(&mut rng(2), 0, &mut out).unwrap();
    let impostor = impostor.read(&mut out[..Lengths::LEN_2]).unwrap();
    let (impostor, _) = impostor.accept().write(&mut rng(3), &mut out).unwrap();
    let responder = responder.read(&mut out[..Lengths::LEN_3]).unwrap();
    assert!(responder.peer().is(Ad::node(VICTIM), victim.public()), "it names the victim");
    let (responder, message) = responder.accept(link).write(&mut rng(4), &mut out).unwrap();
    assert!(impostor.read(&mut message.to_vec()).is_err(), "only the victim can read message 4");
    let (session, no_op) = responder.write(&mut out).unwrap();
    (session, no_op.to_vec())
}

#[test]
fn public_values_alone_end_at_an_unproven_session() {
    let key = |seed| LinkKey::<XWing>::new(&PrivateKey::generate(&mut rng(seed))).unwrap();
    let (victim, responder) = (key(5), key(6));
    let pair = Pair::default();
    let mut honest_frame = [0; 4000];
    let [mut honest, _] = pair.sessions();
    let honest_frame = honest.sender.seal(&Command::NoOp, &mut honest_frame).unwrap().to_vec();
    for link in [Link::node(SIZES), Link::gateway(SIZES), Link::authority(PKI)] {
        for attempt in 0..4 {
            let (session, no_op) = impersonate(&victim, &responder, link);
            let frame = match attempt {
                0 => vec![0; 20],
                1 => vec![0xff; 20],
                // the responder's own first frame, sent back
                2 => no_op,
                // a frame of another session
                _ => honest_frame.clone(),
            };
            let mut header = *frame.first_chunk().unwrap();
            assert_eq!(session.open_length(&mut header).map(|_| ()), Err(ReceiveError::Tag));
        }
    }
}

#[test]
fn the_first_command_proves_the_initiator() {
    for command in [
        Command::NoOp,
        Command::Disconnect,
        Command::GetConsensus2 { epoch: 7 },
        Command::SendPacket(&[5; SIZES.packet]),
    ] {
        let (mut client, gateway) = Pair::default().unproven();
        assert_eq!(gateway.link(), &Link::gateway(SIZES));
        let mut frame = [0; 4000];
        client.sender.seal(&command, &mut frame).unwrap();
        let (header, body) = frame.split_first_chunk_mut().unwrap();
        let Session { mut receiver, .. } = gateway.open_length(header).unwrap();
        // the command that proves the key is delivered
        assert_eq!(receiver.pending().unwrap().open(body), Ok(command));
        assert!(receiver.is_alive() && receiver.pending().is_none());
    }
}

#[test]
fn every_bit_of_the_first_length() {
    for bit in 0..8 * 20 {
        let (mut client, gateway) = Pair::default().unproven();
        let mut frame = [0; 4000];
        client.sender.seal(&Command::NoOp, &mut frame).unwrap();
        frame[bit / 8] ^= 1 << (bit % 8);
        let (header, _) = frame.split_first_chunk_mut().unwrap();
        assert_eq!(gateway.open_length(header).map(|_| ()), Err(ReceiveError::Tag), "bit {bit}");
    }
}

#[test]
fn an_unproven_initiator_is_told_one_no_op() {
    let (client, gateway) = Pair::default().unproven();
    let mut client = client;
    let mut gateway = prove(&mut client, gateway);
    // the session's first frame is the responder's second: sending the `no_op` is all that has
    // advanced its cipher
    let mut frame = [0; 4000];
    gateway.sender.seal(&Command::Disconnect, &mut frame).unwrap();
    let (header, body) = frame.split_first_chunk_mut().unwrap();
    assert_eq!(client.receiver.open_length(header).unwrap().open(body), Ok(Command::Disconnect));
}

/// Initiators begin mixnet sessions with a `no_op`; sessions with an authority begin with the
/// request itself.
#[cfg(feature = "std")]
mod streams {
    use super::*;
    use crate::{
        fake_kem::FakeKem,
        pair::{CLIENT_AD, GATEWAY_AD},
    };
    use core::time::Duration;
    use mixwell_wire::{
        StreamError, Timeouts,
        blocking::{Reader, Writer, await_proof, initiate, respond},
    };
    use std::{
        net::{TcpListener, TcpStream},
        thread,
    };

    fn connected() -> (TcpStream, TcpStream) {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let initiator = TcpStream::connect(listener.local_addr().unwrap()).unwrap();
        (initiator, listener.accept().unwrap().0)
    }

    /// The commands that arrive when the initiator sends `get_consensus` right after its handshake
    /// and then waits.
    fn first_commands(ours: Link, theirs: Link) -> Vec<u8> {
        let (mut stream, mut accepted) = connected();
        let timeouts = Timeouts { read: Duration::from_secs(10), ..Timeouts::default() };
        let responder = thread::spawn(move || {
            let pair = Pair::default();
            let mut buffer = vec![0; 20_000];
            let session =
                respond(&mut accepted, pair.responder(), &mut rng(1), &mut buffer, &timeouts, |_| Some(theirs));
            let session = await_proof(&mut accepted, session.unwrap(), &timeouts).unwrap();
            let mut reader = Reader::new(accepted, session.receiver, buffer, &timeouts);
            core::iter::from_fn(|| reader.receive().ok().map(|command| command.id())).collect::<Vec<_>>()
        });
        let pair = Pair::default();
        let initiator = Initiator::<FakeKem>::new(&pair.client, Ad::client(CLIENT_AD), ours);
        let mut buffer = vec![0; 20_000];
        let session = initiate(&mut stream, initiator, &mut rng(2), &mut buffer, &timeouts, |peer| {
            peer.is(Ad::node(GATEWAY_AD), pair.gateway.public())
        });
        let mut writer = Writer::new(stream, session.unwrap().sender, buffer, &timeouts);
        let command = match ours.role() {
            mixwell_wire::Role::Node => Command::Disconnect,
            role => Command::GetConsensus { epoch: 3, padded: role == mixwell_wire::Role::Client },
        };
        writer.send(&command).unwrap();
        drop(writer);
        responder.join().unwrap()
    }

    #[test]
    fn who_begins_with_a_no_op() {
        assert_eq!(first_commands(Link::client(SIZES), Link::gateway(SIZES)), [0, 18]);
        assert_eq!(first_commands(Link::node(SIZES), Link::node(SIZES)), [0, 1]);
        assert_eq!(first_commands(Link::authority_client(PKI), Link::authority(PKI)), [18]);
    }

    #[test]
    fn a_silent_initiator_stays_unproven() {
        let (mut stream, mut accepted) = connected();
        let timeouts = Timeouts { read: Duration::from_millis(50), ..Timeouts::default() };
        let responder = thread::spawn(move || {
            let pair = Pair::default();
            let link_for = |_: &_| Some(Link::authority(PKI));
            let session = respond(&mut accepted, pair.responder(), &mut rng(1), &mut [0; 4000], &timeouts, link_for);
            await_proof(&mut accepted, session.unwrap(), &timeouts).map(|_| ())
        });
        let pair = Pair::default();
        let initiator = Initiator::new(&pair.client, Ad::client(CLIENT_AD), Link::authority_client(PKI));
        let session = initiate(&mut stream, initiator, &mut rng(2), &mut vec![0; 20_000], &timeouts, |_| true).unwrap();
        let result = responder.join().unwrap();
        assert!(matches!(result, Err(StreamError::Timeout)), "{result:?}");
        drop(session);
    }
}
