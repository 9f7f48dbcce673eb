//! Fetches the consensus of an epoch and prints its size.
//!
//! ```text
//! fetch_consensus authority ADDRESS NODE_ID LINK_KEY.pem EPOCH
//! fetch_consensus gateway   ADDRESS NODE_ID LINK_KEY.pem EPOCH [PACKET FORWARD_PAYLOAD USER_FORWARD_PAYLOAD]
//! ```
//!
//! `NODE_ID` is the BLAKE2b-256 of the identity public key, in hex; `LINK_KEY.pem` an X-Wing public
//! key. The three lengths come from the network's geometry and default to the test networks'.

use core::error::Error;
use mixwell_pq_kem::{
    XWing,
    kem::{PrivateKey, PublicKey},
    pem,
};
use mixwell_wire::{
    Ad, Command, ConsensusStatus, Link, LinkKey, PacketSizes, Peer, PkiSizes, Timeouts,
    blocking::{Reader, Writer, initiate},
    initiator::Initiator,
};
use rand_chacha::{
    ChaCha20Rng,
    rand_core::{Rng, SeedableRng},
};
use std::{env, fs, io::Read, net::TcpStream};

type Failure = Box<dyn Error>;

/// A link to an authenticated peer.
struct Connection {
    reader: Reader<TcpStream, Vec<u8>>,
    writer: Writer<TcpStream, Vec<u8>>,
}

fn main() -> Result<(), Failure> {
    let arguments: Vec<String> = env::args().skip(1).collect();
    let [kind, address, node_id, link_key, epoch, sizes @ ..] = arguments.as_slice() else {
        return Err("want: authority|gateway ADDRESS NODE_ID LINK_KEY.pem EPOCH [LENGTHS]".into());
    };
    let node_id: [u8; 32] = hex::decode(node_id)?.try_into().map_err(|_| "NODE_ID has 32 bytes")?;
    let link_key = pem::decode::<PublicKey<XWing>>(&fs::read(link_key)?)?;
    let epoch = epoch.parse()?;
    let wanted = |peer: &Peer<XWing>| peer.is(Ad::node(&node_id), &link_key);
    match kind.as_str() {
        "authority" => from_authority(address, epoch, wanted),
        "gateway" => from_gateway(address, epoch, packet_sizes(sizes)?, wanted),
        _ => Err("the peer is an authority or a gateway".into()),
    }
}

/// Sends one request and receives one response.
fn from_authority(address: &str, epoch: u64, wanted: impl FnOnce(&Peer<XWing>) -> bool) -> Result<(), Failure> {
    let link = Link::authority_client(PkiSizes { public_key: 32, document: 8 << 20 });
    let mut connection = connect(address, Ad::NONE, link, wanted)?;
    connection.writer.send(&Command::GetConsensus { epoch, padded: false })?;
    match connection.reader.receive()? {
        Command::Consensus { code: ConsensusStatus::Ok, payload } => println!("{} bytes", payload.len()),
        other => return Err(format!("no consensus: {other:?}").into()),
    }
    Ok(())
}

/// Sends one request and receives a response in chunks; other commands may arrive in between.
fn from_gateway(
    address: &str,
    epoch: u64,
    sizes: PacketSizes,
    wanted: impl FnOnce(&Peer<XWing>) -> bool,
) -> Result<(), Failure> {
    let mut random = [0; 16];
    rng()?.fill_bytes(&mut random);
    let queue_id: [u8; 32] = hex::encode(random).into_bytes().try_into().map_err(|_| "16 bytes are 32 digits")?;
    let mut connection = connect(address, Ad::client(&queue_id), Link::client(sizes), wanted)?;
    connection.writer.send(&Command::GetConsensus2 { epoch })?;
    let (mut next, mut of, mut length) = (0, None, 0_usize);
    loop {
        match connection.reader.receive()? {
            Command::Consensus2 { code: ConsensusStatus::Ok, chunk, total, payload }
                if chunk == next && chunk < total && of.is_none_or(|of| of == total) =>
            {
                of = Some(total);
                length = length.saturating_add(payload.len());
                next = next.saturating_add(1);
                if next == total {
                    println!("{length} bytes, gzipped, in {total} chunks");
                    return Ok(());
                }
            }
            Command::NoOp | Command::Message { .. } => {}
            other => return Err(format!("no consensus: {other:?}").into()),
        }
    }
}

fn connect(
    address: &str,
    ad: Ad<'_>,
    link: Link,
    wanted: impl FnOnce(&Peer<XWing>) -> bool,
) -> Result<Connection, Failure> {
    let (timeouts, mut rng) = (Timeouts::default(), rng()?);
    let own_key = LinkKey::new(&PrivateKey::generate(&mut rng))?;
    let mut stream = TcpStream::connect(address)?;
    let mut buffer = vec![0; link.buffer_len()];
    let initiator = Initiator::new(&own_key, ad, link);
    let session = initiate(&mut stream, initiator, &mut rng, &mut buffer, &timeouts, wanted)?;
    let room = vec![0; link.buffer_len()];
    let writer = Writer::new(stream.try_clone()?, session.sender, room, &timeouts);
    Ok(Connection { reader: Reader::new(stream, session.receiver, buffer, &timeouts), writer })
}

fn packet_sizes(lengths: &[String]) -> Result<PacketSizes, Failure> {
    let lengths = lengths.iter().map(|length| length.parse()).collect::<Result<Vec<usize>, _>>()?;
    match *lengths.as_slice() {
        [] => Ok(PacketSizes { packet: 3082, forward_payload: 2574, user_forward_payload: 2000 }),
        [packet, forward_payload, user_forward_payload] => {
            Ok(PacketSizes { packet, forward_payload, user_forward_payload })
        }
        _ => Err("a geometry has three lengths here".into()),
    }
}

/// A generator seeded from the operating system.
fn rng() -> Result<ChaCha20Rng, Failure> {
    let mut seed = [0; 32];
    fs::File::open("/dev/urandom")?.read_exact(&mut seed)?;
    Ok(ChaCha20Rng::from_seed(seed))
}
