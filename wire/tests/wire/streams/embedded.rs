//! Tests of the `embedded-io-async` adapter, on top of `tokio`'s sockets.

use super::{
    COMMANDS, Crumbs, down, is_gateway, link_for, packet, payload,
    tokio::{once, run, sockets},
    up,
};
use crate::{
    fake_kem::FakeKem,
    pair::{Pair, UNIX_TIME, rng},
};
use mixwell_wire::{Command, Peer, StreamError};

use ::tokio::{
    io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt},
    spawn,
};
use embedded_io_async::{ErrorKind, ErrorType, Read, Write};
use mixwell_wire::embedded_io_async::{Reader, Writer, await_proof, initiate, respond};

/// A `tokio` stream wrapped for `embedded-io-async`.
#[derive(Debug)]
struct Embedded<S>(Crumbs<S>);

impl<S> ErrorType for Embedded<S> {
    type Error = ErrorKind;
}

impl<S: AsyncRead + Unpin> Read for Embedded<S> {
    async fn read(&mut self, buffer: &mut [u8]) -> Result<usize, ErrorKind> {
        let some = self.0.some(buffer.len());
        self.0.stream.read(&mut buffer[..some]).await.map_err(|_| ErrorKind::Other)
    }
}

impl<S: AsyncWrite + Unpin> Write for Embedded<S> {
    async fn write(&mut self, bytes: &[u8]) -> Result<usize, ErrorKind> {
        let some = self.0.some(bytes.len());
        self.0.stream.write(&bytes[..some]).await.map_err(|_| ErrorKind::Other)
    }

    async fn flush(&mut self) -> Result<(), ErrorKind> {
        self.0.stream.flush().await.map_err(|_| ErrorKind::Other)
    }
}

#[test]
fn ten_thousand_commands_each_way() {
    run(async {
        let (client_stream, gateway_stream) = sockets();
        let gateway = spawn(async move {
            let pair = Pair::default();
            let mut stream = Embedded(Crumbs::new(gateway_stream));
            let mut random = rng(8);
            let mut buffer = [0; 3159];
            let session = respond(&mut stream, pair.responder(), &mut random, &mut buffer, UNIX_TIME, link_for);
            let session = session.await.unwrap();
            let session = await_proof(&mut stream, session).await.unwrap();
            let (read, write) = stream.0.stream.into_split();
            let sending = spawn(async move {
                let mut writer = Writer::new(Embedded(Crumbs::new(write)), session.sender, [0; 3159]);
                let mut payload = payload();
                for number in 0..COMMANDS {
                    writer.send(&down(number, &mut payload)).await.unwrap();
                }
            });
            let mut reader = Reader::new(Embedded(Crumbs::new(read)), session.receiver, buffer);
            let mut packet = packet();
            assert_eq!(reader.receive().await.unwrap(), Command::NoOp, "its proof");
            for number in 0..COMMANDS {
                assert_eq!(reader.receive().await.unwrap(), up(number, &mut packet));
                assert_eq!(reader.packet_mut().is_some(), number & 3 == 3);
            }
            sending.await.unwrap();
        });
        let pair = Pair::default();
        let mut stream = Embedded(Crumbs::new(client_stream));
        let mut random = rng(8);
        let mut buffer = [0; 3159];
        let wanted = |peer: &Peer<FakeKem>| is_gateway(peer) && peer.unix_time() == UNIX_TIME;
        let session = initiate(&mut stream, pair.initiator(), &mut random, &mut buffer, wanted);
        let session = session.await.unwrap();
        let (read, write) = stream.0.stream.into_split();
        let sending = spawn(async move {
            let mut writer = Writer::new(Embedded(Crumbs::new(write)), session.sender, [0; 3159]);
            let mut packet = packet();
            for number in 0..COMMANDS {
                writer.send(&up(number, &mut packet)).await.unwrap();
            }
        });
        let mut reader = Reader::new(Embedded(Crumbs::new(read)), session.receiver, buffer);
        let mut payload = payload();
        for number in 0..COMMANDS {
            assert_eq!(reader.receive().await.unwrap(), down(number, &mut payload));
        }
        sending.await.unwrap();
        gateway.await.unwrap();
        assert!(matches!(reader.receive().await, Err(StreamError::Closed)));
    });
}

#[test]
fn waiting_is_given_up_at_every_byte() {
    run(async {
        let (mut ours, theirs) = ::tokio::io::duplex(8000);
        let [mut client, gateway] = Pair::default().sessions();
        let mut reader = Reader::new(Embedded(Crumbs::new(theirs)), gateway.receiver, [0; 3159]);
        let packet = packet();
        for command in [Command::SendPacket(&packet), Command::NoOp] {
            let mut frame = [0; 3159];
            let (last, front) = client.sender.seal(&command, &mut frame).unwrap().split_last().unwrap();
            for byte in front {
                ours.write_all(&[*byte]).await.unwrap();
                assert!(once(reader.receive()).is_none());
                assert_eq!(reader.packet_mut(), None);
            }
            ours.write_all(&[*last]).await.unwrap();
            assert_eq!(reader.receive().await.unwrap(), command);
            assert_eq!(reader.packet_mut().is_some(), command != Command::NoOp);
        }
    });
}

/// The caller's own timeout loses nothing in either direction.
#[test]
fn a_limit_of_the_callers() {
    run(async {
        let (ours, theirs) = ::tokio::io::duplex(100);
        let [client, gateway] = Pair::default().sessions();
        let mut writer = Writer::new(Embedded(Crumbs::new(ours)), client.sender, [0; 3159]);
        let limit = core::time::Duration::from_millis(20);
        assert!(::tokio::time::timeout(limit, writer.send(&Command::Disconnect)).await.is_err());
        let mut reader = Reader::new(Embedded(Crumbs::new(theirs)), gateway.receiver, [0; 3159]);
        assert!(::tokio::time::timeout(limit, reader.receive()).await.is_err());
        let sending = spawn(async move { writer.send(&Command::NoOp).await.unwrap() });
        assert_eq!(reader.receive().await.unwrap(), Command::Disconnect);
        assert_eq!(reader.receive().await.unwrap(), Command::NoOp);
        sending.await.unwrap();
    });
}
