//! One mix whose neighbours are played by the test: they send it prepared packets as fast as it
//! accepts them.
#![allow(
    clippy::unwrap_used,
    clippy::similar_names,
    clippy::unchecked_time_subtraction,
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    clippy::integer_division_remainder_used,
    clippy::cast_precision_loss,
    reason = "a test may panic and divide"
)]

mod reference;
mod slow;
mod tests;
#[cfg(target_os = "linux")]
mod throughput;

use chacha20::ChaCha20Rng;
use core::{net::SocketAddr, sync::atomic::Ordering::Relaxed, time::Duration};
use mixwell_mixdelay::Limits;
use mixwell_net::{
    directory::Directory,
    keys::{LinkKey, PeerClaim},
    node_kind::NodeKind,
    randomness::Randomness,
};
use mixwell_node::{MixKeys, Node, ResourceLimits};
use mixwell_pki_types::Rates;
use mixwell_pq_kem::{X25519, nike::PublicKey};
use mixwell_sphinx::{Geometry, Hop, Message, NodeId, Path, RecipientId};
use mixwell_testnet::{Plan, Planned};
use mixwell_wire::{
    Ad, Command, Link, PacketSizes, Timeouts,
    tokio::{Reader, Writer, await_proof},
};
use rand_core::{Rng as _, SeedableRng as _};
use slow::Slow;
use std::{sync::Arc, thread, time::Instant};
use tokio::{
    io::{AsyncRead, AsyncWrite, BufReader},
    net::{TcpListener, TcpStream},
    runtime::Runtime,
    sync::watch,
    task::{JoinHandle, JoinSet},
};

/// The number of gateways that send to the mix.
const LINKS: usize = 4;

/// The maximum delay of a packet at the mix.
const MOST_DELAY_MILLIS: u32 = 40;

/// No decoys.
const RATES: Rates = Rates { mu: 0.1, lambda_p: 0.02, lambda_l: 0.0, lambda_m: 0.0, lambda_g: 0.0, lambda_r: 0.0 };

/// The mix's neighbours and the packets that they send.
struct Neighbours {
    mix: (NodeId, Vec<u8>, SocketAddr),
    nodes: Vec<Neighbour>,
    sizes: PacketSizes,
    /// The number of packets that each neighbour has received.
    come: Vec<watch::Sender<u64>>,
}

struct Neighbour {
    id: NodeId,
    key: LinkKey,
    listener: std::net::TcpListener,
    /// The packets that the neighbour sends.
    packets: Arc<[Vec<u8>]>,
    /// Whether the neighbour sends and reads one byte at a time.
    is_slow: bool,
}

/// The mix and its neighbours, the service node last, with `packets` packets for each; `to` gives
/// the neighbour that is the next hop of the packet with that number.
fn plan(geometry: Geometry, packets: usize, to: fn(usize) -> usize) -> (Plan, Planned, Neighbours) {
    let in_memory = |plan: &Plan| Arc::clone(&plan.nodes[LINKS].mix_keys);
    plan_with(geometry, packets, to, in_memory)
}

/// Like [`plan`], with other mix keys.
fn plan_with(
    geometry: Geometry,
    packets: usize,
    to: fn(usize) -> usize,
    mix_keys: impl FnOnce(&Plan) -> Arc<MixKeys>,
) -> (Plan, Planned, Neighbours) {
    let mut plan = Plan::new(geometry, (LINKS, &[1]), RATES);
    plan.nodes[LINKS].mix_keys = mix_keys(&plan);
    let mut planned = core::mem::take(&mut plan.nodes);
    let mix = planned.remove(LINKS);
    let epoch = plan.clock.epoch();
    let key = |node: &Planned| PublicKey::<X25519>::try_from(node.mix_keys.public(epoch)[&epoch].as_slice()).unwrap();
    let mix_key = key(&mix);
    let ends: Vec<_> = planned.iter().map(|node| (node.id, key(node))).collect();
    let wrap = |number: usize, rng: &mut ChaCha20Rng| {
        let (end, end_key) = &ends[to(number)];
        let delay = Some(1 + rng.next_u32() % MOST_DELAY_MILLIS);
        let hops = [
            Hop { id: mix.id, public_key: &mix_key, delay_millis: delay },
            Hop { id: *end, public_key: end_key, delay_millis: Some(1) },
        ];
        let message = Message { surb: None, user_payload: b"from a neighbour" };
        let mut packet = vec![0; plan.sphinx.geometry().packet_len()];
        let path = Path { hops: &hops, recipient: RecipientId([7; 32]) };
        plan.sphinx.wrap_message(&path, &message, rng, &mut packet).unwrap();
        packet
    };
    let nodes = thread::scope(|scope| {
        let nodes: Vec<_> = planned
            .into_iter()
            .zip(0..)
            .map(|(node, number)| {
                let packets = if node.kind == NodeKind::Service { 0 } else { packets };
                let (wrap, mut rng) = (&wrap, ChaCha20Rng::seed_from_u64(number));
                scope.spawn(move || Neighbour {
                    id: node.id,
                    key: node.link_key,
                    listener: node.listener,
                    packets: (0..packets).map(|number| wrap(number, &mut rng)).collect(),
                    is_slow: false,
                })
            })
            .collect();
        nodes.into_iter().map(|node| node.join().unwrap()).collect()
    });
    let address = mix.listener.local_addr().unwrap();
    let neighbours = Neighbours {
        mix: (mix.id, mix.link_key.public().to_vec(), address),
        nodes,
        sizes: PacketSizes::from(&geometry),
        come: (0..=LINKS).map(|_| watch::Sender::new(0)).collect(),
    };
    (plan, mix, neighbours)
}

/// Starts the mix.
fn start(plan: &Plan, mix: Planned, stop: watch::Receiver<bool>) -> (Arc<Node>, JoinHandle<()>) {
    let (sender, directory) = watch::channel(Arc::new(plan.known.clone()));
    // the consensus does not change
    core::mem::forget(sender);
    start_with(plan, mix, directory, stop)
}

/// Starts the mix with a directory of consensuses.
fn start_with(
    plan: &Plan,
    mix: Planned,
    directory: Directory,
    stop: watch::Receiver<bool>,
) -> (Arc<Node>, JoinHandle<()>) {
    let usual = ResourceLimits::for_period(plan.clock.period().duration());
    // generous limits, because the machine may be busy with other tests
    let delays = Limits { unwrap_millis: 5_000, slack_millis: 5_000, ..usual.delays };
    let limits = ResourceLimits { write_wait: Duration::from_secs(1), delays, ..usual };
    let (parts, listener) = mix.parts(plan.clock, directory, limits, plan.randomness.branch());
    let (node, turn) = Node::new(parts);
    tokio::spawn(turn);
    let running = tokio::spawn(Arc::clone(&node).run(vec![listener], stop));
    (node, running)
}

impl Neighbours {
    /// Runs the neighbours: those with packets send as many as `begin` says, and all count the
    /// packets that they receive.
    fn play(&self, begin: &watch::Receiver<usize>) -> JoinSet<()> {
        let mut tasks = JoinSet::new();
        for (node, come) in self.nodes.iter().zip(&self.come) {
            let listener = TcpListener::from_std(node.listener.try_clone().unwrap()).unwrap();
            let own = (node.id, node.key.clone(), Link::node(self.sizes));
            tasks.spawn(count(listener, own.clone(), node.is_slow, come.clone()));
            if !node.packets.is_empty() {
                let packets = (Arc::clone(&node.packets), node.is_slow);
                tasks.spawn(send(self.mix.clone(), own, packets, begin.clone()));
            }
        }
        tasks
    }
}

/// Connects to the mix and sends packets.
async fn send(
    (mix, mix_key, address): (NodeId, Vec<u8>, SocketAddr),
    (id, key, link): (NodeId, LinkKey, Link),
    (packets, is_slow): (Arc<[Vec<u8>]>, bool),
    mut begin: watch::Receiver<usize>,
) {
    let (mut stream, mut buffer) = (TcpStream::connect(address).await.unwrap(), vec![0; key.buffer_len(&link)]);
    let session = {
        let (mut rng, wanted) = (Randomness::from_seed(3).rng(), |claim: &PeerClaim<'_>| {
            claim.ad == mix.as_bytes() && claim.link_key == mix_key
        });
        let own = (Ad::node(id.as_bytes()), link);
        key.initiate(&mut stream, own, &mut rng, &mut buffer, &Timeouts::default(), wanted).await.unwrap().session
    };
    let (_read, write) = stream.into_split();
    let write: Box<dyn AsyncWrite + Send + Unpin> = if is_slow { Box::new(Slow::new(write)) } else { Box::new(write) };
    let mut writer = Writer::new(write, session.sender, buffer, &Timeouts::default());
    for (number, packet) in packets.iter().enumerate() {
        if begin.wait_for(|many| number < *many).await.is_err() {
            return;
        }
        // a slow neighbour may time out
        let sent = writer.send(&Command::SendPacket(packet)).await;
        assert!(sent.is_ok() || is_slow);
    }
    let _ = begin.wait_for(|_| false).await;
}

/// Accepts the mix's connection and counts the packets that arrive over it.
async fn count(
    listener: TcpListener,
    (id, key, link): (NodeId, LinkKey, Link),
    is_slow: bool,
    come: watch::Sender<u64>,
) {
    let (mut stream, _) = listener.accept().await.unwrap();
    let mut buffer = vec![0; key.buffer_len(&link)];
    let mut rng = Randomness::from_seed(4).rng();
    let own = Ad::node(id.as_bytes());
    let timeouts = Timeouts { read: Duration::from_hours(1), ..Timeouts::default() };
    let session = key.respond(&mut stream, own, &mut rng, &mut buffer, &timeouts, |_| Some(link)).await.unwrap();
    let session = await_proof(&mut stream, session, &timeouts).await.unwrap();
    let read: Box<dyn AsyncRead + Send + Unpin> =
        if is_slow { Box::new(Slow::new(stream)) } else { Box::new(BufReader::with_capacity(1 << 16, stream)) };
    let mut reader = Reader::new(read, session.receiver, buffer, &timeouts);
    while let Ok(command) = reader.receive().await {
        if matches!(command, Command::SendPacket(_)) {
            come.send_modify(|come| *come += 1);
        }
    }
}

/// Waits until all links are up in both directions.
async fn all_up(node: &Node) {
    up(node, LINKS).await;
}

/// Waits until the mix's links to its neighbours are up, and `callers` links from them.
async fn up(node: &Node, callers: usize) {
    let begun = Instant::now();
    while node.links().0 <= LINKS || node.connections().open.load(Relaxed) < callers as u64 {
        tokio::time::sleep(Duration::from_millis(10)).await;
        assert!(begun.elapsed() < Duration::from_secs(20), "{:?} {:?}", node.links(), node.connections());
    }
}

fn runtime() -> Runtime {
    tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap()
}

fn geometry(payload: usize) -> Geometry {
    Geometry::of::<X25519>(5, payload, true).unwrap()
}
