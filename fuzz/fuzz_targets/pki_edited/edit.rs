//! Edits of a document.

use crate::{
    model::{ADDRESSES, Model, Said},
    network::EPOCH,
};
use arbitrary::Arbitrary;
use mixwell_pki_types::{
    Epoch,
    build::{DescriptorBuilder, Value},
};

#[derive(Debug, Arbitrary)]
pub(crate) enum Edit {
    Epoch(i8),
    GenesisEpoch(u64),
    Rate(u8, f64),
    Version(String),
    Scheme(bool),
    Prior(u8),
    Layer {
        at: u8,
        clear: bool,
        remove: bool,
        add: bool,
    },
    /// A copy of a node, unchanged or with another identity.
    Copy {
        node: u8,
        to: u8,
        own_identity: Option<u8>,
    },
    Remove(u8),
    Name(u8, String),
    Keys {
        node: u8,
        identity: Option<Vec<u8>>,
        link: Option<Vec<u8>>,
    },
    MixKey {
        node: u8,
        epoch: i8,
        key: Option<Vec<u8>>,
    },
    Address {
        node: u8,
        transport: String,
        addresses: Option<Vec<u8>>,
    },
    Flags {
        node: u8,
        gateway: bool,
        service: bool,
    },
    Service {
        node: u8,
        name: String,
        endpoint: Endpoint,
    },
    NoServices(u8),
    /// Gives each known authority a commit and a reveal.
    AllSaid,
    Said {
        authority: u8,
        commit: Option<bool>,
        reveal: Option<bool>,
    },
    Weight(u8, u8),
}

#[derive(Debug, Arbitrary)]
pub(crate) enum Endpoint {
    Text(String),
    Number(u64),
    Bytes(Vec<u8>),
    None,
}

fn offset(by: i8) -> Epoch {
    Epoch(EPOCH.0.saturating_add_signed(by.into()))
}

impl Edit {
    pub(crate) fn apply(&self, model: &mut Model) {
        match self {
            Self::Epoch(by) => model.document.epoch = offset(*by),
            Self::GenesisEpoch(epoch) => model.document.genesis_epoch = Epoch(*epoch),
            Self::Rate(which, rate) => {
                let rates = &mut model.document.rates;
                *if which % 2 == 0 { &mut rates.mu } else { &mut rates.lambda_g } = *rate;
            }
            Self::Version(version) => model.document.version.clone_from(version),
            Self::Scheme(ed25519) => {
                model.document.signature_scheme = if *ed25519 { "Ed25519" } else { "Sphincs+" }.to_owned();
            }
            Self::Prior(n) => model.document.prior_shared_random = n.checked_sub(1).map(|n| vec![[n; 32]; n.into()]),
            Self::Layer { at, clear, remove, add } => layer(model, *at, *clear, *remove, *add),
            Self::Copy { node, to, own_identity } => {
                let Some(mut copy) = model.node(*node).cloned() else { return };
                if let Some(identity) = own_identity {
                    copy.identity_key = vec![*identity; 33];
                }
                match usize::from(*to).checked_rem(model.layers.len() + 2) {
                    Some(0) | None => model.gateways.push(copy),
                    Some(1) => model.services.push(copy),
                    Some(n) => model.layers[n - 2].push(copy),
                }
            }
            Self::Remove(n) => {
                let mut n = usize::from(*n);
                for nodes in model.layers.iter_mut().chain([&mut model.gateways, &mut model.services]) {
                    if n < nodes.len() {
                        nodes.remove(n);
                        return;
                    }
                    n -= nodes.len();
                }
            }
            Self::AllSaid => model.said[..3].fill(Said { commit: Some(0), reveal: Some(0) }),
            Self::Said { authority, commit, reveal } => {
                let said = &mut model.said[usize::from(authority % 4)];
                (said.commit, said.reveal) = (commit.map(usize::from), reveal.map(usize::from));
            }
            Self::Name(n, _)
            | Self::NoServices(n)
            | Self::Weight(n, _)
            | Self::Keys { node: n, .. }
            | Self::MixKey { node: n, .. }
            | Self::Address { node: n, .. }
            | Self::Flags { node: n, .. }
            | Self::Service { node: n, .. } => {
                if let Some(node) = model.node(*n) {
                    self.change(node);
                }
            }
        }
    }

    fn change(&self, node: &mut DescriptorBuilder) {
        match self {
            Self::Name(_, name) => node.name.clone_from(name),
            Self::NoServices(_) => node.kaetzchen = None,
            Self::Weight(_, weight) => node.load_weight = *weight,
            Self::Keys { identity, link, .. } => {
                if let Some(identity) = identity {
                    node.identity_key.clone_from(identity);
                }
                if let Some(link) = link {
                    node.link_key.clone_from(link);
                }
            }
            Self::MixKey { epoch, key, .. } => {
                let keys = node.mix_keys.get_or_insert_default();
                match key {
                    Some(key) => keys.insert(offset(*epoch), key.clone()),
                    None => keys.remove(&offset(*epoch)),
                };
            }
            Self::Address { transport, addresses, .. } => {
                let map = node.addresses.get_or_insert_default();
                let text = |which: &u8| ADDRESSES[usize::from(*which) % ADDRESSES.len()].0.to_owned();
                match addresses {
                    Some(list) => map.insert(transport.clone(), list.iter().map(text).collect()),
                    None => map.remove("tcp4"),
                };
            }
            Self::Flags { gateway, service, .. } => (node.is_gateway, node.is_service) = (*gateway, *service),
            Self::Service { name, endpoint, .. } => {
                let value: Option<Value> = match endpoint {
                    Endpoint::Text(text) => Some(text.as_str().into()),
                    Endpoint::Number(n) => Some((*n).into()),
                    Endpoint::Bytes(bytes) => Some(bytes.as_slice().into()),
                    Endpoint::None => None,
                };
                let parameters = value.into_iter().map(|value| ("endpoint".to_owned(), value)).collect();
                node.kaetzchen.get_or_insert_default().insert(name.clone(), parameters);
            }
            _ => {}
        }
    }
}

fn layer(model: &mut Model, at: u8, clear: bool, remove: bool, add: bool) {
    let at = usize::from(at) % (model.layers.len() + 1);
    if clear && let Some(layer) = model.layers.get_mut(at) {
        layer.clear();
    }
    if remove && at < model.layers.len() {
        model.layers.remove(at);
    }
    if add {
        model.layers.insert(at.min(model.layers.len()), Vec::new());
    }
}
