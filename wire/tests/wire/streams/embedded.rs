//! Over `embedded-io-async`, with `tokio`'s sockets below.

use super::{
    COMMANDS, Crumbs, down, is_client, is_gateway, packet, payload,
    tokio::{run, sockets},
    up,
};
use crate::{
    fake_kem::FakeKem,
    pair::{Pair, UNIX_TIME, rng},
};
use mixwell_wire::{Peer, StreamError};

use ::tokio::{
    io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt},
    spawn,
};
use embedded_io_async::{ErrorKind, ErrorType, Read, Write};
use mixwell_wire::embedded_io_async::{Reader, Writer, initiate, respond};

/// A `tokio` stream as an embedded one.
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
            let session = respond(&mut stream, pair.responder(), &mut random, &mut buffer, UNIX_TIME, is_client);
            let session = session.await.unwrap();
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
