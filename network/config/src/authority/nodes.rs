//! The nodes and storage replicas that may take part: no two alike, and enough for the layers.

use super::{
    MAX_LAYERS,
    file::{Debug, NodeSection, ReplicaSection, Topology, TopologyLayer},
};
use crate::{ConfigurationError, shared, source::Source};
use mixwell_net::{
    files,
    node_kind::{NodeKind, PermittedNode, PermittedReplica},
};
use mixwell_pki_types::{KeyHash, SignatureScheme};
use std::path::Path;
use toml::Spanned;

/// The nodes read so far.
pub(super) struct Nodes<'s> {
    pub(super) source: &'s Source,
    pub(super) scheme: &'static dyn SignatureScheme,
    pub(super) folder: &'s Path,
    pub(super) list: Vec<PermittedNode>,
}

impl Nodes<'_> {
    pub(super) fn add(&mut self, sections: &[NodeSection], kind: NodeKind) -> Result<(), ConfigurationError> {
        for section in sections {
            let (id, _) = self.key(&section.key)?;
            self.push(section, id, kind)?;
        }
        Ok(())
    }

    fn push(&mut self, section: &NodeSection, id: KeyHash, kind: NodeKind) -> Result<(), ConfigurationError> {
        let identifier = section.identifier.get_ref();
        if self.list.iter().any(|other| other.id == id) {
            return Err(self.source.error(section.key.span(), "another node has the same identity key"));
        }
        if self.list.iter().any(|other| other.identifier == *identifier) {
            return Err(self.source.error(section.identifier.span(), format!("another node is called {identifier:?}")));
        }
        self.list.push(PermittedNode { identifier: identifier.clone(), id, kind });
        Ok(())
    }

    /// The mixes of each layer; mixes that are not listed elsewhere are added.
    pub(super) fn topology(&mut self, layers: &[TopologyLayer]) -> Result<Vec<Vec<KeyHash>>, ConfigurationError> {
        if !(1..=usize::from(MAX_LAYERS)).contains(&layers.len()) {
            return Err(self
                .source
                .lacks(format!("[[Topology.Layers]]: {} layers, want 1 to {MAX_LAYERS}", layers.len())));
        }
        let mut placed: Vec<Vec<KeyHash>> = Vec::new();
        for layer in layers {
            let mut ids = Vec::new();
            for section in layer.nodes.get_ref() {
                let (id, _) = self.key(&section.key)?;
                if placed.iter().flatten().chain(&ids).any(|other| *other == id) {
                    return Err(self.source.error(section.key.span(), "the node is in another layer too, or twice"));
                }
                match self.list.iter().find(|other| other.id == id) {
                    None => self.push(section, id, NodeKind::Mix)?,
                    Some(known) if known.kind != NodeKind::Mix => {
                        return Err(self.source.error(section.key.span(), "the node is not a mix"));
                    }
                    Some(known) if known.identifier != *section.identifier.get_ref() => {
                        let reason = format!("the node is called {:?} elsewhere", known.identifier);
                        return Err(self.source.error(section.identifier.span(), reason));
                    }
                    Some(_) => {}
                }
                ids.push(id);
            }
            placed.push(ids);
        }
        for mix in self.list.iter().filter(|node| node.kind == NodeKind::Mix) {
            if !placed.iter().flatten().any(|id| *id == mix.id) {
                tracing::warn!(
                    mix = mix.identifier,
                    "mix is in no layer of [[Topology.Layers]]: no consensus will list it"
                );
            }
        }
        Ok(placed)
    }

    /// Minimum number of mixes in a layer, if there are enough nodes for that.
    pub(super) fn min_per_layer(
        &self,
        debug: Option<&Debug>,
        layers: u8,
        topology: Option<&Topology>,
    ) -> Result<usize, ConfigurationError> {
        for (kind, section) in [(NodeKind::Gateway, "GatewayNodes"), (NodeKind::Service, "ServiceNodes")] {
            if !self.list.iter().any(|node| node.kind == kind) {
                return Err(self.source.lacks(format!("no [[{section}]] is configured: there could be no consensus")));
            }
        }
        let given = debug.and_then(|debug| debug.min_nodes_per_layer.as_ref());
        let least = given.map_or(1, |given| *given.get_ref()).max(1);
        if let Some(topology) = topology {
            let short = topology.layers.iter().find(|layer| layer.nodes.get_ref().len() < least);
            return match short {
                Some(layer) => {
                    let got = layer.nodes.get_ref().len();
                    Err(self.source.error(layer.nodes.span(), format!("a layer of {got} mixes, want {least} or more")))
                }
                None => Ok(least),
            };
        }
        let mixes = self.list.iter().filter(|node| node.kind == NodeKind::Mix).count();
        let want = least.saturating_mul(layers.into());
        if mixes < want {
            let reason = format!("{layers} layers of at least {least} mixes need {want} mixes, {mixes} are configured");
            let at = given.map(Spanned::span).or_else(|| Some(debug?.layers.as_ref()?.span()));
            return Err(at.map_or_else(|| self.source.lacks(&reason), |span| self.source.error(span, &reason)));
        }
        Ok(least)
    }

    pub(super) fn replicas(&self, sections: &[ReplicaSection]) -> Result<Vec<PermittedReplica>, ConfigurationError> {
        let mut replicas: Vec<PermittedReplica> = Vec::new();
        for section in sections {
            let (id, identity) = self.key(&section.key)?;
            let (identifier, number) = (section.identifier.get_ref().clone(), *section.replica_id.get_ref());
            if self.list.iter().any(|node| node.id == id) || replicas.iter().any(|other| other.id == id) {
                return Err(self.source.error(section.key.span(), "another node has the same identity key"));
            }
            if self.list.iter().any(|node| node.identifier == identifier)
                || replicas.iter().any(|other| other.identifier == identifier)
            {
                let reason = format!("another node is called {identifier:?}");
                return Err(self.source.error(section.identifier.span(), reason));
            }
            if replicas.iter().any(|other| other.number == number) {
                let reason = format!("another replica has the ReplicaID {number}");
                return Err(self.source.error(section.replica_id.span(), reason));
            }
            replicas.push(PermittedReplica { identifier, identity, id, number });
        }
        Ok(replicas)
    }

    /// An identity key and its hash: PEM text, or the name of a file in the data folder.
    fn key(&self, key: &Spanned<String>) -> Result<(KeyHash, Vec<u8>), ConfigurationError> {
        let text = if key.get_ref().contains("-----BEGIN") {
            key.clone()
        } else {
            let path = self.folder.join(key.get_ref());
            let bytes = files::read_bounded(&path, MAX_KEY_BYTES)
                .map_err(|error| self.source.error(key.span(), path.display()).caused_by(error))?;
            Spanned::new(key.span(), String::from_utf8_lossy(&bytes).into_owned())
        };
        let key = shared::identity_key(self.scheme, &text, self.source)?;
        Ok((KeyHash::of(&key), key))
    }
}

/// More than the length of any public key in PEM form.
const MAX_KEY_BYTES: u64 = 1 << 16;
