//! The links' ciphers, without sockets.

use crate::speed::SpeedError;
use core::time::Duration;
use mixwell_net::keys::{LinkKem, LinkKey};
use mixwell_sphinx::Geometry;
use mixwell_wire::{Ad, Command, Link, PacketSizes, Session, Timeouts, tokio::await_proof};
use rand_core::SeedableRng as _;
use std::time::Instant;
use tokio::{io::AsyncReadExt as _, runtime::Builder};

/// Time to decrypt a packet that arrives over a link and encrypt it for the next link, in
/// nanoseconds, and the length of its frame.
pub(super) fn nanos(geometry: Geometry, time: Duration) -> Result<(f64, usize), SpeedError> {
    let link = Link::node(PacketSizes::from(&geometry));
    let [mut sender, mut receiver] = Builder::new_current_thread().enable_all().build()?.block_on(sessions(link));
    let (packet, mut frame) = (vec![7; geometry.packet_len()], vec![]);
    frame.resize(sender.sender.frame_len(&Command::SendPacket(&packet)).unwrap(), 0);
    let (begun, mut packets) = (Instant::now(), 0_u32);
    while begun.elapsed() < time {
        for _ in 0..100 {
            sender.sender.seal(&Command::SendPacket(&packet), &mut frame).unwrap();
            let (header, body) = frame.split_first_chunk_mut().unwrap();
            receiver.receiver.open_length(header).unwrap().open(body).unwrap();
            packets += 1;
        }
    }
    Ok((begun.elapsed().as_secs_f64() * 1e9 / f64::from(packets), frame.len()))
}

/// Both ends of a link between two nodes, over memory.
async fn sessions(link: Link) -> [Session; 2] {
    let mut rng = chacha20::ChaCha20Rng::seed_from_u64(5);
    let keys = [(); 2].map(|()| LinkKey::generate(LinkKem::default(), &mut rng).unwrap());
    let (mut here, mut there) = tokio::io::duplex(1 << 16);
    let timeouts = Timeouts::default();
    let mut rngs = [1, 2].map(chacha20::ChaCha20Rng::seed_from_u64);
    let [one, other] = &mut rngs;
    let mut buffers = [(); 2].map(|()| vec![0; keys[0].buffer_len(&link)]);
    let [buffer, other_buffer] = &mut buffers;
    let ad = Ad::node(&[1; 32]);
    let (initiator, responder) = tokio::join!(
        keys[0].initiate(&mut here, (ad, link), one, buffer, &timeouts, |_| true),
        keys[1].respond(&mut there, ad, other, other_buffer, &timeouts, |_| Some(link)),
    );
    let mut proven = await_proof(&mut there, responder.unwrap(), &timeouts).await.unwrap();
    let mut no_op = vec![0; proven.receiver.pending_len().unwrap()];
    there.read_exact(&mut no_op).await.unwrap();
    proven.receiver.pending().unwrap().open(&mut no_op).unwrap();
    [initiator.unwrap().session, proven]
}
