//! From votes and reveals to the document of an epoch. It depends on nothing else, so that authorities with the same
//! votes and reveals come to the same bytes.

use super::{permitted::Rules, topology};
use core::fmt;
use mixwell_pki_types::{
    Certificate, Commit, Document, Epoch, KeyHash, Layer, Rates, Reveal, VerifyingKey, build::DocumentBuilder,
    shared_random_value,
};
use std::{collections::BTreeMap, sync::Arc};

/// What an authority said in a round. All of it was verified.
#[derive(Debug, Clone, Default)]
pub(super) struct Said {
    /// Its vote: a certificate.
    pub(super) vote: Option<Arc<[u8]>>,
    /// Its commit: a certificate.
    pub(super) commit: Option<Vec<u8>>,
    /// Its reveal: a certificate.
    pub(super) reveal: Option<Vec<u8>>,
    /// It said two different things: nothing it said counts.
    pub(super) equivocates: bool,
}

impl Said {
    /// Whether it counts.
    fn counts(&self) -> bool {
        self.vote.is_some() && self.commit.is_some() && self.reveal.is_some() && !self.equivocates
    }
}

/// Why there can be no consensus.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum TallyError {
    /// Too few authorities voted and revealed.
    Voters {
        /// How many did.
        got: usize,
        /// How many have to.
        want: usize,
    },
    /// No majority is for the same parameters.
    Parameters,
    /// A layer of mixes has too few of them.
    Layer,
    /// There is no gateway, or no service node.
    Edge,
}

impl fmt::Display for TallyError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Voters { got, want } => write!(f, "{got} authorities voted and revealed, want {want}"),
            Self::Parameters => f.write_str("no majority of authorities has the same parameters"),
            Self::Layer => f.write_str("too few mixes have a majority"),
            Self::Edge => f.write_str("no gateway, or no service node, has a majority"),
        }
    }
}

/// The parameters of a document: what authorities take from their configuration and from the document before.
#[derive(Debug, Clone, PartialEq)]
struct Parameters {
    rates: Rates,
    genesis_epoch: Epoch,
    prior_shared_random: Vec<[u8; 32]>,
    sphinx_geometry_hash: [u8; 32],
    layers: usize,
}

impl Parameters {
    fn of(vote: &Document<'_>) -> Self {
        Self {
            rates: vote.rates(),
            genesis_epoch: vote.genesis_epoch(),
            prior_shared_random: vote.prior_shared_random().collect(),
            sphinx_geometry_hash: *vote.sphinx_geometry_hash(),
            layers: vote.layer_count(),
        }
    }
}

/// The document for an epoch, encoded.
pub(super) fn tally(rules: &Rules, epoch: Epoch, said: &BTreeMap<KeyHash, Said>) -> Result<Vec<u8>, TallyError> {
    let want = rules.authorities.threshold();
    let counted: BTreeMap<KeyHash, &Said> =
        said.iter().filter(|(_, said)| said.counts()).map(|(id, said)| (*id, said)).collect();
    let votes: Vec<Document<'_>> = counted.values().filter_map(|said| document_of(said.vote.as_deref()?)).collect();
    if votes.len() < want {
        return Err(TallyError::Voters { got: votes.len(), want });
    }
    let parameters = most_have(votes.iter().map(Parameters::of), want).ok_or(TallyError::Parameters)?;
    let mut gateways = majority_of(&votes, want, |layer| matches!(layer, Layer::Gateway));
    let mut services = majority_of(&votes, want, |layer| matches!(layer, Layer::Service));
    let mixes = majority_of(&votes, want, |layer| matches!(layer, Layer::Mix(_)));
    if gateways.is_empty() || services.is_empty() {
        return Err(TallyError::Edge);
    }
    // a mix goes where a majority has it, or where there is room
    let place = |id: &KeyHash| most_have(votes.iter().filter_map(|vote| mix_layer(vote, *id)), want);
    let fixed = mixes.keys().filter_map(|id| Some((*id, place(id)?))).collect();
    let ids: Vec<KeyHash> = mixes.keys().copied().collect();
    let topology = topology::assign(&ids, parameters.layers, &fixed, &BTreeMap::new());
    if topology.is_empty() || topology.iter().any(|layer| layer.len() < rules.min_per_layer) {
        return Err(TallyError::Layer);
    }
    let encoded = |layer: Vec<KeyHash>| layer.iter().filter_map(|id| mixes.get(id)).map(|node| node.to_vec()).collect();

    let mut reveals: Vec<(KeyHash, Reveal)> = counted
        .iter()
        .filter_map(|(id, said)| Some((*id, Reveal::parse(payload_of(said.reveal.as_deref()?)?).ok()?)))
        .collect();
    let value = shared_random_value(epoch, &mut reveals, parameters.prior_shared_random.first());
    let certificates = |of: fn(&Said) -> Option<Vec<u8>>| {
        Some(counted.iter().filter_map(|(id, said)| Some((*id, of(said)?))).collect())
    };
    let builder = DocumentBuilder {
        epoch,
        genesis_epoch: parameters.genesis_epoch,
        rates: parameters.rates,
        topology: Some(topology.into_iter().map(encoded).collect()),
        gateways: Some(gateways.iter_mut().map(|(_, node)| node.to_vec()).collect()),
        services: Some(services.iter_mut().map(|(_, node)| node.to_vec()).collect()),
        replicas: None,
        configured_replica_ids: Vec::new(),
        configured_replica_identity_keys: Vec::new(),
        commits: certificates(|said| said.commit.clone()),
        reveals: certificates(|said| said.reveal.clone()),
        shared_random_value: value,
        prior_shared_random: Some(parameters.prior_shared_random),
        sphinx_geometry_hash: parameters.sphinx_geometry_hash,
        version: String::from("v1"),
        signature_scheme: rules.scheme().name().to_owned(),
    };
    Ok(builder.encode())
}

/// The document in a certificate that was verified before.
pub(super) fn document_of(certificate: &[u8]) -> Option<Document<'_>> {
    Document::parse(payload_of(certificate)?).ok()
}

/// The payload of a certificate that was verified before.
pub(super) fn payload_of(certificate: &[u8]) -> Option<&[u8]> {
    Certificate::parse(certificate).ok().map(|certificate| certificate.unverified_payload())
}

/// The commit in a certificate, if `key` signed it for this epoch.
pub(super) fn check_commit(certificate: &[u8], key: &VerifyingKey<'_>, epoch: Epoch) -> Option<Commit> {
    let verified = Certificate::parse(certificate).ok()?.verify(key, epoch).ok()?;
    Commit::parse(verified.payload()).ok().filter(|commit| commit.epoch() == epoch)
}

/// The reveal in a certificate, if `key` signed it for this epoch.
pub(super) fn check_reveal(certificate: &[u8], key: &VerifyingKey<'_>, epoch: Epoch) -> Option<Reveal> {
    let verified = Certificate::parse(certificate).ok()?.verify(key, epoch).ok()?;
    Reveal::parse(verified.payload()).ok().filter(|reveal| reveal.epoch() == epoch)
}

/// The descriptors of some layers that stand in enough votes, byte for byte the same.
fn majority_of<'v>(votes: &[Document<'v>], want: usize, of: impl Fn(Layer) -> bool) -> BTreeMap<KeyHash, &'v [u8]> {
    let mut counts: BTreeMap<(KeyHash, &[u8]), usize> = BTreeMap::new();
    for vote in votes {
        for node in vote.nodes().filter(|node| of(node.place().layer)) {
            let count = counts.entry((node.id(), node.descriptor().encoded())).or_default();
            *count = count.saturating_add(1);
        }
    }
    counts.into_iter().filter(|(_, count)| *count >= want).map(|(node, _)| node).collect()
}

/// The item that enough of them are.
fn most_have<T: PartialEq>(items: impl Iterator<Item = T>, want: usize) -> Option<T> {
    let mut kinds: Vec<(T, usize)> = Vec::new();
    for item in items {
        match kinds.iter_mut().find(|(kind, _)| *kind == item) {
            Some((_, count)) => *count = count.saturating_add(1),
            None => kinds.push((item, 1)),
        }
    }
    kinds.into_iter().find(|(_, count)| *count >= want).map(|(kind, _)| kind)
}

fn mix_layer(vote: &Document<'_>, id: KeyHash) -> Option<usize> {
    match vote.layer_of(id)? {
        Layer::Mix(layer) => Some(layer.into()),
        _ => None,
    }
}
