//! What the authority proposes in its vote: a document of the descriptors that it has.

use super::State;
use crate::network::{
    authority::{tally, topology},
    config::NodeKind,
};
use mixwell_pki_types::{Document, Epoch, KeyHash, Layer, build::DocumentBuilder};
use std::collections::BTreeMap;

impl State {
    pub(super) fn proposal(&self, now: Epoch) -> Option<DocumentBuilder> {
        let target = self.round.epoch();
        let before = self.consensuses.range(..=now).next_back().and_then(|(_, certificate)| {
            // verified when it came
            tally::document_of(certificate)
        });
        let descriptors = self.descriptors.get(&target)?;
        let of = |wanted: fn(&NodeKind) -> bool| -> BTreeMap<KeyHash, &Vec<u8>> {
            let is = |id: &KeyHash| self.rules.node(*id).is_some_and(|node| wanted(&node.kind));
            descriptors.iter().filter(|(id, _)| is(id)).map(|(id, descriptor)| (*id, descriptor)).collect()
        };
        let mixes = of(|kind| matches!(kind, NodeKind::Mix(_)));
        let (gateways, services) = (of(|kind| *kind == NodeKind::Gateway), of(|kind| *kind == NodeKind::Service));
        let fixed = self.rules.nodes.iter().filter_map(|node| match node.kind {
            NodeKind::Mix(Some(layer)) => Some((node.id, usize::from(layer))),
            _ => None,
        });
        let ids: Vec<KeyHash> = mixes.keys().copied().collect();
        let topology = topology::assign(
            &ids,
            self.rules.layers,
            &fixed.collect(),
            &before.as_ref().map(layers_of).unwrap_or_default(),
        );
        if gateways.is_empty()
            || services.is_empty()
            || topology.iter().any(|layer| layer.len() < self.rules.min_per_layer)
        {
            return None;
        }
        let encoded =
            |layer: Vec<KeyHash>| layer.iter().filter_map(|id| mixes.get(id)).map(|node| (*node).clone()).collect();
        Some(DocumentBuilder {
            epoch: target,
            genesis_epoch: before.map_or(target, |document| document.genesis_epoch()),
            rates: self.rules.rates,
            topology: Some(topology.into_iter().map(encoded).collect()),
            gateways: Some(gateways.into_values().cloned().collect()),
            services: Some(services.into_values().cloned().collect()),
            prior_shared_random: Some(before.iter().map(|document| *document.shared_random_value()).collect()),
            sphinx_geometry_hash: self.rules.geometry.hash(),
            version: String::from("v1"),
            signature_scheme: self.rules.scheme().name().to_owned(),
            ..DocumentBuilder::default()
        })
    }
}

fn layers_of(document: &Document<'_>) -> BTreeMap<KeyHash, usize> {
    let layer = |node: mixwell_pki_types::Node<'_>| match node.place().layer {
        Layer::Mix(layer) => Some((node.id(), usize::from(layer))),
        _ => None,
    };
    document.mixes().filter_map(layer).collect()
}
