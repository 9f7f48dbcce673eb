//! A network's rules, and the checks of descriptors that follow from them.

use crate::{lambda_g::lambda_g, message::Peer, topology::Layers};
use mixwell_net::{
    authorities::Authorities,
    keys::LinkKem,
    node_kind::{NodeKind, PermittedNode, PermittedReplica},
};
use mixwell_pki_types::{Descriptor, Epoch, KeyHash, Period, Rates, Replica, ReplicaUpload, SignatureScheme, Upload};
use mixwell_pq_kem::Scheme;
use mixwell_sphinx::Geometry;
use mixwell_wire::DescriptorStatus;
use std::sync::Arc;

/// A network's rules, made of [`Settings`]. All authorities of a network should have the same.
#[derive(Debug, Clone)]
pub struct Policy {
    pub(crate) authorities: Arc<Authorities>,
    pub(crate) nodes: Vec<PermittedNode>,
    /// Storage replicas, sorted by identity key.
    pub(crate) replicas: Vec<PermittedReplica>,
    pub(crate) layers: Layers,
    pub(crate) min_per_layer: usize,
    /// `LambdaG` is computed, the others are voted on.
    pub(crate) rates: Rates,
    pub(crate) packets: PacketFormat,
    pub(crate) period: Period,
}

/// The properties of a packet format that documents contain.
#[derive(Debug, Clone, Copy)]
pub(crate) struct PacketFormat {
    /// The hash of the Sphinx geometry.
    pub(crate) geometry_hash: [u8; 32],
    /// The length of a mix key; `None` if the scheme is unknown here.
    pub(crate) mix_key_len: Option<usize>,
}

impl From<&Geometry> for PacketFormat {
    fn from(geometry: &Geometry) -> Self {
        let scheme = geometry.scheme();
        let found = if scheme.is_kem() { Scheme::kem(scheme.name()) } else { Scheme::nike(scheme.name()) };
        Self { geometry_hash: geometry.hash(), mix_key_len: found.map(|found| found.public_len) }
    }
}

/// The settings of a network, on which the operators of its authorities agree.
#[derive(Debug, Clone)]
#[expect(clippy::exhaustive_structs, reason = "whoever configures an authority sets all of them")]
pub struct Settings {
    /// The network's authorities, this one among them.
    pub authorities: Arc<Authorities>,
    /// The nodes that may take part.
    pub nodes: Vec<PermittedNode>,
    /// The storage replicas that may take part.
    pub replicas: Vec<PermittedReplica>,
    /// The layers of mixes.
    pub layers: Layers,
    /// Minimum number of mixes in each layer; with fewer there is no consensus.
    pub min_per_layer: usize,
    /// Rates of the network's clients and nodes, in events per millisecond. `lambda_g` is ignored:
    /// it is computed from the others ([`Policy::with_lambda_g`] overrides it).
    pub rates: Rates,
    /// The network's packet format.
    pub geometry: Geometry,
    /// The length of an epoch.
    pub period: Period,
}

impl From<Settings> for Policy {
    fn from(settings: Settings) -> Self {
        let gateways = settings.nodes.iter().filter(|node| node.kind == NodeKind::Gateway).count();
        let largest = match &settings.layers {
            Layers::Fixed(layers) => layers.iter().map(Vec::len).max().unwrap_or(0),
            Layers::Dynamic(_) => 0,
        };
        let Settings { authorities, nodes, mut replicas, layers, min_per_layer, rates, geometry, period } = settings;
        replicas.sort_by(|a, b| a.identity.cmp(&b.identity));
        let rates = Rates { lambda_g: lambda_g(&rates, gateways, largest), ..rates };
        let packets = PacketFormat::from(&geometry);
        Self { authorities, nodes, replicas, layers, min_per_layer, rates, packets, period }
    }
}

impl Policy {
    /// Sets `LambdaG`, the rate of gateways' loop decoys in events per millisecond. Katzenpost's
    /// authorities compute it from the other rates and accept no other value: only for networks of
    /// Mixwell authorities.
    #[must_use]
    pub const fn with_lambda_g(mut self, rate: f64) -> Self {
        self.rates.lambda_g = rate;
        self
    }

    /// Checks a node's upload for this epoch or the next: whether the node may take part, uploads
    /// its own descriptor, has signed it, and the descriptor is well-formed.
    pub(super) fn accept<'u>(
        &self,
        peer: Peer,
        epoch: Epoch,
        now: Epoch,
        upload: &'u [u8],
    ) -> Result<Descriptor<'u>, DescriptorStatus> {
        let uploader = check_uploader(peer, epoch, now, upload)?;
        let upload = Upload::parse(upload).map_err(|_| DescriptorStatus::Invalid)?;
        let descriptor = upload.unverified_descriptor();
        let node = self.node(descriptor.id()).ok_or(DescriptorStatus::Forbidden)?;
        if node.id != uploader || node.identifier != descriptor.name() || NodeKind::of(&descriptor) != Some(node.kind) {
            return Err(DescriptorStatus::Forbidden);
        }
        let has_lengths = descriptor.link_key().len() == self.kem().public_len()
            && descriptor.mix_keys().all(|(_, key)| Some(key.len()) == self.packets.mix_key_len);
        if !has_lengths || !self.allows(&descriptor, epoch) {
            return Err(DescriptorStatus::Invalid);
        }
        // last, because it is the most expensive check
        upload.verify(self.scheme()).map_err(|_| DescriptorStatus::Invalid)
    }

    /// As [`accept`](Self::accept), for a storage replica.
    pub(super) fn accept_replica<'u>(
        &self,
        peer: Peer,
        epoch: Epoch,
        now: Epoch,
        upload: &'u [u8],
    ) -> Result<Replica<'u>, DescriptorStatus> {
        let uploader = check_uploader(peer, epoch, now, upload)?;
        let upload = ReplicaUpload::parse(upload).map_err(|_| DescriptorStatus::Invalid)?;
        let replica = upload.unverified_descriptor();
        let known = self.replica(replica.id()).ok_or(DescriptorStatus::Forbidden)?;
        if known.id != uploader || known.identifier != replica.name() {
            return Err(DescriptorStatus::Forbidden);
        }
        if replica.epoch() != epoch || !self.allows_replica(&replica) {
            return Err(DescriptorStatus::Invalid);
        }
        upload.verify(self.scheme()).map_err(|_| DescriptorStatus::Invalid)
    }

    /// Whether a descriptor is permitted in a document for an epoch.
    pub(super) fn allows(&self, descriptor: &Descriptor<'_>, epoch: Epoch) -> bool {
        self.node(descriptor.id()).is_some_and(|node| NodeKind::of(descriptor) == Some(node.kind))
            && descriptor.epoch() == epoch
            && descriptor.check(epoch).is_ok()
    }

    /// Whether a storage replica's descriptor is permitted in a document.
    pub(super) fn allows_replica(&self, replica: &Replica<'_>) -> bool {
        self.replica(replica.id()).is_some_and(|known| known.number == replica.replica_id())
    }

    /// The node with this id.
    pub(super) fn node(&self, id: KeyHash) -> Option<&PermittedNode> {
        self.nodes.iter().find(|node| node.id == id)
    }

    fn replica(&self, id: KeyHash) -> Option<&PermittedReplica> {
        self.replicas.iter().find(|replica| replica.id == id)
    }

    /// The name of an authority in the configuration.
    pub(super) fn name_of(&self, authority: KeyHash) -> &str {
        self.authorities.by_id(authority).map_or("unknown authority", |authority| &authority.peer.name)
    }

    pub(super) fn scheme(&self) -> &'static dyn SignatureScheme {
        self.authorities.scheme()
    }

    fn kem(&self) -> LinkKem {
        self.authorities.kem()
    }
}

/// The node at the other end, if an upload of this length is for this epoch or the next.
fn check_uploader(peer: Peer, epoch: Epoch, now: Epoch, upload: &[u8]) -> Result<KeyHash, DescriptorStatus> {
    let Peer::Node(uploader) = peer else { return Err(DescriptorStatus::Forbidden) };
    if (epoch != now && epoch != now.plus(1)) || upload.len() > MAX_DESCRIPTOR_BYTES {
        return Err(DescriptorStatus::Invalid);
    }
    Ok(uploader)
}

/// Maximum length of an upload. One with Ed25519 has 2 kB, with SPHINCS+ 52 kB.
const MAX_DESCRIPTOR_BYTES: usize = 1 << 17;
