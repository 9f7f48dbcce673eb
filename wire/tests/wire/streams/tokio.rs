//! Over `tokio`.

use super::{COMMANDS, Crumbs, buffer, down, is_client, is_gateway, packet, payload, socket_pair, up};
use crate::pair::{Pair, rng};
use ::tokio::{
    io::{AsyncRead, AsyncWrite, AsyncWriteExt, ReadBuf},
    net::TcpStream as TokioStream,
    runtime, spawn,
};
use core::{
    pin::Pin,
    task::{Context, Poll, ready},
    time::Duration,
};
use mixwell_wire::tokio::{Reader, Writer, initiate, respond};
use mixwell_wire::{Command, StreamError, Timeouts};
use std::io;

impl<S: AsyncRead + Unpin> AsyncRead for Crumbs<S> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let some = self.some(buffer.remaining());
        let mut crumbs = [0; 2048];
        let mut crumbs = ReadBuf::new(&mut crumbs[..some]);
        ready!(Pin::new(&mut self.stream).poll_read(context, &mut crumbs))?;
        buffer.put_slice(crumbs.filled());
        Poll::Ready(Ok(()))
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for Crumbs<S> {
    fn poll_write(mut self: Pin<&mut Self>, context: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        let some = self.some(bytes.len());
        Pin::new(&mut self.stream).poll_write(context, &bytes[..some])
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(context)
    }
}

pub(super) fn run(test: impl Future<Output = ()>) {
    runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(test);
}

pub(super) fn sockets() -> (TokioStream, TokioStream) {
    let (client, gateway) = socket_pair();
    for stream in [&client, &gateway] {
        stream.set_nonblocking(true).unwrap();
    }
    (TokioStream::from_std(client).unwrap(), TokioStream::from_std(gateway).unwrap())
}

#[test]
fn ten_thousand_commands_each_way() {
    run(async {
        let (client_stream, gateway_stream) = sockets();
        let timeouts = Timeouts::default();
        let gateway = spawn(async move {
            let pair = Pair::default();
            let mut stream = Crumbs::new(gateway_stream);
            let mut random = rng(8);
            let mut buffer = buffer();
            let session = respond(&mut stream, pair.responder(), &mut random, &mut buffer, &timeouts, is_client);
            let session = session.await.unwrap();
            let (read, write) = stream.stream.into_split();
            let sending = spawn(async move {
                let mut writer = Writer::new(Crumbs::new(write), session.sender, super::buffer(), &timeouts);
                let mut payload = payload();
                for number in 0..COMMANDS {
                    writer.send(&down(number, &mut payload)).await.unwrap();
                }
            });
            let mut reader = Reader::new(Crumbs::new(read), session.receiver, buffer, &timeouts);
            let mut packet = packet();
            for number in 0..COMMANDS {
                assert_eq!(reader.receive().await.unwrap(), up(number, &mut packet));
                assert_eq!(reader.packet_mut().is_some(), number & 3 == 3);
            }
            sending.await.unwrap();
        });
        let pair = Pair::default();
        let mut stream = Crumbs::new(client_stream);
        let mut random = rng(8);
        let mut buffer = buffer();
        let session = initiate(&mut stream, pair.initiator(), &mut random, &mut buffer, &timeouts, is_gateway);
        let session = session.await.unwrap();
        let (read, write) = stream.stream.into_split();
        let sending = spawn(async move {
            let mut writer = Writer::new(Crumbs::new(write), session.sender, super::buffer(), &timeouts);
            let mut packet = packet();
            for number in 0..COMMANDS {
                writer.send(&up(number, &mut packet)).await.unwrap();
            }
        });
        let mut reader = Reader::new(Crumbs::new(read), session.receiver, buffer, &timeouts);
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
fn a_peer_that_says_nothing() {
    run(async {
        let (mut client_stream, _gateway_stream) = sockets();
        let timeouts = Timeouts { handshake: Duration::from_millis(50), ..Timeouts::default() };
        let pair = Pair::default();
        let mut random = rng(8);
        let mut buffer = buffer();
        let result = initiate(&mut client_stream, pair.initiator(), &mut random, &mut buffer, &timeouts, |_| panic!());
        assert!(matches!(result.await, Err(StreamError::Timeout)));
    });
}

#[test]
fn nothing_is_lost_when_waiting_ends() {
    run(async {
        let (client_stream, mut gateway_stream) = sockets();
        let [client, mut gateway] = Pair::default().sessions();
        let timeouts = Timeouts { read: Duration::from_millis(20), ..Timeouts::default() };
        let mut reader = Reader::new(client_stream, client.receiver, buffer(), &timeouts);
        let mut frame = buffer();
        let frame = gateway.sender.seal(&Command::Disconnect, &mut frame).unwrap();
        let mut sent = 0;
        for until in [7, 20, 500] {
            gateway_stream.write_all(&frame[sent..until]).await.unwrap();
            sent = until;
            assert!(matches!(reader.receive().await, Err(StreamError::Timeout)));
        }
        gateway_stream.write_all(&frame[sent..]).await.unwrap();
        assert_eq!(reader.receive().await.unwrap(), Command::Disconnect);
    });
}

#[test]
fn a_command_is_whole_even_if_its_sender_stopped_waiting() {
    run(async {
        // the pipe takes 100 bytes, so that sending waits until the peer reads
        let (ours, theirs) = ::tokio::io::duplex(100);
        let [client, gateway] = Pair::default().sessions();
        let timeouts = Timeouts { write: Duration::from_millis(20), ..Timeouts::default() };
        let mut writer = Writer::new(ours, client.sender, buffer(), &timeouts);
        assert!(matches!(writer.send(&Command::Disconnect).await, Err(StreamError::Timeout)));
        let sending = spawn(async move { writer.send(&Command::NoOp).await.unwrap() });
        let mut reader = Reader::new(theirs, gateway.receiver, buffer(), &timeouts);
        assert_eq!(reader.receive().await.unwrap(), Command::Disconnect);
        assert_eq!(reader.receive().await.unwrap(), Command::NoOp);
        sending.await.unwrap();
    });
}
