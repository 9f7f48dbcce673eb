//! The hops, and the paths through them.

use super::{
    attacker,
    error::{SelfTestError, Violation},
    hop::{HopNode, KeyPair},
    times::Times,
};
use chacha20::ChaCha20Rng;
use mixwell_sphinx::{Hop, NodeId, ReplayFilter, Scheme, Sphinx};
use rand_core::Rng as _;
use std::collections::HashMap;

/// Mean of the delays that packets request.
const MEAN_DELAY_MILLIS: f64 = 200.0;

/// Index of the gateway among the hops.
pub(super) const GATEWAY: usize = 0;

/// A gateway, layers of one mix each, and a service node.
pub(super) struct Network<S: Scheme> {
    pub(super) sphinx: Sphinx<S>,
    pub(super) nodes: Vec<HopNode<S>>,
    by_id: HashMap<NodeId, usize>,
}

impl<S: Scheme> Network<S> {
    /// Generates the hops' keys. Replay filters have room for `messages`, their replies and the
    /// attacker's packets.
    pub(super) fn new(
        sphinx: Sphinx<S>,
        messages: usize,
        rng: &mut ChaCha20Rng,
        generate: impl Fn(&mut ChaCha20Rng) -> Result<KeyPair<S>, SelfTestError>,
    ) -> Result<Self, SelfTestError> {
        let hops = sphinx.geometry().hops();
        let packets = messages.saturating_mul(2).saturating_add(attacker::attempts(messages));
        let slots = ReplayFilter::slots_for(packets);
        let mut nodes = Vec::with_capacity(hops);
        for index in 0..hops {
            nodes.push(HopNode {
                id: NodeId(random_bytes(rng)),
                name: name(index, hops),
                key: generate(rng)?,
                replays: ReplayFilter::new(vec![0; slots], rng),
                out: Times::default(),
                back: Times::default(),
            });
        }
        let by_id = nodes.iter().enumerate().map(|(index, node)| (node.id, index)).collect();
        Ok(Self { sphinx, nodes, by_id })
    }

    /// Index of the hop with this id.
    pub(super) fn find(&self, id: NodeId) -> Result<usize, Violation> {
        self.by_id.get(&id).copied().ok_or(Violation::NextHop)
    }

    /// The path from a client to the service.
    pub(super) fn path_out(&self, rng: &mut ChaCha20Rng) -> Vec<Hop<'_, S>> {
        self.nodes.iter().map(|node| hop(node, Some(delay(rng)))).collect()
    }

    /// The path from the service to a client. The gateway delivers without delay.
    pub(super) fn path_back(&self, rng: &mut ChaCha20Rng) -> Vec<Hop<'_, S>> {
        let nodes = hops_back(self.nodes.len()).filter_map(|index| Some((index, self.nodes.get(index)?)));
        nodes.map(|(index, node)| hop(node, (index != GATEWAY).then(|| delay(rng)))).collect()
    }
}

/// Indices of the hops that replies pass, of `hops` hops: the mixes again, then the gateway.
pub fn hops_back(hops: usize) -> impl Iterator<Item = usize> {
    let service = hops.saturating_sub(1);
    (GATEWAY.saturating_add(1)..service).chain([GATEWAY])
}

fn hop<S: Scheme>(node: &HopNode<S>, delay_millis: Option<u32>) -> Hop<'_, S> {
    Hop { id: node.id, public_key: &node.key.public, delay_millis }
}

fn name(index: usize, hops: usize) -> String {
    match index {
        _ if index.saturating_add(1) == hops => "service node".to_owned(),
        GATEWAY => "gateway".to_owned(),
        layer => format!("mix {layer}"),
    }
}

/// An exponentially distributed delay, at least 1 ms.
#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "casts of floats saturate")]
fn delay(rng: &mut ChaCha20Rng) -> u32 {
    let uniform = f64::from(rng.next_u32()) / 2f64.powi(32);
    let millis = -MEAN_DELAY_MILLIS * (-uniform).ln_1p();
    (millis as u32).saturating_add(1)
}

/// Random bytes.
pub(super) fn random_bytes<const N: usize>(rng: &mut ChaCha20Rng) -> [u8; N] {
    let mut bytes = [0; N];
    rng.fill_bytes(&mut bytes);
    bytes
}

/// A uniformly distributed number below `bound`.
#[expect(clippy::cast_possible_truncation, reason = "less than `bound`")]
pub(super) fn random_below(rng: &mut ChaCha20Rng, bound: usize) -> usize {
    ((u128::from(rng.next_u64()) * bound as u128) >> 64) as usize
}
