//! A mix over UDP, and a message through three of them.
//!
//! The tutorial "Write a mix" of the book walks through this program:
//! `cargo run -p mixwell-docs --example mix`.

use mixwell_mixdelay::{Instant, Limits, Rate, ServerQueue};
use mixwell_pq_kem::{
    X25519,
    nike::{PrivateKey, PublicKey},
};
use mixwell_sphinx::{Action, Geometry, Hop, Message, NodeId, Path, RecipientId, ReplayFilter, Sphinx};
use rand_chacha::{ChaCha20Rng, rand_core::SeedableRng};
use std::{
    collections::HashMap,
    error::Error,
    io,
    net::{SocketAddr, UdpSocket},
    sync::mpsc::{Sender, channel},
    thread,
    time::Duration,
};

type Failure = Box<dyn Error + Send + Sync>;

// ANCHOR: state
struct Mix {
    sphinx: Sphinx<X25519>,
    key: PrivateKey<X25519>,
    replays: ReplayFilter<Vec<u64>>,
    /// Packets that wait, each with its next hop.
    queue: ServerQueue<(NodeId, Vec<u8>)>,
    rng: ChaCha20Rng,
}

/// The immediate outcome of a packet.
enum Received {
    /// The packet waits in the queue.
    Held,
    /// The packet has arrived, with the payload of a message.
    Delivered(Vec<u8>),
    /// The packet was dropped.
    Dropped(&'static str),
}
// ANCHOR_END: state

impl Mix {
    // ANCHOR: new
    fn new(sphinx: Sphinx<X25519>, key: PrivateKey<X25519>) -> Result<Self, Failure> {
        let mut rng = seeded_by_the_system()?;
        // 16 bytes per packet at most; a busy mix needs 2²⁴ slots and more
        let replays = ReplayFilter::new(vec![0; 1 << 16], &mut rng);
        let queue = ServerQueue::new(Limits::for_epoch_millis(20 * 60 * 1000), 100_000);
        Ok(Self { sphinx, key, replays, queue, rng })
    }
    // ANCHOR_END: new

    // ANCHOR: receive
    /// Processes a packet that arrived at `arrived`; `now` is after its wait for a processor.
    fn receive(&mut self, now: Instant, arrived: Instant, mut packet: Vec<u8>) -> Received {
        // key exchange, key derivation, MAC: the packet is untouched if one of them fails
        let Ok(opened) = self.sphinx.open(&mut packet, &self.key) else {
            return Received::Dropped("not a packet for this key");
        };
        match self.replays.insert(opened.replay_tag()) {
            Ok(insertion) if !insertion.is_seen() => {}
            Ok(_) => return Received::Dropped("seen before"),
            Err(_) => return Received::Dropped("the replay filter is full"),
        }
        // a layer is removed, in place; from here on an error means that the sender built the
        // packet wrong
        match opened.finish() {
            Ok(Action::Forward { next_hop, delay_millis: Some(delay) }) => {
                let dropped = self.queue.insert(now, arrived, delay, (next_hop, packet), &mut self.rng);
                if dropped.is_some() { Received::Dropped("the queue dropped a packet") } else { Received::Held }
            }
            Ok(Action::Deliver { payload, .. }) => Received::Delivered(payload.to_vec()),
            Ok(_) => Received::Dropped("not for a mix"),
            Err(_) => Received::Dropped("malformed behind a good MAC"),
        }
    }
    // ANCHOR_END: receive

    // ANCHOR: release
    /// The next packet whose delay is over, in random order among those that are due.
    fn release(&mut self, now: Instant) -> Option<(NodeId, Vec<u8>)> {
        // packets that are released too late are returned as errors: they are counted and dropped
        while let Some(due) = self.queue.poll(now, &mut self.rng) {
            if let Ok(packet) = due {
                return Some(packet);
            }
        }
        None
    }
    // ANCHOR_END: release
}

// ANCHOR: loop
fn run(
    mut mix: Mix,
    socket: &UdpSocket,
    nodes: &HashMap<NodeId, SocketAddr>,
    delivered: &Sender<Vec<u8>>,
) -> io::Result<()> {
    let started = std::time::Instant::now();
    let clock = || Instant::from_nanos(u64::try_from(started.elapsed().as_nanos()).unwrap_or(u64::MAX));
    let mut buffer = vec![0; mix.sphinx.geometry().packet_len()];
    loop {
        while let Some((next_hop, packet)) = mix.release(clock()) {
            if let Some(address) = nodes.get(&next_hop) {
                socket.send_to(&packet, address)?;
            }
        }
        // wait until the next packet is due, for at least a millisecond
        let wait = mix.queue.poll_timeout().map_or(Duration::from_millis(100), |due| {
            Duration::from_nanos(due.nanos_since(clock())).max(Duration::from_millis(1))
        });
        socket.set_read_timeout(Some(wait))?;
        match socket.recv(&mut buffer) {
            Ok(length) => {
                let arrived = clock();
                let packet = buffer.get(..length).unwrap_or_default().to_vec();
                match mix.receive(clock(), arrived, packet) {
                    Received::Held => {}
                    Received::Dropped(reason) => eprintln!("dropped a packet: {reason}"),
                    Received::Delivered(payload) => {
                        if delivered.send(payload).is_err() {
                            return Ok(());
                        }
                    }
                }
            }
            Err(error) if matches!(error.kind(), io::ErrorKind::WouldBlock | io::ErrorKind::TimedOut) => {}
            Err(error) => return Err(error),
        }
    }
}
// ANCHOR_END: loop

// ANCHOR: send
/// A message to the last of the mixes, through all of them.
fn send(
    sphinx: &Sphinx<X25519>,
    mixes: &[(NodeId, PublicKey<X25519>, SocketAddr)],
    text: &[u8],
) -> Result<(), Failure> {
    let mut rng = seeded_by_the_system()?;
    let rate = Rate::per_milli(0.1)?; // a mean of 10 ms at each hop
    let last = mixes.len().saturating_sub(1);
    let hops: Vec<_> = (0..)
        .zip(mixes)
        .map(|(i, (id, public_key, _))| Hop {
            id: *id,
            public_key,
            delay_millis: (i < last).then(|| rate.hop_delay_millis(&mut rng)),
        })
        .collect();
    let path = Path { hops: &hops, recipient: RecipientId([7; 32]) };
    let mut packet = vec![0; sphinx.geometry().packet_len()];
    sphinx.wrap_message(&path, &Message { surb: None, user_payload: text }, &mut rng, &mut packet)?;

    let (_, _, first) = mixes.first().ok_or("no mixes")?;
    let socket = UdpSocket::bind("127.0.0.1:0")?;
    socket.send_to(&packet, first)?;
    socket.send_to(&packet, first)?; // a replay, which the first mix drops
    Ok(())
}
// ANCHOR_END: send

// ANCHOR: main
fn main() -> Result<(), Failure> {
    let geometry = Geometry::of::<X25519>(3, 1000, true)?;
    let sphinx = Sphinx::<X25519>::new(geometry)?;

    let mut rng = seeded_by_the_system()?;
    let mut mixes = Vec::new();
    let mut sockets = Vec::new();
    for number in 1..=3 {
        let key = PrivateKey::<X25519>::generate(&mut rng);
        let socket = UdpSocket::bind("127.0.0.1:0")?;
        mixes.push((NodeId([number; 32]), key.public_key(), socket.local_addr()?));
        sockets.push((key, socket));
    }
    let nodes: HashMap<_, _> = mixes.iter().map(|(id, _, address)| (*id, *address)).collect();

    let (delivered, messages) = channel();
    for (key, socket) in sockets {
        let (mix, nodes, delivered) = (Mix::new(sphinx, key)?, nodes.clone(), delivered.clone());
        thread::spawn(move || run(mix, &socket, &nodes, &delivered));
    }

    send(&sphinx, &mixes, b"Hello through three mixes.")?;
    let payload = messages.recv_timeout(Duration::from_secs(10))?;
    let message = Message::parse(&geometry, &payload)?;
    println!("{}", String::from_utf8_lossy(message.user_payload).trim_end_matches('\0'));
    Ok(())
}
// ANCHOR_END: main

/// A generator seeded by the operating system.
fn seeded_by_the_system() -> Result<ChaCha20Rng, Failure> {
    let mut seed = [0; 32];
    getrandom::fill(&mut seed)?;
    Ok(ChaCha20Rng::from_seed(seed))
}

#[test]
fn runs() -> Result<(), Failure> {
    main()
}
