//! A gateway and its clients over TCP, with tokio: handshakes, proof of the client's key, packets
//! one way and messages the other.
//!
//! ```sh
//! cargo run --example tokio --features tokio
//! ```

use core::error::Error;
use mixwell_pq_kem::{
    XWing,
    kem::{PrivateKey, PublicKey},
};
use mixwell_wire::{
    Ad, Command, Link, LinkKey, PacketSizes, Peer, Timeouts,
    initiator::Initiator,
    responder::Responder,
    tokio::{Reader, Writer, await_proof, initiate, respond},
};
use rand::rngs::StdRng;
use std::sync::Arc;
use tokio::{
    net::{TcpListener, TcpStream},
    task::JoinSet,
};

type Result<T> = core::result::Result<T, Box<dyn Error + Send + Sync>>;

/// The network's geometry; with `mixwell-sphinx`, use `PacketSizes::from(&geometry)`.
const SIZES: PacketSizes = PacketSizes { packet: 3082, forward_payload: 2574, user_forward_payload: 2000 };

/// Length of a payload's tag.
const TAG_LEN: usize = 32;

/// BLAKE2b-256 of the gateway's identity key, as listed in the consensus.
const NODE_ID: [u8; 32] = [7; 32];

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<()> {
    let key = LinkKey::<XWing>::new(&PrivateKey::generate(&mut rand::rng()))?;
    let public_key = key.public().clone();
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    let address = listener.local_addr()?;
    let gateway = tokio::spawn(accept(listener, Arc::new(key)));

    let mut clients = JoinSet::new();
    for number in 0..3 {
        clients.spawn(client(TcpStream::connect(address).await?, public_key.clone(), number));
    }
    while let Some(done) = clients.join_next().await {
        done??;
    }
    gateway.abort();
    Ok(())
}

/// Spawns one task per client. A real gateway limits their number, in total and per address.
async fn accept(listener: TcpListener, key: Arc<LinkKey<XWing>>) -> Result<()> {
    loop {
        let (stream, _) = listener.accept().await?;
        let key = Arc::clone(&key);
        tokio::spawn(async move {
            if let Err(error) = serve(stream, &key).await {
                println!("gateway: closed a link: {error}");
            }
        });
    }
}

/// The gateway's side of one link.
async fn serve(mut stream: TcpStream, key: &LinkKey<XWing>) -> Result<()> {
    let timeouts = Timeouts::default();
    let link = Link::gateway(SIZES);
    let mut buffer = vec![0; link.buffer_len().max(mixwell_wire::Messages::<XWing>::MAX_LEN)];
    // the client names its queue in 32 bytes; deliver nothing to that queue before the client has
    // proved its key
    let link_for = |peer: &Peer<XWing>| (peer.ad().len() == 32).then_some(link);
    let responder = Responder::new(key, Ad::node(&NODE_ID));
    // `rand::rng()` is not `Send`, so a spawned task cannot hold it
    let mut rng: StdRng = rand::make_rng();
    let unproven = respond(&mut stream, responder, &mut rng, &mut buffer, &timeouts, link_for).await?;
    let session = await_proof(&mut stream, unproven, &timeouts).await?;

    let (from, to) = stream.into_split();
    let mut reader = Reader::new(from, session.receiver, buffer, &timeouts);
    let mut writer = Writer::new(to, session.sender, vec![0; link.buffer_len()], &timeouts);
    let mut sequence = 0;
    loop {
        match reader.receive().await? {
            Command::SendPacket(packet) => {
                // a gateway unwraps the packet in place (`Reader::packet_mut`); here it is sent
                // straight back as a reply
                let payload = packet.get(..TAG_LEN + SIZES.forward_payload).unwrap_or_default().to_vec();
                writer.send(&Command::Message { sequence, surb_id: &[9; 16], payload: &payload }).await?;
                sequence += 1;
            }
            Command::Disconnect => return Ok(()),
            _ => {}
        }
    }
}

/// A client: it knows the gateway's identity hash and link key from the consensus.
async fn client(mut stream: TcpStream, gateway: PublicKey<XWing>, number: u8) -> Result<()> {
    let timeouts = Timeouts::default();
    let link = Link::client(SIZES);
    let own_key = LinkKey::<XWing>::new(&PrivateKey::generate(&mut rand::rng()))?;
    let queue_id = [b'0' + number; 32];
    let initiator = Initiator::new(&own_key, Ad::client(&queue_id), link);
    let mut buffer = vec![0; link.buffer_len().max(mixwell_wire::Messages::<XWing>::MAX_LEN)];
    let wanted = |peer: &Peer<XWing>| peer.is(Ad::node(&NODE_ID), &gateway);
    let mut rng: StdRng = rand::make_rng();
    let session = initiate(&mut stream, initiator, &mut rng, &mut buffer, &timeouts, wanted).await?;

    let (from, to) = stream.into_split();
    let mut reader = Reader::new(from, session.receiver, buffer, &timeouts);
    let mut writer = Writer::new(to, session.sender, vec![0; link.buffer_len()], &timeouts);
    for _ in 0..3 {
        writer.send(&Command::SendPacket(&[number; 3082])).await?;
    }
    let mut messages = 0;
    while messages < 3 {
        if let Command::Message { sequence, payload, .. } = reader.receive().await? {
            println!("client {number}: message {sequence}, {} bytes", payload.len());
            messages += 1;
        }
    }
    writer.send(&Command::Disconnect).await?;
    Ok(())
}
