//! A node of ours in a network whose other nodes are played.

use chacha20::ChaCha20Rng;
use core::{net::SocketAddr, time::Duration};
use mixwell_net::{clock::Clock, consensus::Consensus, directory::Consensuses, keys::LinkKey};
use mixwell_node::{Node, ResourceLimits};
use mixwell_pki_types::Rates;
use mixwell_pq_kem::{X25519, nike::PublicKey};
use mixwell_sphinx::{Hop, Message, NodeId, Path, RecipientId, Sphinx};
use mixwell_testnet::{
    Plan,
    recorded::{Ending, PACE, RecordedNetwork, period_at},
};
use mixwell_vectors::conversation::Conversation;
use mixwell_wire::Timeouts;
use rand_core::SeedableRng as _;
use std::sync::{Arc, Mutex};
use tokio::sync::watch;

/// The node of ours, and what the others need to be played.
pub(super) struct Stage {
    pub(super) node: Arc<Node>,
    /// Its number in the network.
    pub(super) number: usize,
    pub(super) address: SocketAddr,
    pub(super) peers: Vec<PlayedNode>,
    /// The consensuses of our epoch and of the next.
    pub(super) consensuses: [Arc<Consensus>; 2],
    pub(super) epoch: u64,
    pub(super) stop: watch::Sender<bool>,
    directory: watch::Sender<Arc<Consensuses>>,
    sphinx: Sphinx<X25519>,
    rng: Mutex<ChaCha20Rng>,
}

/// A node of the network, ours too.
pub(super) struct PlayedNode {
    pub(super) id: NodeId,
    pub(super) key: LinkKey,
    pub(super) listener: std::net::TcpListener,
    mix_key: PublicKey<X25519>,
}

/// Rates of the recordings at the pace of the play, and decoys in place of traffic.
const RATES: Rates = Rates { mu: 0.1, lambda_p: 0.04, lambda_l: 0.02, lambda_m: 0.02, lambda_g: 0.02, lambda_r: 0.0 };

impl Stage {
    /// Starts a node, by its number in the network, for a conversation.
    pub(super) fn new(talk: &Conversation, number: usize) -> Self {
        let network = RecordedNetwork::of(talk);
        // an epoch that lasts
        let clock = Clock::new(period_at(0.2));
        let mut plan = Plan::with_links((clock, network.kem), network.geometry, (1, &[1, 1, 1]), RATES);
        let epoch = clock.epoch();
        let consensuses = [epoch, epoch.plus(1)].map(|epoch| Arc::new(plan.consensus(epoch)));
        let played = plan.nodes.iter().map(|planned| PlayedNode {
            id: planned.id,
            key: planned.link_key.clone(),
            listener: planned.listener.try_clone().unwrap(),
            mix_key: PublicKey::try_from(planned.mix_keys.public(epoch)[&epoch].as_slice()).unwrap(),
        });
        let peers = played.collect();
        let ours = plan.nodes.remove(number);
        let address = ours.listener.local_addr().unwrap();
        let is_about_handshake = matches!(Ending::of(talk), Ending::Refused(_));
        let (directory, known) = watch::channel(Arc::new(plan.known.clone()));
        let (stop, stopped) = watch::channel(false);
        let (parts, listener) = ours.parts(clock, known, limits(is_about_handshake), plan.randomness.branch());
        let (node, turn) = Node::new(parts);
        tokio::spawn(turn);
        tokio::spawn(Arc::clone(&node).run(vec![listener], stopped));
        let rng = Mutex::new(ChaCha20Rng::seed_from_u64(5));
        Self { node, number, address, peers, consensuses, epoch: epoch.0, stop, directory, sphinx: plan.sphinx, rng }
    }

    /// Makes the node know the consensus of an epoch, counted from the present, or none of it.
    pub(super) fn set_known(&self, ahead: usize, is_known: bool) {
        let Some(consensus) = self.consensuses.get(ahead) else {
            assert!(!is_known, "no consensus {ahead} epochs ahead");
            return;
        };
        self.directory.send_modify(|known| {
            let known = Arc::make_mut(known);
            let known = if ahead == 0 { &mut known.current } else { &mut known.next };
            *known = is_known.then(|| Arc::clone(consensus));
        });
    }

    /// A packet that the node of ours forwards.
    pub(super) fn packet(&self) -> Vec<u8> {
        let next = match self.number {
            0 | 4 => 1,
            3 => 0,
            mix => mix + 1,
        };
        let hop = |number: usize| Hop {
            id: self.peers[number].id,
            public_key: &self.peers[number].mix_key,
            delay_millis: Some(1),
        };
        let hops = [hop(self.number), hop(next)];
        let mut packet = vec![0; self.sphinx.geometry().packet_len()];
        let message = Message { surb: None, user_payload: b"from a peer" };
        let path = Path { hops: &hops, recipient: RecipientId([7; 32]) };
        self.sphinx.wrap_message(&path, &message, &mut *self.rng.lock().unwrap(), &mut packet).unwrap();
        packet
    }
}

/// The usual limits, with the times of a client's connection at the pace of the play.
fn limits(is_about_handshake: bool) -> ResourceLimits {
    let usual = ResourceLimits::for_period(Duration::from_mins(20));
    let mut delays = usual.delays;
    (delays.unwrap_millis, delays.slack_millis) = (5_000, 5_000);
    // a busy machine breaks no handshake, unless the conversation is about that timeout
    let handshake = if is_about_handshake { usual.timeouts.handshake } else { Duration::from_secs(20) };
    ResourceLimits {
        buffers: 2000,
        queue: 1000,
        replays: 20_000,
        delays,
        write_wait: Duration::from_secs(5),
        keep_alive: usual.keep_alive / PACE,
        acknowledgement: usual.acknowledgement / PACE,
        timeouts: Timeouts { handshake, read: usual.timeouts.read / PACE, ..usual.timeouts },
        ..usual
    }
}

/// A command that carries a packet.
pub(super) fn send_packet(packet: &[u8]) -> Vec<u8> {
    let length = u32::try_from(packet.len()).unwrap().to_be_bytes();
    [&[SEND_PACKET, 0], &length[..], packet].concat()
}

pub(super) const SEND_PACKET: u8 = 2;
