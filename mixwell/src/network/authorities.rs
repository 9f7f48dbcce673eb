//! The authorities of a network, as a configuration names them.

use super::{address::Address, keys::LinkKem};
use crate::network::connect::LinkTarget;
use mixwell_pki_types::{KeyHash, SignatureScheme, VerifyingKey, majority};

/// An authority.
#[derive(Debug, Clone)]
pub(crate) struct Authority {
    /// Its identity public key.
    pub(crate) identity: Vec<u8>,
    /// Its name, link key and addresses. The id is the hash of the identity key.
    pub(crate) peer: LinkTarget,
}

impl Authority {
    /// An authority of an identity key, whose hash is its id.
    pub(crate) fn new(name: String, identity: Vec<u8>, link_key: Vec<u8>, addresses: Vec<Address>) -> Self {
        let peer = LinkTarget { name, id: KeyHash::of(&identity), link_key, addresses };
        Self { identity, peer }
    }
}

/// All authorities of a network.
#[derive(Debug, Clone)]
pub(crate) struct Authorities {
    scheme: &'static dyn SignatureScheme,
    kem: LinkKem,
    list: Vec<Authority>,
}

impl Authorities {
    /// The authorities of a configuration, which has checked that their keys have the scheme's length.
    pub(crate) const fn new(scheme: &'static dyn SignatureScheme, kem: LinkKem, list: Vec<Authority>) -> Self {
        Self { scheme, kem, list }
    }

    /// All authorities, in the order of the configuration.
    pub(crate) fn iter(&self) -> core::slice::Iter<'_, Authority> {
        self.list.iter()
    }

    /// Number of authorities.
    pub(crate) const fn len(&self) -> usize {
        self.list.len()
    }

    /// Number of signatures that a consensus needs.
    pub(crate) const fn threshold(&self) -> usize {
        majority(self.list.len())
    }

    /// The authority with this id.
    pub(crate) fn by_id(&self, id: KeyHash) -> Option<&Authority> {
        self.list.iter().find(|authority| authority.peer.id == id)
    }

    /// The identity keys, in the order of the configuration.
    pub(crate) fn keys(&self) -> Vec<VerifyingKey<'_>> {
        self.list.iter().filter_map(|authority| VerifyingKey::new(self.scheme, &authority.identity).ok()).collect()
    }

    /// The signature scheme of authorities and nodes.
    pub(crate) const fn scheme(&self) -> &'static dyn SignatureScheme {
        self.scheme
    }

    /// The KEM of links.
    pub(crate) const fn kem(&self) -> LinkKem {
        self.kem
    }
}
