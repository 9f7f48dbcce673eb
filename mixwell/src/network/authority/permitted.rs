//! What an authority's configuration decides, and which descriptors follow from it.

use super::message::Peer;
use crate::network::{
    config::{AuthorityConfiguration, NodeKind, PermittedNode},
    keys::LinkKem,
    peers::Authorities,
};
use mixwell_pki_types::{Descriptor, Epoch, KeyHash, Period, Rates, SignatureScheme, Upload};
use mixwell_pq_kem::Scheme;
use mixwell_sphinx::Geometry;
use mixwell_wire::DescriptorStatus;
use std::sync::Arc;

/// What all authorities of a network should have in common.
#[derive(Debug, Clone)]
pub(crate) struct Rules {
    pub(crate) authorities: Arc<Authorities>,
    pub(crate) nodes: Vec<PermittedNode>,
    pub(crate) layers: usize,
    pub(crate) min_per_layer: usize,
    pub(crate) rates: Rates,
    pub(crate) geometry: Geometry,
    pub(crate) period: Period,
}

impl From<&AuthorityConfiguration> for Rules {
    fn from(configuration: &AuthorityConfiguration) -> Self {
        Self {
            authorities: Arc::clone(&configuration.authorities),
            nodes: configuration.nodes.clone(),
            layers: configuration.layers.into(),
            min_per_layer: configuration.min_per_layer,
            rates: configuration.rates,
            geometry: configuration.geometry,
            period: configuration.period,
        }
    }
}

impl Rules {
    /// The descriptor of a signed upload for this epoch or the next one, if its node may take part, brings it itself, and it is
    /// well-formed.
    pub(super) fn accept<'u>(
        &self,
        peer: Peer,
        (epoch, now): (Epoch, Epoch),
        upload: &'u [u8],
    ) -> Result<(KeyHash, Descriptor<'u>), DescriptorStatus> {
        let Peer::Node(uploader) = peer else { return Err(DescriptorStatus::Forbidden) };
        if epoch != now && epoch != now.plus(1) {
            return Err(DescriptorStatus::Invalid);
        }
        if upload.len() > MOST_DESCRIPTOR_BYTES {
            return Err(DescriptorStatus::Invalid);
        }
        let upload = Upload::parse(upload).map_err(|_| DescriptorStatus::Invalid)?;
        let descriptor = upload.unverified_descriptor();
        let id = self.permits(&descriptor, epoch)?;
        if id != uploader {
            return Err(DescriptorStatus::Forbidden);
        }
        // last, as it takes longest
        upload.verify(self.scheme()).map_err(|_| DescriptorStatus::Invalid)?;
        Ok((id, descriptor))
    }

    /// Whether a descriptor may stand in a document; whoever signed it.
    pub(super) fn permits(&self, descriptor: &Descriptor<'_>, epoch: Epoch) -> Result<KeyHash, DescriptorStatus> {
        let id = descriptor.id();
        let node = self.node(id).ok_or(DescriptorStatus::Forbidden)?;
        let kind = (descriptor.is_gateway(), descriptor.is_service());
        let permitted = match node.kind {
            NodeKind::Mix(_) => (false, false),
            NodeKind::Gateway => (true, false),
            NodeKind::Service => (false, true),
        };
        if kind != permitted || descriptor.name() != node.identifier {
            return Err(DescriptorStatus::Forbidden);
        }
        let lengths = descriptor.link_key().len() == self.kem().public_len()
            && descriptor.mix_keys().all(|(_, key)| Some(key.len()) == self.mix_key_len());
        if !lengths || descriptor.epoch() != epoch || descriptor.check(epoch).is_err() {
            return Err(DescriptorStatus::Invalid);
        }
        Ok(id)
    }

    /// The node of an identity's hash.
    pub(super) fn node(&self, id: KeyHash) -> Option<&PermittedNode> {
        self.nodes.iter().find(|node| node.id == id)
    }

    pub(super) fn scheme(&self) -> &'static dyn SignatureScheme {
        self.authorities.scheme()
    }

    fn kem(&self) -> LinkKem {
        self.authorities.kem()
    }

    /// The length of a mix key: what the packets are made for.
    fn mix_key_len(&self) -> Option<usize> {
        let scheme = self.geometry.scheme();
        let found = if scheme.is_kem() { Scheme::kem(scheme.name()) } else { Scheme::nike(scheme.name()) };
        found.map(|found| found.public_len)
    }
}

/// The longest upload that is taken. One with Ed25519 has 2 kB, with SPHINCS+ 52 kB.
const MOST_DESCRIPTOR_BYTES: usize = 1 << 17;
