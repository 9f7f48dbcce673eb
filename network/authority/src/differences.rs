//! Differences between our document and another authority's: the usual cause of a missing consensus
//! is a configuration that is not the same everywhere.

use core::fmt;
use mixwell_pki_types::{Document, Epoch, KeyHash, Layer, Node};
use std::collections::BTreeMap;

/// A difference between our document and another authority's.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Difference {
    Rate {
        name: &'static str,
        ours: f64,
        theirs: f64,
    },
    GenesisEpoch {
        ours: Epoch,
        theirs: Epoch,
    },
    PriorSharedRandom,
    Geometry,
    LayerCount {
        ours: usize,
        theirs: usize,
    },
    Replicas,
    /// A node that only our document has.
    OnlyOurs(NodeName),
    /// A node that only the other document has.
    OnlyTheirs(NodeName),
    Descriptor(NodeName),
    Layer {
        node: NodeName,
        ours: Layer,
        theirs: Layer,
    },
    /// The same mixes, in another order within a layer.
    Order,
}

/// A node's name and id.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct NodeName(String, KeyHash);

impl NodeName {
    fn of(node: &Node<'_>) -> Self {
        Self(node.name().to_owned(), node.id())
    }
}

impl fmt::Display for NodeName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self(name, id) = self;
        write!(f, "node {name} ({id})")
    }
}

impl fmt::Display for Difference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Rate { name, ours, theirs } => write!(f, "{name} is {ours} here and {theirs} there"),
            Self::GenesisEpoch { ours, theirs } => {
                write!(f, "GenesisEpoch is {ours} here and {theirs} there: one of the two lacks the last consensus")
            }
            Self::PriorSharedRandom => f.write_str("PriorSharedRandom differs"),
            Self::Geometry => f.write_str("SphinxGeometry differs"),
            Self::LayerCount { ours, theirs } => write!(f, "{ours} layers here and {theirs} there"),
            Self::Replicas => f.write_str("the configured storage replicas differ"),
            Self::OnlyOurs(node) => write!(f, "{node} is only in our document"),
            Self::OnlyTheirs(node) => write!(f, "{node} is only in their document"),
            Self::Descriptor(node) => write!(f, "{node} has a different descriptor there"),
            Self::Layer { node, ours, theirs } => write!(f, "{node} is in the {ours} here and in the {theirs} there"),
            Self::Order => f.write_str("the mixes of a layer are in a different order"),
        }
    }
}

/// All differences except those in commits, reveals and the shared random value.
pub(super) fn differences(ours: &Document<'_>, theirs: &Document<'_>) -> Vec<Difference> {
    let mut found = Vec::new();
    let (own, other) = (ours.rates(), theirs.rates());
    let rates = [
        ("Mu", own.mu, other.mu),
        ("LambdaP", own.lambda_p, other.lambda_p),
        ("LambdaL", own.lambda_l, other.lambda_l),
        ("LambdaM", own.lambda_m, other.lambda_m),
        ("LambdaR", own.lambda_r, other.lambda_r),
        ("LambdaG", own.lambda_g, other.lambda_g),
    ];
    let differing = rates.into_iter().filter(|(_, own, other)| own.to_bits() != other.to_bits());
    found.extend(differing.map(|(name, ours, theirs)| Difference::Rate { name, ours, theirs }));
    if ours.genesis_epoch() != theirs.genesis_epoch() {
        found.push(Difference::GenesisEpoch { ours: ours.genesis_epoch(), theirs: theirs.genesis_epoch() });
    } else if ours.genesis_epoch() != ours.epoch() && ours.prior_shared_random().ne(theirs.prior_shared_random()) {
        found.push(Difference::PriorSharedRandom);
    }
    if ours.sphinx_geometry_hash() != theirs.sphinx_geometry_hash() {
        found.push(Difference::Geometry);
    }
    if ours.layer_count() != theirs.layer_count() {
        found.push(Difference::LayerCount { ours: ours.layer_count(), theirs: theirs.layer_count() });
    }
    if ours.configured_replica_ids() != theirs.configured_replica_ids()
        || ours.configured_replica_identity_keys().ne(theirs.configured_replica_identity_keys())
    {
        found.push(Difference::Replicas);
    }
    let (own, other) = (nodes(ours), nodes(theirs));
    for (id, node) in &own {
        let name = || NodeName::of(node);
        found.extend(match other.get(id) {
            None => Some(Difference::OnlyOurs(name())),
            Some(there) if there.encoded() != node.encoded() => Some(Difference::Descriptor(name())),
            Some(there) if there.place().layer != node.place().layer => {
                let (ours, theirs) = (node.place().layer, there.place().layer);
                Some(Difference::Layer { node: name(), ours, theirs })
            }
            Some(_) => None,
        });
    }
    let only_theirs = other.iter().filter(|(id, _)| !own.contains_key(*id));
    found.extend(only_theirs.map(|(_, node)| Difference::OnlyTheirs(NodeName::of(node))));
    let order = |document: &Document<'_>| document.nodes().map(|node| node.id()).collect::<Vec<_>>();
    if found.is_empty() && order(ours) != order(theirs) {
        found.push(Difference::Order);
    }
    found
}

fn nodes<'a>(document: &Document<'a>) -> BTreeMap<KeyHash, Node<'a>> {
    document.nodes().map(|node| (node.id(), node)).collect()
}
