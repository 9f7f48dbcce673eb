//! Each adapter: two peers over a TCP socket, 10,000 commands each way, read and written a few
//! bytes at a time.

mod blocking;
#[cfg(all(feature = "tokio", feature = "embedded-io-async"))]
mod embedded;
#[cfg(feature = "tokio")]
mod tokio;

use crate::{
    common::SIZES,
    fake_kem::FakeKem,
    pair::{CLIENT_AD, GATEWAY_AD, Pair},
};
use mixwell_wire::{Ad, Command, ConsensusStatus, Link, Peer};
use std::net::{TcpListener, TcpStream};

const COMMANDS: u32 = 10_000;

/// A stream that reads and writes in short pieces.
#[derive(Debug)]
struct Crumbs<S> {
    stream: S,
    state: u32,
}

impl<S> Crumbs<S> {
    const fn new(stream: S) -> Self {
        Self { stream, state: 1 }
    }

    /// Bytes to transfer out of `length`: often one, at most 2047.
    fn some(&mut self, length: usize) -> usize {
        // xorshift32
        self.state ^= self.state << 13;
        self.state ^= self.state >> 17;
        self.state ^= self.state << 5;
        let most = if self.state.trailing_zeros() >= 3 { 1 } else { (self.state >> 8) as usize & 2047 };
        length.min(most.max(1))
    }
}

/// The client's commands.
fn up(number: u32, packet: &mut [u8]) -> Command<'_> {
    packet[..4].copy_from_slice(&number.to_be_bytes());
    match number & 3 {
        0 => Command::NoOp,
        1 => Command::GetConsensus { epoch: u64::from(number), padded: false },
        2 => Command::MessageDelivered { sequence: number },
        _ => Command::SendPacket(packet),
    }
}

/// The gateway's commands.
fn down(number: u32, payload: &mut [u8]) -> Command<'_> {
    payload[..4].copy_from_slice(&number.to_be_bytes());
    match number & 3 {
        0 => Command::NoOp,
        1 => Command::Consensus2 {
            code: ConsensusStatus::Ok,
            chunk: number,
            total: COMMANDS,
            payload: &payload[..number as usize & 2047],
        },
        2 => Command::SendRetrievePacketReply { surb_id: &[7; 16], payload: &payload[..SIZES.user_forward_payload] },
        _ => Command::Message { sequence: number, surb_id: &[8; 16], payload },
    }
}

fn packet() -> Vec<u8> {
    vec![0xab; SIZES.packet]
}

fn payload() -> Vec<u8> {
    vec![0xcd; SIZES.forward_payload + 32]
}

fn socket_pair() -> (TcpStream, TcpStream) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let client = TcpStream::connect(listener.local_addr().unwrap()).unwrap();
    let (gateway, _) = listener.accept().unwrap();
    for stream in [&client, &gateway] {
        stream.set_nodelay(true).unwrap();
    }
    (client, gateway)
}

fn is_gateway(peer: &Peer<FakeKem>) -> bool {
    peer.is(Ad::node(GATEWAY_AD), Pair::default().gateway.public())
}

fn link_for(peer: &Peer<FakeKem>) -> Option<Link> {
    peer.is(Ad::client(CLIENT_AD), Pair::default().client.public()).then_some(Link::gateway(SIZES))
}

fn buffer() -> Vec<u8> {
    let length = Link::client(SIZES).buffer_len();
    assert_eq!(length, 3123 + 36);
    vec![0; length]
}
