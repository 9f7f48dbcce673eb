//! Documents of votes, certificates and consensuses (`docs/spec/authority.md#tally`).

use super::lambda_g::lambda_g;
use core::iter::repeat_n;
use mixwell_net::{
    authorities::Authorities,
    node_kind::{NodeKind, PermittedNode},
};
use mixwell_pki_types::{Descriptor, Document, Epoch, KeyHash, Period, Rates, build::DocumentBuilder};
use mixwell_sphinx::Geometry;
use std::{collections::BTreeMap, sync::Arc};

/// The configuration of an authority. The reference needs `[[Topology.Layers]]`: without it that of
/// August 2026 crashes (`docs/spec/authority.md#weaknesses-of-the-reference`).
#[derive(Debug, Clone)]
#[expect(clippy::exhaustive_structs, reason = "an authority needs all of it")]
pub struct Settings {
    /// All authorities.
    pub authorities: Arc<Authorities>,
    /// The nodes that may take part.
    pub nodes: Vec<PermittedNode>,
    /// The mixes of each layer, in the order of the configuration.
    pub layers: Vec<Vec<KeyHash>>,
    /// The rates to vote for; `LambdaG` is computed.
    pub rates: Rates,
    /// The packets' geometry.
    pub geometry: Geometry,
    /// The length of an epoch.
    pub period: Period,
}

/// The input of an epoch's document besides the votes.
pub(super) struct Context<'a> {
    pub(super) settings: &'a Settings,
    pub(super) epoch: Epoch,
    /// The consensus of the epoch before; `None` in a genesis.
    pub(super) previous: Option<Document<'a>>,
}

impl Settings {
    /// The node of an id.
    pub(super) fn node(&self, id: KeyHash) -> Option<&PermittedNode> {
        self.nodes.iter().find(|node| node.id == id)
    }
}

impl Context<'_> {
    /// The document that follows from the votes; `None` if no rates have a majority. Everything
    /// that is in enough votes counts, however often one vote lists it: votes are not checked for
    /// that.
    pub(super) fn tally(&self, votes: &[Document<'_>], value: Option<[u8; 32]>) -> Option<DocumentBuilder> {
        let threshold = self.settings.authorities.threshold();
        let parameters = |rates: Rates| [rates.mu, rates.lambda_p, rates.lambda_l, rates.lambda_m, rates.lambda_r];
        let bits = |vote: &Document<'_>| parameters(vote.rates()).map(f64::to_bits);
        let rates =
            votes.iter().find(|vote| votes.iter().filter(|other| bits(other) == bits(vote)).count() >= threshold);
        let rates = rates?.rates();
        let mut counts: BTreeMap<&[u8], usize> = BTreeMap::new();
        for node in votes.iter().flat_map(Document::nodes) {
            *counts.entry(node.encoded()).or_default() += 1;
        }
        let nodes: Vec<&[u8]> =
            counts.into_iter().filter(|(_, count)| *count >= threshold).map(|(encoded, _)| encoded).collect();
        Some(self.document(rates, &nodes, value))
    }

    /// A document of these nodes, as far as the configuration allows them: of a vote or certificate
    /// without a shared random value, of the consensus with it.
    pub(super) fn document(&self, rates: Rates, nodes: &[&[u8]], value: Option<[u8; 32]>) -> DocumentBuilder {
        let settings = self.settings;
        let mut allowed: BTreeMap<KeyHash, (NodeKind, &[u8])> = BTreeMap::new();
        for encoded in nodes {
            let Ok(descriptor) = Descriptor::parse(encoded) else { continue };
            if let Some(node) = settings.node(descriptor.id())
                && descriptor.epoch() == self.epoch
            {
                allowed.insert(node.id, (node.kind, encoded));
            }
        }
        let of = |kind| {
            let of = allowed.values().filter(move |(other, _)| *other == kind);
            Some(of.map(|(_, encoded)| encoded.to_vec()).collect())
        };
        let mix = |id: &KeyHash| allowed.get(id).map(|(_, encoded)| encoded.to_vec());
        let topology = settings.layers.iter().map(|layer| layer.iter().filter_map(mix).collect()).collect();
        let gateways = settings.nodes.iter().filter(|node| node.kind == NodeKind::Gateway).count();
        let largest = settings.layers.iter().map(Vec::len).max().unwrap_or(0);
        DocumentBuilder {
            epoch: self.epoch,
            genesis_epoch: self.previous.map_or(self.epoch, |previous| previous.genesis_epoch()),
            rates: Rates { lambda_g: lambda_g(&settings.rates, gateways, largest), ..rates },
            topology: Some(topology),
            gateways: of(NodeKind::Gateway),
            services: of(NodeKind::Service),
            replicas: Some(Vec::new()),
            shared_random_value: value.unwrap_or_default(),
            prior_shared_random: Some(self.prior_shared_random(value)),
            sphinx_geometry_hash: settings.geometry.hash(),
            version: "v1".to_owned(),
            signature_scheme: settings.authorities.scheme().name().to_owned(),
            ..DocumentBuilder::default()
        }
    }

    /// Of a vote or certificate always the list of the consensus before; of a consensus, in a
    /// genesis the value twice, and in every 504th epoch the value and zeros.
    fn prior_shared_random(&self, value: Option<[u8; 32]>) -> Vec<[u8; 32]> {
        match (&self.previous, value) {
            (None, Some(value)) => repeat_n(value, 2).collect(),
            (Some(_), Some(value)) if self.epoch.0.is_multiple_of(504) => vec![value, [0; 32]],
            (Some(previous), _) => previous.prior_shared_random().collect(),
            (None, None) => Vec::new(),
        }
    }
}
