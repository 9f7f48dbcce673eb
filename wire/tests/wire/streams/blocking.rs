//! Tests of the `std::io` adapter.

use super::{COMMANDS, Crumbs, buffer, down, is_gateway, link_for, packet, payload, socket_pair, up};
use crate::{
    common::SIZES,
    fake_kem::FakeKem,
    pair::{Pair, UNIX_TIME, rng},
};
use core::{
    cell::{Cell, RefCell},
    time::Duration,
};
use mixwell_wire::blocking::{Reader, Timed, Writer, await_proof, initiate, respond};
use mixwell_wire::{Command, HandshakeError, Link, Peer, StreamError, Timeouts};
use std::io::{self, Read, Write};
use std::{thread, time::Instant};

impl<S: Read> Read for Crumbs<S> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let some = self.some(buffer.len());
        if self.state.trailing_zeros() >= 8 {
            return Err(io::ErrorKind::Interrupted.into());
        }
        self.stream.read(&mut buffer[..some])
    }
}

impl<S: Write> Write for Crumbs<S> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let some = self.some(bytes.len());
        self.stream.write(&bytes[..some])
    }

    fn flush(&mut self) -> io::Result<()> {
        self.stream.flush()
    }
}

impl<S: Timed> Timed for Crumbs<S> {
    fn set_read_timeout(&mut self, timeout: Duration) -> io::Result<()> {
        self.stream.set_read_timeout(timeout)
    }

    fn set_write_timeout(&mut self, timeout: Duration) -> io::Result<()> {
        self.stream.set_write_timeout(timeout)
    }
}

#[test]
fn ten_thousand_commands_each_way() {
    let (client_stream, gateway_stream) = socket_pair();
    let timeouts = Timeouts::default();
    let gateway = thread::spawn(move || {
        let pair = Pair::default();
        let mut stream = Crumbs::new(&gateway_stream);
        let mut buffer = buffer();
        let session = respond(&mut stream, pair.responder(), &mut rng(8), &mut buffer, &timeouts, link_for);
        let session = await_proof(&mut stream, session.unwrap(), &timeouts).unwrap();
        let sending = gateway_stream.try_clone().unwrap();
        let sending = thread::spawn(move || {
            let mut writer = Writer::new(Crumbs::new(sending), session.sender, super::buffer(), &timeouts);
            let mut payload = payload();
            (0..COMMANDS).for_each(|number| writer.send(&down(number, &mut payload)).unwrap());
        });
        let mut reader = Reader::new(stream, session.receiver, buffer, &timeouts);
        let mut packet = packet();
        assert_eq!(reader.receive().unwrap(), Command::NoOp, "its proof");
        for number in 0..COMMANDS {
            assert_eq!(reader.receive().unwrap(), up(number, &mut packet));
            let carried = reader.packet_mut().map(|bytes| bytes.to_vec());
            assert_eq!(carried, (number & 3 == 3).then(|| packet.clone()));
        }
        sending.join().unwrap();
    });
    let pair = Pair::default();
    let mut stream = Crumbs::new(&client_stream);
    let session = initiate(&mut stream, pair.initiator(), &mut rng(9), &mut buffer(), &timeouts, |peer| {
        assert!(peer.unix_time() > UNIX_TIME);
        is_gateway(peer)
    });
    let session = session.unwrap();
    let sending = client_stream.try_clone().unwrap();
    let sending = thread::spawn(move || {
        let mut writer = Writer::new(Crumbs::new(sending), session.sender, buffer(), &timeouts);
        let mut packet = packet();
        (0..COMMANDS).for_each(|number| writer.send(&up(number, &mut packet)).unwrap());
    });
    let mut reader = Reader::new(stream, session.receiver, buffer(), &timeouts);
    let mut payload = payload();
    for number in 0..COMMANDS {
        assert_eq!(reader.receive().unwrap(), down(number, &mut payload));
    }
    sending.join().unwrap();
    gateway.join().unwrap();
    assert!(matches!(reader.receive(), Err(StreamError::Closed)));
}

#[test]
fn a_peer_that_says_nothing() {
    let (mut client_stream, mut gateway_stream) = socket_pair();
    let timeouts = Timeouts { handshake: Duration::from_millis(50), ..Timeouts::default() };
    let pair = Pair::default();
    let start = Instant::now();
    let result = initiate(&mut client_stream, pair.initiator(), &mut rng(1), &mut buffer(), &timeouts, |_| panic!());
    assert!(matches!(result, Err(StreamError::Timeout)), "{result:?}");
    let mut message = [0; 33];
    gateway_stream.read_exact(&mut message).unwrap();
    assert!(start.elapsed() < Duration::from_secs(2));
}

#[test]
fn a_peer_that_drips() {
    // at one byte every 20 ms no single call times out, but the handshake as a whole does
    let (mut client_stream, mut gateway_stream) = socket_pair();
    let timeouts = Timeouts { handshake: Duration::from_millis(100), ..Timeouts::default() };
    let dripping = thread::spawn(move || {
        for byte in core::iter::once(3).chain([0; 40]) {
            if client_stream.write_all(&[byte]).is_err() {
                return;
            }
            thread::sleep(Duration::from_millis(20));
        }
    });
    let pair = Pair::default();
    let result = respond(&mut gateway_stream, pair.responder(), &mut rng(1), &mut buffer(), &timeouts, |_| panic!());
    assert!(matches!(result, Err(StreamError::Timeout)), "{result:?}");
    drop(gateway_stream);
    dripping.join().unwrap();
}

#[test]
fn one_byte_turns_a_stranger_away() {
    let (mut client_stream, mut gateway_stream) = socket_pair();
    client_stream.write_all(b"G").unwrap();
    let pair = Pair::default();
    let result =
        respond(&mut gateway_stream, pair.responder(), &mut rng(1), &mut buffer(), &Timeouts::default(), |_| panic!());
    assert!(matches!(result, Err(StreamError::Handshake(HandshakeError::Version(b'G')))), "{result:?}");
}

#[test]
fn a_refused_peer_gets_nothing_but_the_end() {
    for refuser in 0..2 {
        let (mut client_stream, mut gateway_stream) = socket_pair();
        let gateway = thread::spawn(move || {
            let pair = Pair::default();
            let timeouts = Timeouts::default();
            respond(&mut gateway_stream, pair.responder(), &mut rng(1), &mut buffer(), &timeouts, |_| {
                (refuser == 0).then_some(Link::gateway(SIZES))
            })
            .map(|_| ())
        });
        let pair = Pair::default();
        let mut buffer = buffer();
        let wanted = |_: &Peer<FakeKem>| refuser == 1;
        let timeouts = Timeouts::default();
        let client =
            initiate(&mut client_stream, pair.initiator(), &mut rng(2), &mut buffer, &timeouts, wanted).map(|_| ());
        drop(client_stream);
        let (client, gateway) = (client.unwrap_err(), gateway.join().unwrap().unwrap_err());
        let (refused, other) = if refuser == 0 { (client, gateway) } else { (gateway, client) };
        assert!(matches!(refused, StreamError::Refused), "{refused}");
        assert!(matches!(other, StreamError::Closed), "{other}");
    }
}

#[test]
fn waiting_again_after_a_timeout() {
    let (client_stream, mut gateway_stream) = socket_pair();
    let [client, mut gateway] = Pair::default().sessions();
    let timeouts = Timeouts { read: Duration::from_millis(30), ..Timeouts::default() };
    let mut reader = Reader::new(&client_stream, client.receiver, buffer(), &timeouts);
    let mut frame = buffer();
    let frame = gateway.sender.seal(&Command::Disconnect, &mut frame).unwrap();
    // cut inside the header, after it, and inside the body
    let mut sent = 0;
    for until in [7, 20, 500] {
        gateway_stream.write_all(&frame[sent..until]).unwrap();
        sent = until;
        assert!(matches!(reader.receive(), Err(StreamError::Timeout)));
    }
    gateway_stream.write_all(&frame[sent..]).unwrap();
    assert_eq!(reader.receive().unwrap(), Command::Disconnect);
    // a writer on the same socket keeps its own timeout
    assert_eq!(client_stream.write_timeout().unwrap(), None);
}

/// The handshake's timeout does not apply to the session after it.
#[test]
fn a_session_without_a_limit_outlives_the_handshakes() {
    let (client_stream, gateway_stream) = socket_pair();
    let handshake = Duration::from_millis(250);
    let timeouts = Timeouts { handshake, read: Duration::MAX, write: Duration::MAX };
    let gateway = thread::spawn(move || {
        let pair = Pair::default();
        let mut stream = &gateway_stream;
        let session = respond(&mut stream, pair.responder(), &mut rng(8), &mut buffer(), &timeouts, link_for);
        let session = await_proof(&mut stream, session.unwrap(), &timeouts).unwrap();
        let mut writer = Writer::new(stream, session.sender, buffer(), &timeouts);
        thread::sleep(2 * handshake);
        writer.send(&Command::NoOp).unwrap();
    });
    let pair = Pair::default();
    let mut stream = &client_stream;
    let session = initiate(&mut stream, pair.initiator(), &mut rng(9), &mut buffer(), &timeouts, is_gateway);
    let mut reader = Reader::new(stream, session.unwrap().receiver, buffer(), &timeouts);
    assert_eq!(reader.receive().unwrap(), Command::NoOp);
    gateway.join().unwrap();
}

/// A stream that accepts `room` bytes and then blocks its writer.
#[derive(Debug)]
struct Full {
    taken: RefCell<Vec<u8>>,
    room: Cell<usize>,
}

impl Write for &Full {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let some = bytes.len().min(self.room.get());
        if some == 0 {
            return Err(io::ErrorKind::WouldBlock.into());
        }
        self.room.update(|room| room - some);
        self.taken.borrow_mut().extend(&bytes[..some]);
        Ok(some)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Timed for &Full {
    fn set_read_timeout(&mut self, _: Duration) -> io::Result<()> {
        Ok(())
    }

    fn set_write_timeout(&mut self, _: Duration) -> io::Result<()> {
        Ok(())
    }
}

/// The same guarantee as the asynchronous adapters give.
#[test]
fn a_command_is_whole_even_if_its_sender_stopped_waiting() {
    for room in [0, 1, 20, 3123] {
        let [client, mut gateway] = Pair::default().sessions();
        let stream = Full { taken: RefCell::default(), room: Cell::new(room) };
        let mut writer = Writer::new(&stream, client.sender, buffer(), &Timeouts::default());
        assert!(matches!(writer.send(&Command::Disconnect), Err(StreamError::Timeout)));
        // still full: the next command is not started
        assert!(matches!(writer.send(&Command::NoOp), Err(StreamError::Timeout)));
        stream.room.set(usize::MAX);
        writer.send(&Command::NoOp).unwrap();
        let mut taken = stream.taken.borrow_mut();
        let (first, second) = taken.split_at_mut(3124);
        for (frame, command) in [(first, Command::Disconnect), (second, Command::NoOp)] {
            let (header, body) = frame.split_first_chunk_mut().unwrap();
            assert_eq!(gateway.receiver.open_length(header).unwrap().open(body), Ok(command));
        }
    }
}
