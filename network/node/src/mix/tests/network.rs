//! A mix, a service node and a gateway, without links and in virtual time.

use crate::{any_sphinx::AnySphinx, key_ring::KeyRing, mix::*, mix_keys::MixKeys, service::Echo};
use core::cell::Cell;
use mixwell_pki_types::Epoch;
use mixwell_pq_kem::X25519;
use mixwell_sphinx::{Hop, Message, Path, Sphinx, SurbKeys};
use rand_core::{Rng as _, SeedableRng as _};
use tokio::time;

pub(super) const PERIOD: Duration = Duration::from_mins(20);
pub(super) const ECHO: RecipientId = {
    let mut id = [0; RecipientId::LEN];
    [id[0], id[1], id[2], id[3], id[4]] = *b"+echo";
    RecipientId(id)
};
pub(super) const REPLAYS: usize = 20_000;
pub(super) const OWNER: RecipientId = RecipientId([8; 32]);

pub(super) type Public = <X25519 as mixwell_sphinx::SchemeKeys>::PublicKey;

/// A node and its public parameters, which senders know.
pub(super) struct Node {
    pub(super) mix: Mix,
    pub(super) id: NodeId,
    pub(super) public: Public,
    pub(super) ring: Arc<KeyRing>,
    pub(super) keys: Arc<MixKeys>,
}

/// A network of one node of each kind, in this order.
pub(super) struct Net {
    pub(super) sphinx: Sphinx<X25519>,
    pub(super) nodes: [Node; 3],
    pub(super) rng: ChaCha20Rng,
    pub(super) now: Cell<Instant>,
}

pub(super) const MIX: usize = 0;
pub(super) const SERVICE: usize = 1;
pub(super) const GATEWAY: usize = 2;

impl Net {
    pub(super) fn new(capacity: usize) -> Self {
        let sphinx = Sphinx::<X25519>::new(Geometry::of::<X25519>(5, 100, true).unwrap()).unwrap();
        let mut rng = ChaCha20Rng::seed_from_u64(1);
        let nodes = [NodeKind::Mix, NodeKind::Service, NodeKind::Gateway].map(|kind| {
            let keys = Arc::new(MixKeys::in_memory(AnySphinx::new(*sphinx.geometry()).unwrap()));
            keys.advance(Epoch(1), time::Instant::now(), &mut rng).unwrap();
            let ring = Arc::new(KeyRing::new(Arc::clone(&keys), REPLAYS));
            ring.set_epoch(Epoch(1), &mut rng);
            let public = Public::try_from(keys.public(Epoch(1))[&Epoch(1)].as_slice()).unwrap();
            let mut services = Services::default();
            if kind == NodeKind::Service {
                services.add("echo", "+echo", Arc::new(Echo)).unwrap();
            }
            let setup = Setup { kind, services, limits: limits(PERIOD), capacity };
            let pool = Pool::new(capacity + 8, sphinx.geometry().packet_len());
            let seed = ChaCha20Rng::seed_from_u64(rng.next_u64());
            let mix = Mix::new(Arc::clone(&ring) as _, setup, pool, Arc::default(), seed);
            let id = NodeId([u8::try_from(kind as usize).unwrap(); 32]);
            Node { mix, id, public, ring, keys }
        });
        Self { sphinx, nodes, rng, now: Cell::new(Instant::from_millis(1000)) }
    }

    pub(super) fn hop(&self, node: usize, delay_millis: Option<u32>) -> Hop<'_, X25519> {
        Hop { id: self.nodes[node].id, public_key: &self.nodes[node].public, delay_millis }
    }

    /// A request through the mix to the service, with a reply through mix and gateway.
    pub(super) fn request(
        &mut self,
        delay: Option<u32>,
        recipient: RecipientId,
        with_surb: bool,
    ) -> (Vec<u8>, SurbKeys) {
        let mut rng = ChaCha20Rng::seed_from_u64(self.rng.next_u64());
        let mut surb = vec![0; self.sphinx.geometry().surb_len()];
        let back = [self.hop(MIX, Some(20)), self.hop(GATEWAY, None)];
        let path = Path { hops: &back, recipient: OWNER };
        let keys = self.sphinx.new_surb(&path, SurbId([9; 16]), &mut rng, &mut surb).unwrap();
        let mut packet = vec![0; self.sphinx.geometry().packet_len()];
        let message = Message { surb: with_surb.then_some(&surb[..]), user_payload: b"who is there?" };
        let out = [self.hop(MIX, delay), self.hop(SERVICE, Some(30))];
        let path = Path { hops: &out, recipient };
        self.sphinx.wrap_message(&path, &message, &mut rng, &mut packet).unwrap();
        (packet, keys)
    }

    pub(super) fn wait(&self, millis: u64) {
        self.now.set(self.now.get().plus_millis(millis));
    }

    /// Passes a packet to a node, which takes `unwrap_millis` to unwrap it. Returns whether the
    /// release timer has to be set earlier, and a client's reply.
    pub(super) fn receive(&self, node: usize, bytes: &[u8], unwrap_millis: u64) -> (bool, Option<Reply>) {
        let arrived = self.now.get();
        let mut replies = Vec::new();
        let batch = self.batch(node, &[bytes]);
        let now = || arrived.plus_millis(unwrap_millis);
        let wake = self.nodes[node].mix.receive(batch, &now, &mut |reply| replies.push(reply));
        self.wait(unwrap_millis);
        (wake, replies.pop())
    }

    /// A batch of packets that arrive at a node now.
    pub(super) fn batch(&self, node: usize, packets: &[impl AsRef<[u8]>]) -> Batch {
        let mut packets = packets.iter();
        core::array::from_fn(|_| {
            let bytes = packets.next()?.as_ref();
            let mut packet = self.nodes[node].mix.pool().take().unwrap();
            packet.copy_from_slice(bytes);
            Some((self.now.get(), packet))
        })
    }

    pub(super) fn due(&self, node: usize) -> Option<(NodeId, Vec<u8>)> {
        self.nodes[node].mix.due(&|| self.now.get()).map(|(next, packet)| (next, packet.to_vec()))
    }

    pub(super) fn dropped(&self, node: usize, reason: DropReason) -> u64 {
        self.nodes[node].mix.counters().dropped(reason)
    }
}
