//! A document's semantic model, and the rules that it has to follow.

use crate::network::{self, EPOCH, Pair};
use mixwell_pki_types::{
    Epoch, KeyHash, Reveal,
    build::{DescriptorBuilder, DocumentBuilder},
    certify,
};
use rand_chacha::{ChaCha20Rng, rand_core::SeedableRng};
use std::{collections::BTreeMap, sync::LazyLock};

/// Addresses, and whether each is valid for a mix and for a gateway.
pub(crate) const ADDRESSES: [(&str, bool, bool); 6] = [
    ("tcp4://192.0.2.1:30001", true, true),
    ("quic://mix.example:4000", true, true),
    ("onion://abc.onion:80", false, true),
    ("http://192.0.2.1:80", false, false),
    ("tcp://192.0.2.1", false, false),
    ("", false, false),
];

/// An authority with its commits and reveals for the document's epoch and for the next one.
pub(crate) struct Authority {
    pub(crate) pair: Pair,
    pub(crate) commits: [Vec<u8>; 2],
    pub(crate) reveals: [Vec<u8>; 2],
}

/// Three known authorities and an unknown one.
pub(crate) static AUTHORITIES: LazyLock<[Authority; 4]> = LazyLock::new(|| [1, 2, 3, 4].map(Authority::new));

impl Authority {
    fn new(seed: u8) -> Self {
        let pair = Pair::new(seed);
        let mut rng = ChaCha20Rng::from_seed([seed; 32]);
        let reveals = [0, 1].map(|later| Reveal::generate(EPOCH.plus(later), &mut rng));
        let mut certified = |payload: &[u8]| {
            let mut out = vec![0; 400];
            let len = certify(payload, EPOCH.plus(9), &pair.signing(), &mut rng, &mut out).expect("it fits");
            out.truncate(len);
            out
        };
        let commits = reveals.each_ref().map(|reveal| certified(reveal.commit().as_bytes()));
        let reveals = reveals.map(|reveal| certified(reveal.as_bytes()));
        Self { pair, commits, reveals }
    }

    fn hash(&self) -> KeyHash {
        self.pair.verifying().hash()
    }
}

/// One authority's entries in the document: which of its commits, which of its reveals.
#[derive(Clone, Copy, Default)]
pub(crate) struct Said {
    pub(crate) commit: Option<usize>,
    pub(crate) reveal: Option<usize>,
}

pub(crate) struct Model {
    /// The document without its nodes and its shared random value.
    pub(crate) document: DocumentBuilder,
    pub(crate) layers: Vec<Vec<DescriptorBuilder>>,
    pub(crate) gateways: Vec<DescriptorBuilder>,
    pub(crate) services: Vec<DescriptorBuilder>,
    pub(crate) said: [Said; 4],
}

impl Model {
    pub(crate) fn good() -> Self {
        // short keys and no shared random value: edits add the expensive parts
        let node = |number, role| DescriptorBuilder { link_key: vec![7; 4], ..network::descriptor(number, role) };
        let mix = |number| node(number, "mix");
        let echo = [("endpoint".to_owned(), "+echo".into())].into();
        Self {
            document: network::document(5),
            layers: vec![vec![mix(0), mix(1)], vec![mix(2)]],
            gateways: vec![DescriptorBuilder { is_gateway: true, ..node(3, "gateway") }],
            services: vec![DescriptorBuilder {
                is_service: true,
                kaetzchen: Some([("echo".to_owned(), echo)].into()),
                ..node(4, "service")
            }],
            said: Default::default(),
        }
    }

    /// A node of any layer, by a number modulo the number of nodes.
    pub(crate) fn node(&mut self, number: u8) -> Option<&mut DescriptorBuilder> {
        let mut nodes: Vec<_> =
            self.layers.iter_mut().flatten().chain(&mut self.gateways).chain(&mut self.services).collect();
        let number = usize::from(number).checked_rem(nodes.len())?;
        Some(nodes.swap_remove(number))
    }

    pub(crate) fn build(&self) -> DocumentBuilder {
        let encode = |nodes: &Vec<DescriptorBuilder>| nodes.iter().map(DescriptorBuilder::encode).collect::<Vec<_>>();
        let said = |pick: fn(&Said) -> Option<usize>, of: fn(&Authority) -> &[Vec<u8>; 2]| {
            let all = AUTHORITIES.iter().zip(&self.said);
            let map: BTreeMap<_, _> = all
                .filter_map(|(authority, said)| Some((authority.hash(), of(authority)[pick(said)?].clone())))
                .collect();
            Some(map).filter(|map| !map.is_empty())
        };
        DocumentBuilder {
            topology: Some(self.layers.iter().map(encode).collect()),
            gateways: Some(encode(&self.gateways)),
            services: Some(encode(&self.services)),
            commits: said(|said| said.commit, |authority| &authority.commits),
            reveals: said(|said| said.reveal, |authority| &authority.reveals),
            ..self.document.clone()
        }
    }

    pub(crate) fn is_well_formed(&self) -> bool {
        let epoch = self.document.epoch;
        let has_prior = self.document.prior_shared_random.as_ref().is_some_and(|prior| !prior.is_empty());
        let mixes = || self.layers.iter().flatten();
        let ids: std::collections::BTreeSet<_> =
            mixes().chain(&self.gateways).chain(&self.services).map(|node| &node.identity_key).collect();
        self.document.version == "v1"
            && self.document.genesis_epoch != Epoch(0)
            && (epoch == self.document.genesis_epoch || has_prior)
            && !self.layers.is_empty()
            && self.layers.iter().all(|layer| !layer.is_empty())
            && !self.gateways.is_empty()
            && !self.services.is_empty()
            && self.gateways.iter().all(|node| node.is_gateway)
            && self.services.iter().all(|node| node.is_service)
            && mixes().chain(&self.gateways).chain(&self.services).all(|node| is_good_node(node, epoch))
            && ids.len() == mixes().count() + self.gateways.len() + self.services.len()
            && self.is_good_shared_random()
    }

    fn is_good_shared_random(&self) -> bool {
        let commits = self.said.iter().filter(|said| said.commit.is_some()).count();
        let reveals = self.said.iter().filter(|said| said.reveal.is_some()).count();
        let is_vote = commits == 1 && reveals == 0;
        let epoch = self.document.epoch;
        // all certificates are valid until the same epoch
        let is_valid = epoch < EPOCH.plus(9);
        reveals <= commits
            && self.said.iter().enumerate().all(|(index, said)| match said.commit {
                None => true,
                Some(commit) => {
                    index < 3
                        && is_valid
                        && EPOCH.plus(commit as u64) == epoch
                        && (is_vote || said.reveal == said.commit)
                }
            })
    }
}

fn is_good_node(node: &DescriptorBuilder, epoch: Epoch) -> bool {
    let keys = node.mix_keys.clone().unwrap_or_default();
    let addresses = node.addresses.clone().unwrap_or_default();
    let good_address = |address: &String| {
        ADDRESSES.iter().any(|(text, mix, gateway)| text == address && if node.is_gateway { *gateway } else { *mix })
    };
    let services = node.kaetzchen.clone().unwrap_or_default();
    (1..=32).contains(&node.name.len())
        && !node.identity_key.is_empty()
        && !node.link_key.is_empty()
        && keys.get(&epoch).is_some_and(|key| !key.is_empty())
        && keys.keys().all(|of| *of >= epoch && *of <= epoch.plus(2))
        && !addresses.is_empty()
        && addresses.values().all(|list| !list.is_empty() && list.iter().all(good_address))
        && (services.is_empty() || node.is_service)
        && services.iter().all(|(name, parameters)| {
            // a text of up to 32 bytes: a one-byte head, or a two-byte head from 24 bytes on
            let endpoint = parameters.get("endpoint").map(|value| value.encoded());
            !name.is_empty()
                && endpoint.is_some_and(|encoded| match encoded {
                    [head @ 0x61..=0x77, rest @ ..] => rest.len() == usize::from(head - 0x60),
                    [0x78, 24..=32, ..] => true,
                    _ => false,
                })
        })
}
