//! From votes to the document of an epoch: a function of the votes, the configuration and the
//! previous consensus, so that authorities with the same input compute the same bytes.

use crate::{policy::Policy, topology::TopologyBuilder};
use core::fmt;
use mixwell_net::node_kind::NodeKind;
use mixwell_pki_types::{Certificate, Descriptor, Document, Epoch, KeyHash, Rates, Replica, build::DocumentBuilder};
use std::collections::BTreeMap;

/// The reason why the votes result in no document.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum TallyError {
    /// Too few authorities voted.
    Votes { got: usize, want: usize },
    /// No majority votes for the same rates.
    Parameters,
    /// A layer has too few mixes.
    Layer { layer: usize, got: usize, want: usize },
    /// There is no gateway.
    NoGateway,
    /// There is no service node.
    NoService,
}

impl fmt::Display for TallyError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Votes { got, want } => write!(f, "{got} authorities voted, want {want}"),
            Self::Parameters => f.write_str("no majority of authorities votes for the same rates"),
            Self::Layer { layer, got, want } => write!(f, "layer {layer} has {got} mixes, want {want}"),
            Self::NoGateway => f.write_str("no gateway has a majority"),
            Self::NoService => f.write_str("no service node has a majority"),
        }
    }
}

impl core::error::Error for TallyError {}

/// The epoch that a round is about, and the previous consensus.
#[derive(Clone, Copy)]
pub(super) struct Context<'a> {
    pub(super) policy: &'a Policy,
    pub(super) epoch: Epoch,
    /// `None` in a genesis.
    pub(super) previous: Option<Document<'a>>,
}

/// The nodes and parameters of a document, before its shared random value.
pub(super) struct Tallied<'a> {
    context: Context<'a>,
    /// The document without its layers and shared random value.
    template: DocumentBuilder,
    mixes: BTreeMap<KeyHash, Vec<u8>>,
}

/// The rates that authorities vote on. Equal if they have the same bits.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) struct Parameters([u64; 5]);

impl From<Rates> for Parameters {
    fn from(rates: Rates) -> Self {
        let Rates { mu, lambda_p, lambda_l, lambda_m, lambda_r, .. } = rates;
        Self([mu, lambda_p, lambda_l, lambda_m, lambda_r].map(f64::to_bits))
    }
}

/// Counts votes, one per authority.
pub(super) fn tally<'a>(context: &Context<'a>, votes: &[Document<'_>]) -> Result<Tallied<'a>, TallyError> {
    let want = context.policy.authorities.threshold();
    if votes.len() < want {
        return Err(TallyError::Votes { got: votes.len(), want });
    }
    let rates = majority_rates(votes, want).ok_or(TallyError::Parameters)?;
    let nodes = descriptors_of_majority(votes, want, |vote, count| {
        for node in vote.nodes() {
            count(node.id(), node.encoded());
        }
    });
    let replicas = descriptors_of_majority(votes, want, |vote, count| {
        for replica in vote.replicas() {
            count(replica.id(), replica.encoded());
        }
    });
    Tallied::new(context, rates, nodes, replicas)
}

impl<'a> Tallied<'a> {
    /// A document with those of the given nodes and storage replicas that the configuration
    /// permits.
    pub(super) fn new<'n>(
        context: &Context<'a>,
        rates: Rates,
        nodes: impl IntoIterator<Item = &'n [u8]>,
        replicas: impl IntoIterator<Item = &'n [u8]>,
    ) -> Result<Self, TallyError> {
        let policy = context.policy;
        let (mut mixes, mut gateways, mut services) = (BTreeMap::new(), BTreeMap::new(), BTreeMap::new());
        for encoded in nodes {
            let Ok(descriptor) = Descriptor::parse(encoded) else { continue };
            let Some(node) = policy.node(descriptor.id()) else { continue };
            if policy.allows(&descriptor, context.epoch) {
                let place = match node.kind {
                    NodeKind::Mix => &mut mixes,
                    NodeKind::Gateway => &mut gateways,
                    NodeKind::Service => &mut services,
                };
                place.insert(node.id, encoded.to_vec());
            }
        }
        let replicas: BTreeMap<KeyHash, Vec<u8>> = replicas
            .into_iter()
            .filter_map(|encoded| {
                let replica = Replica::parse(encoded).ok().filter(|replica| policy.allows_replica(replica))?;
                Some((replica.id(), encoded.to_vec()))
            })
            .collect();
        if gateways.is_empty() {
            return Err(TallyError::NoGateway);
        }
        if services.is_empty() {
            return Err(TallyError::NoService);
        }
        let previous = context.previous;
        let prior = previous.map(|document| document.prior_shared_random().collect()).unwrap_or_default();
        let template = DocumentBuilder {
            epoch: context.epoch,
            genesis_epoch: previous.map_or(context.epoch, |document| document.genesis_epoch()),
            rates: Rates { lambda_g: policy.rates.lambda_g, ..rates },
            gateways: Some(gateways.into_values().collect()),
            services: Some(services.into_values().collect()),
            replicas: Some(replicas.into_values().collect()),
            configured_replica_ids: policy.replicas.iter().map(|replica| replica.number).collect(),
            configured_replica_identity_keys: policy.replicas.iter().map(|replica| replica.identity.clone()).collect(),
            prior_shared_random: Some(prior),
            sphinx_geometry_hash: policy.packets.geometry_hash,
            version: String::from("v1"),
            signature_scheme: policy.scheme().name().to_owned(),
            ..DocumentBuilder::default()
        };
        let tallied = Self { context: *context, template, mixes };
        tallied.check_layers()?;
        Ok(tallied)
    }

    /// Checks that every layer gets enough mixes, whatever the assignment.
    fn check_layers(&self) -> Result<(), TallyError> {
        let want = self.context.policy.min_per_layer.max(1);
        let layers = self.topology(&[0; 32]);
        if layers.is_empty() {
            return Err(TallyError::Layer { layer: 0, got: 0, want });
        }
        let short = layers.iter().enumerate().find(|(_, layer)| layer.len() < want);
        short.map_or(Ok(()), |(layer, mixes)| Err(TallyError::Layer { layer, got: mixes.len(), want }))
    }

    /// The document of a vote or certificate: its shared random value is all zeros, so that nothing
    /// signed before the consensus can be mistaken for one.
    pub(super) fn without_value(&self) -> DocumentBuilder {
        DocumentBuilder { topology: Some(self.encoded_topology(&[0; 32])), ..self.template.clone() }
    }

    /// The consensus with its shared random value.
    pub(super) fn consensus(&self, value: [u8; 32]) -> DocumentBuilder {
        let epoch = self.context.epoch;
        let prior = match self.context.previous {
            None => vec![value, value],
            Some(_) if epoch.0.is_multiple_of(EPOCHS_PER_WEEK) => vec![value, [0; 32]],
            Some(previous) => previous.prior_shared_random().collect(),
        };
        DocumentBuilder {
            topology: Some(self.encoded_topology(&value)),
            shared_random_value: value,
            prior_shared_random: Some(prior),
            ..self.template.clone()
        }
    }

    fn topology(&self, value: &[u8; 32]) -> Vec<Vec<KeyHash>> {
        let (policy, previous) = (self.context.policy, self.context.previous);
        TopologyBuilder::new(&policy.layers, self.mixes.keys().copied(), previous.as_ref()).build(value)
    }

    fn encoded_topology(&self, value: &[u8; 32]) -> Vec<Vec<Vec<u8>>> {
        let encoded = |layer: Vec<KeyHash>| layer.iter().filter_map(|id| self.mixes.get(id)).cloned().collect();
        self.topology(value).into_iter().map(encoded).collect()
    }
}

/// The document in a verified certificate.
pub(super) fn document_of(certificate: &[u8]) -> Option<Document<'_>> {
    Document::parse(payload_of(certificate)?).ok()
}

/// The payload of a verified certificate.
pub(super) fn payload_of(certificate: &[u8]) -> Option<&[u8]> {
    Certificate::parse(certificate).ok().map(|certificate| certificate.unverified_payload())
}

/// The rates in at least `want` votes.
pub(super) fn majority_rates(votes: &[Document<'_>], want: usize) -> Option<Rates> {
    let has = |vote: &Document<'_>, rates: Rates| Parameters::from(vote.rates()) == Parameters::from(rates);
    let rates = votes.iter().map(Document::rates);
    rates.into_iter().find(|rates| votes.iter().filter(|vote| has(vote, *rates)).count() >= want)
}

/// The descriptors in at least `want` votes, byte for byte. A vote counts once for each node, for
/// the first descriptor that it lists: one author can bring neither a descriptor to the threshold
/// by repeating it, nor two descriptors of one node.
fn descriptors_of_majority<'v>(
    votes: &[Document<'v>],
    want: usize,
    each: impl Fn(&Document<'v>, &mut dyn FnMut(KeyHash, &'v [u8])),
) -> Vec<&'v [u8]> {
    let mut counts: BTreeMap<(KeyHash, &[u8]), usize> = BTreeMap::new();
    for vote in votes {
        let mut listed: BTreeMap<KeyHash, &[u8]> = BTreeMap::new();
        each(vote, &mut |id, encoded| {
            listed.entry(id).or_insert(encoded);
        });
        for descriptor in listed {
            *counts.entry(descriptor).or_default() += 1;
        }
    }
    counts.into_iter().filter(|(_, count)| *count >= want).map(|((_, encoded), _)| encoded).collect()
}

/// Epochs after which the list of prior shared random values is cleared: a week, with epochs of 20
/// minutes.
const EPOCHS_PER_WEEK: u64 = 504;
