//! Tests of the `tokio` adapter.

use super::{COMMANDS, Crumbs, buffer, down, is_gateway, link_for, packet, payload, socket_pair, up};
use crate::pair::{Pair, rng};
use ::tokio::{
    io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt, ReadBuf},
    net::TcpStream as TokioStream,
    runtime, spawn,
    task::unconstrained,
};
use core::{
    pin::Pin,
    task::{Context, Poll, ready},
    time::Duration,
};
use mixwell_wire::tokio::{Reader, Writer, await_proof, initiate, respond};
use mixwell_wire::{Command, EncodeError, ReceiveError, SendError, StreamError, Timeouts};
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
    runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(unconstrained(test));
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
            let session = respond(&mut stream, pair.responder(), &mut random, &mut buffer, &timeouts, link_for);
            let session = session.await.unwrap();
            let session = await_proof(&mut stream, session, &timeouts).await.unwrap();
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
            assert_eq!(reader.receive().await.unwrap(), Command::NoOp, "its proof");
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
        // the pipe holds 100 bytes, so sending waits until the peer reads
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

/// A receive that is cancelled after every byte, and `packet_mut`, which never returns an earlier
/// command's packet.
#[test]
fn waiting_is_given_up_at_every_byte() {
    run(async {
        let (mut ours, theirs) = ::tokio::io::duplex(8000);
        let [mut client, gateway] = Pair::default().sessions();
        let mut reader = Reader::new(theirs, gateway.receiver, buffer(), &Timeouts::default());
        assert_eq!(reader.packet_mut(), None);
        let packet = packet();
        for command in [Command::SendPacket(&packet), Command::NoOp, Command::SendPacket(&packet)] {
            let mut frame = buffer();
            let (last, front) = client.sender.seal(&command, &mut frame).unwrap().split_last().unwrap();
            for byte in front {
                ours.write_all(&[*byte]).await.unwrap();
                assert!(once(reader.receive()).is_none());
                assert_eq!(reader.packet_mut(), None);
            }
            ours.write_all(&[*last]).await.unwrap();
            assert_eq!(once(reader.receive()).unwrap().unwrap(), command);
            let carried = reader.packet_mut().map(|bytes| bytes.to_vec());
            assert_eq!(carried, (command != Command::NoOp).then(|| packet.clone()));
        }
        // an error does not leave a packet behind either
        ours.write_all(&[0; 20]).await.unwrap();
        assert!(matches!(reader.receive().await, Err(StreamError::Receive(ReceiveError::Tag))));
        assert_eq!(reader.packet_mut(), None);
    });
}

/// A send that is cancelled whenever the stream is full: the commands arrive whole and in order.
#[test]
fn sending_is_given_up_again_and_again() {
    run(async {
        let (ours, mut theirs) = ::tokio::io::duplex(70);
        let [client, mut gateway] = Pair::default().sessions();
        let mut writer = Writer::new(ours, client.sender, buffer(), &Timeouts::default());
        assert!(once(writer.send(&Command::Disconnect)).is_none());
        let mut arrived = vec![];
        while arrived.len() < 5 * 3124 {
            let mut some = [0; 70];
            let count = theirs.read(&mut some).await.unwrap();
            arrived.extend(&some[..count]);
            // a command starts when the previous one has been written, and never completes in one
            // poll
            assert!(once(writer.send(&Command::NoOp)).is_none());
        }
        let commands = arrived.as_chunks_mut::<3124>().0;
        let received = commands.iter_mut().map(|frame| {
            let (header, body) = frame.split_first_chunk_mut().unwrap();
            gateway.receiver.open_length(header).unwrap().open(body).unwrap().id()
        });
        assert_eq!(received.collect::<Vec<_>>(), [1, 0, 0, 0, 0]);
    });
}

#[test]
fn what_cannot_be_sent_leaves_a_writer_as_it_was() {
    run(async {
        let (ours, theirs) = ::tokio::io::duplex(8000);
        let [client, gateway] = Pair::default().sessions();
        let mut writer = Writer::new(ours, client.sender, buffer(), &Timeouts::default());
        let error = writer.send(&Command::SendPacket(&[1; 3])).await;
        assert!(matches!(error, Err(StreamError::Send(SendError::Encode(EncodeError::Field { command: 2, .. })))));
        writer.send(&Command::NoOp).await.unwrap();
        let mut reader = Reader::new(theirs, gateway.receiver, buffer(), &Timeouts::default());
        assert_eq!(reader.receive().await.unwrap(), Command::NoOp);
    });
}

/// The output of a future that is polled once and then dropped.
pub(super) fn once<T>(future: impl Future<Output = T>) -> Option<T> {
    match core::pin::pin!(future).poll(&mut Context::from_waker(core::task::Waker::noop())) {
        Poll::Ready(done) => Some(done),
        Poll::Pending => None,
    }
}
