//! How another authority's document differs from ours: the usual reason for no consensus is a
//! configuration that is not the same everywhere.

use mixwell_pki_types::{Document, KeyHash, Node};
use std::collections::BTreeMap;

/// What differs, each as a phrase for the log. Commits, reveals and the shared random value are passed
/// over.
pub(super) fn differences(ours: &Document<'_>, theirs: &Document<'_>) -> Vec<String> {
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
    for (name, own, other) in rates {
        if own.to_bits() != other.to_bits() {
            found.push(format!("{name} is {own} here and {other} there"));
        }
    }
    if ours.genesis_epoch() != theirs.genesis_epoch() {
        let (own, other) = (ours.genesis_epoch(), theirs.genesis_epoch());
        found.push(format!("GenesisEpoch is {own} here and {other} there: one of the two lacks the last consensus"));
    } else if ours.genesis_epoch() != ours.epoch() && ours.prior_shared_random().ne(theirs.prior_shared_random()) {
        found.push("PriorSharedRandom differs".to_owned());
    }
    if ours.sphinx_geometry_hash() != theirs.sphinx_geometry_hash() {
        found.push("SphinxGeometry differs".to_owned());
    }
    if ours.layer_count() != theirs.layer_count() {
        found.push(format!("{} layers here and {} there", ours.layer_count(), theirs.layer_count()));
    }
    if ours.configured_replica_ids() != theirs.configured_replica_ids()
        || ours.configured_replica_identity_keys().ne(theirs.configured_replica_identity_keys())
    {
        found.push("the configured storage replicas differ".to_owned());
    }
    let (own, other) = (nodes(ours), nodes(theirs));
    for (id, node) in &own {
        match other.get(id) {
            None => found.push(format!("node {} ({id}) is in our document alone", node.name())),
            Some(there) if there.encoded() != node.encoded() => {
                found.push(format!("node {} ({id}) has another descriptor there", node.name()));
            }
            Some(there) if there.place().layer != node.place().layer => {
                let (here, there) = (node.place().layer, there.place().layer);
                found.push(format!("node {} ({id}) is in the {here} here and in the {there} there", node.name()));
            }
            Some(_) => {}
        }
    }
    for (id, node) in other.iter().filter(|(id, _)| !own.contains_key(*id)) {
        found.push(format!("node {} ({id}) is in their document alone", node.name()));
    }
    let order = |document: &Document<'_>| document.nodes().map(|node| node.id()).collect::<Vec<_>>();
    if found.is_empty() && order(ours) != order(theirs) {
        found.push("the mixes of a layer stand in another order".to_owned());
    }
    found
}

fn nodes<'a>(document: &Document<'a>) -> BTreeMap<KeyHash, Node<'a>> {
    document.nodes().map(|node| (node.id(), node)).collect()
}
