//! One mix whose neighbours are played by the caller: they send it prepared packets as fast as it
//! accepts them, and count those that it forwards.

use crate::{Plan, Planned, slow::Slow};
use chacha20::ChaCha20Rng;
use core::{net::SocketAddr, time::Duration};
use mixwell_net::{
    keys::{LinkKey, PeerClaim},
    node_kind::NodeKind,
    randomness::Randomness,
};
use mixwell_node::MixKeys;
use mixwell_pki_types::Rates;
use mixwell_pq_kem::X25519;
use mixwell_sphinx::{Geometry, Hop, Message, NodeId, Path, RecipientId, Scheme};
use mixwell_wire::{
    Ad, Command, Link, PacketSizes, Timeouts,
    tokio::{Reader, Writer, await_proof},
};
use rand_core::{Rng as _, SeedableRng as _};
use std::{sync::Arc, thread};
use tokio::{
    io::{AsyncRead, AsyncWrite, BufReader},
    net::{TcpListener, TcpStream},
    sync::watch,
    task::JoinSet,
};

/// No decoys.
const RATES: Rates = Rates { mu: 0.1, lambda_p: 0.02, lambda_l: 0.0, lambda_m: 0.0, lambda_g: 0.0, lambda_r: 0.0 };

/// The maximum delay of a packet at the mix.
const MAX_DELAY_MILLIS: u32 = 40;

/// The gateways, the mix and the service node of a network with a single mix.
pub struct SingleMix<S: Scheme = X25519> {
    /// The network. Its nodes are taken out.
    pub plan: Plan<S>,
    /// The mix, which does not run yet.
    pub mix: Planned,
    /// The gateways, then the service node.
    pub neighbours: Neighbours,
}

/// The mix's neighbours and the packets that they send.
pub struct Neighbours {
    /// The mix's id, link key and address.
    pub mix: (NodeId, Vec<u8>, SocketAddr),
    /// The neighbours.
    pub nodes: Vec<Neighbour>,
    /// The lengths of packets.
    pub sizes: PacketSizes,
    /// The number of packets that each neighbour has received.
    pub received: Vec<watch::Sender<u64>>,
}

/// A gateway or service node.
pub struct Neighbour {
    /// The hash of the identity key.
    pub id: NodeId,
    /// The link key.
    pub key: LinkKey,
    /// The socket at which it accepts the mix's connection.
    pub listener: std::net::TcpListener,
    /// The packets that the neighbour sends.
    pub packets: Arc<[Vec<u8>]>,
    /// Whether the neighbour sends and reads one byte at a time.
    pub is_slow: bool,
}

impl<S: Scheme> SingleMix<S> {
    /// A mix with `gateways` gateways, each of which has `packets` packets for it; `to` gives the
    /// neighbour that is the next hop of a gateway's packet with that number. `mix_keys` makes the
    /// mix's keys if they are others than the plan's.
    pub fn new(
        geometry: Geometry,
        gateways: usize,
        packets: usize,
        to: impl Fn(usize) -> usize + Sync,
        mix_keys: impl FnOnce(&Plan<S>) -> Option<Arc<MixKeys>>,
    ) -> Self {
        let mut plan = Plan::<S>::of_scheme(geometry, (gateways, &[1]), RATES);
        if let Some(keys) = mix_keys(&plan) {
            plan.nodes[gateways].mix_keys = keys;
        }
        let mut planned = core::mem::take(&mut plan.nodes);
        let mix = planned.remove(gateways);
        let epoch = plan.clock.epoch();
        let key = |node: &Planned| S::PublicKey::try_from(&node.mix_keys.public(epoch)[&epoch][..]).unwrap();
        let mix_key = key(&mix);
        let ends: Vec<_> = planned.iter().map(|node| (node.id, key(node))).collect();
        let wrap = |number: usize, rng: &mut ChaCha20Rng| {
            let (end, end_key) = &ends[to(number)];
            let delay = Some(1 + rng.next_u32() % MAX_DELAY_MILLIS);
            let hops = [
                Hop { id: mix.id, public_key: &mix_key, delay_millis: delay },
                Hop { id: *end, public_key: end_key, delay_millis: Some(1) },
            ];
            let message = Message { surb: None, user_payload: b"from a neighbour" };
            let mut packet = vec![0; geometry.packet_len()];
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
            received: (0..=gateways).map(|_| watch::Sender::new(0)).collect(),
        };
        Self { plan, mix, neighbours }
    }
}

impl Neighbours {
    /// Runs the neighbours in the current runtime: those with packets send as many as `allowed`
    /// says, and all count the packets that they receive.
    pub fn run(&self, allowed: &watch::Receiver<usize>) -> JoinSet<()> {
        let mut tasks = JoinSet::new();
        for (node, received) in self.nodes.iter().zip(&self.received) {
            let listener = TcpListener::from_std(node.listener.try_clone().unwrap()).unwrap();
            let own = (node.id, node.key.clone(), Link::node(self.sizes));
            tasks.spawn(count(listener, own.clone(), node.is_slow, received.clone()));
            if !node.packets.is_empty() {
                let packets = (Arc::clone(&node.packets), node.is_slow);
                tasks.spawn(send(self.mix.clone(), own, packets, allowed.clone()));
            }
        }
        tasks
    }
}

/// Connects to the mix and sends packets.
pub async fn send(
    (mix, mix_key, address): (NodeId, Vec<u8>, SocketAddr),
    (id, key, link): (NodeId, LinkKey, Link),
    (packets, is_slow): (Arc<[Vec<u8>]>, bool),
    mut allowed: watch::Receiver<usize>,
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
        if allowed.wait_for(|allowed| number < *allowed).await.is_err() {
            return;
        }
        // a slow neighbour may time out
        let sent = writer.send(&Command::SendPacket(packet)).await;
        assert!(sent.is_ok() || is_slow);
    }
    // stays connected until the sender of `allowed` is dropped
    let _ = allowed.wait_for(|_| false).await;
}

/// Accepts the mix's connection and counts the packets that arrive over it.
async fn count(
    listener: TcpListener,
    (id, key, link): (NodeId, LinkKey, Link),
    is_slow: bool,
    received: watch::Sender<u64>,
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
            received.send_modify(|received| *received += 1);
        }
    }
}
