//! A path of nodes with keys, for tests that build their own packets.

use crate::schemes::key_pair;
use mixwell_sphinx::{Action, Geometry, Hop, NodeId, Path, RecipientId, Scheme, Sphinx};
use rand_chacha::{ChaCha20Rng, rand_core::SeedableRng};

pub(crate) struct Network<S: Scheme> {
    pub(crate) sphinx: Sphinx<S>,
    pub(crate) public_keys: Vec<S::PublicKey>,
    pub(crate) private_keys: Vec<S::PrivateKey>,
    pub(crate) rng: ChaCha20Rng,
}

pub(crate) const RECIPIENT: RecipientId = RecipientId([0xcc; 32]);

impl<S: Scheme> Network<S> {
    /// A network with one node for each hop of the longest path.
    pub(crate) fn new(geometry: Geometry, seed: u64) -> Self {
        let mut rng = ChaCha20Rng::seed_from_u64(seed);
        let (public_keys, private_keys) = (0..geometry.hops()).map(|_| key_pair::<S>(&mut rng)).unzip();
        Self { sphinx: Sphinx::new(geometry).unwrap(), public_keys, private_keys, rng }
    }

    /// The first `hops` nodes.
    pub(crate) fn hops(public_keys: &[S::PublicKey], hops: usize) -> Vec<Hop<'_, S>> {
        let hop = |(i, public_key)| Hop { id: node(i), public_key, delay_millis: Some(u32::try_from(i).unwrap()) };
        public_keys.iter().take(hops).enumerate().map(hop).collect()
    }

    pub(crate) fn path<'a>(hops: &'a [Hop<'a, S>]) -> Path<'a, S> {
        Path { hops, recipient: RECIPIENT }
    }

    /// Processes a packet at `hops` nodes; returns the last node's action.
    pub(crate) fn carry<'p>(&self, packet: &'p mut [u8], hops: usize) -> Action<'p> {
        let length = packet.len();
        for i in 0..hops - 1 {
            let action = self.sphinx.open(packet, &self.private_keys[i]).unwrap().finish().unwrap();
            let Action::Forward { next_hop, delay_millis } = action else { panic!("{action:?} at hop {i}") };
            assert_eq!((next_hop, delay_millis), (node(i + 1), Some(u32::try_from(i).unwrap())));
        }
        assert_eq!(packet.len(), length);
        self.sphinx.open(packet, &self.private_keys[hops - 1]).unwrap().finish().unwrap()
    }
}

pub(crate) fn node(i: usize) -> NodeId {
    NodeId([u8::try_from(i).unwrap(); 32])
}
