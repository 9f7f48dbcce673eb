//! A client on a small device: its whole handshake and a packet, in buffers of fixed length.
//! Everything but `main` is `no_std` and allocates nothing. `main` plays the gateway and the wire
//! between the two.
//!
//! ```sh
//! cargo run --example token_handshake
//! ```
#![no_std]
#![expect(clippy::indexing_slicing, reason = "an example, with buffers of known lengths")]

extern crate std;

use core::error::Error;
use mixwell_pq_kem::{
    XWing,
    kem::{PrivateKey, PublicKey, Seed},
};
use mixwell_wire::{
    Ad, Command, FRAME_HEADER_LEN, HandshakeError, Link, LinkKey, LinkSeed, Messages, PacketSizes, ReceiveError,
    Session, initiator::Initiator, responder::Responder,
};
use rand_core::CryptoRng;

const SIZES: PacketSizes = PacketSizes { packet: 3082, forward_payload: 2574, user_forward_payload: 2000 };
const NODE_ID: [u8; 32] = [7; 32];
const QUEUE_ID: [u8; 32] = *b"0123456789abcdef0123456789abcdef";

/// One buffer serves the handshake and every command.
const BUFFER_LEN: usize = {
    let (messages, commands) = (Messages::<XWing>::MAX_LEN, Link::client(SIZES).buffer_len());
    if messages > commands { messages } else { commands }
};

/// The device's serial line.
trait Line {
    fn send(&mut self, bytes: &[u8]);
    fn receive(&mut self, buffer: &mut [u8]);
}

/// The link is unusable.
#[derive(Debug)]
enum LinkError {
    Handshake(HandshakeError),
    Receive(ReceiveError),
    WrongGateway,
}

impl core::fmt::Display for LinkError {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        match self {
            Self::Handshake(error) => error.fmt(f),
            Self::Receive(error) => error.fmt(f),
            Self::WrongGateway => f.write_str("this is another gateway"),
        }
    }
}

impl Error for LinkError {}

/// Connects to the gateway. The link key is stored as its seed and expanded only for the one
/// message that needs it.
fn connect(
    line: &mut impl Line,
    key: &LinkSeed<XWing>,
    gateway: &PublicKey<XWing>,
    rng: &mut impl CryptoRng,
    buffer: &mut [u8; BUFFER_LEN],
) -> Result<Session, LinkError> {
    let initiator = Initiator::with_seed(key, Ad::client(&QUEUE_ID), Link::client(SIZES));
    let (state, message) = initiator.write(rng, buffer).map_err(LinkError::Handshake)?;
    line.send(message);

    line.receive(&mut buffer[..Messages::<XWing>::LEN_2]);
    let state = state.read(&mut buffer[..Messages::<XWing>::LEN_2]).map_err(LinkError::Handshake)?;
    if !state.peer().is(Ad::node(&NODE_ID), gateway) {
        return Err(LinkError::WrongGateway);
    }
    let (state, message) = state.accept().write(rng, buffer).map_err(LinkError::Handshake)?;
    line.send(message);

    line.receive(&mut buffer[..Messages::<XWing>::LEN_4]);
    let state = state.read(&mut buffer[..Messages::<XWing>::LEN_4]).map_err(LinkError::Handshake)?;
    let mut header = [0; FRAME_HEADER_LEN];
    line.receive(&mut header);
    let state = state.open_length(&mut header).map_err(LinkError::Receive)?;
    let body = &mut buffer[..state.body_len()];
    line.receive(body);
    state.open(body).map_err(LinkError::Receive)
}

fn main() -> Result<(), std::boxed::Box<dyn Error>> {
    let mut rng = rand::rng();
    let mut seed = Seed::<XWing>::default();
    rand_core::Rng::fill_bytes(&mut rng, seed.as_bytes_mut());
    let own_key = LinkSeed::new(seed)?;
    let gateway_key = LinkKey::new(&PrivateKey::generate(&mut rng))?;
    let gateway_public = gateway_key.public().clone();

    let (mut device_end, mut gateway_end) = Pipe::pair();
    let gateway = std::thread::spawn(move || serve(&mut gateway_end, &gateway_key));
    let mut buffer = [0; BUFFER_LEN];
    let mut session = connect(&mut device_end, &own_key, &gateway_public, &mut rng, &mut buffer)
        .map_err(|error| std::format!("{error:?}"))?;
    let frame = session.sender.seal(&Command::SendPacket(&[0xab; 3082]), &mut buffer)?;
    device_end.send(frame);
    std::println!("{}", gateway.join().map_err(|_| "the gateway panicked")?);
    Ok(())
}

/// A minimal gateway; the example `tokio` has a real one.
fn serve(line: &mut Pipe, key: &LinkKey<XWing>) -> std::string::String {
    let run = |line: &mut Pipe| -> Result<std::string::String, std::boxed::Box<dyn Error>> {
        let mut rng = rand::rng();
        let mut buffer = std::vec![0; Link::gateway(SIZES).buffer_len()];
        line.receive(&mut buffer[..Messages::<XWing>::LEN_1]);
        let state = Responder::new(key, Ad::node(&NODE_ID)).read(&buffer[..Messages::<XWing>::LEN_1])?;
        let (state, message) = state.write(&mut rng, 1_780_000_000, &mut buffer)?;
        line.send(message);
        line.receive(&mut buffer[..Messages::<XWing>::LEN_3]);
        let state = state.read(&mut buffer[..Messages::<XWing>::LEN_3])?.accept(Link::gateway(SIZES));
        let (state, message) = state.write(&mut rng, &mut buffer)?;
        line.send(message);
        let (state, frame) = state.write(&mut buffer)?;
        line.send(frame);
        let mut header = [0; FRAME_HEADER_LEN];
        line.receive(&mut header);
        let mut session = state.open_length(&mut header)?;
        let body = session.receiver.pending().ok_or("a body")?;
        let buffer = &mut buffer[..body.len()];
        line.receive(buffer);
        match body.open(buffer)? {
            Command::SendPacket(packet) => Ok(std::format!("the gateway has a packet of {} bytes", packet.len())),
            other => Err(std::format!("{other:?}").into()),
        }
    };
    run(line).unwrap_or_else(|error| std::format!("{error}"))
}

/// One end of a wire in memory.
struct Pipe {
    to: std::sync::mpsc::Sender<u8>,
    from: std::sync::mpsc::Receiver<u8>,
}

impl Pipe {
    fn pair() -> (Self, Self) {
        let ((to_a, from_b), (to_b, from_a)) = (std::sync::mpsc::channel(), std::sync::mpsc::channel());
        (Self { to: to_a, from: from_a }, Self { to: to_b, from: from_b })
    }
}

impl Line for Pipe {
    fn send(&mut self, bytes: &[u8]) {
        for byte in bytes {
            _ = self.to.send(*byte);
        }
    }

    fn receive(&mut self, buffer: &mut [u8]) {
        for byte in buffer {
            *byte = self.from.recv().unwrap_or(0);
        }
    }
}
