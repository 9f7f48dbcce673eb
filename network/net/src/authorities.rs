//! The authorities of a network, from a configuration.

use super::{address::Address, keys::LinkKem};
use crate::connect::LinkTarget;
use mixwell_pki_types::{KeyHash, SignatureScheme, VerifyingKey, majority};

/// An authority.
#[derive(Debug, Clone)]
pub struct Authority {
    /// The authority's identity public key.
    pub identity: Vec<u8>,
    /// The authority's name, link key and addresses. The id is the hash of the identity key.
    pub peer: LinkTarget,
}

impl Authority {
    /// An authority with an identity key, whose hash is its id.
    #[must_use]
    pub fn new(name: String, identity: Vec<u8>, link_key: Vec<u8>, addresses: Vec<Address>) -> Self {
        let peer = LinkTarget { name, id: KeyHash::of(&identity), link_key, addresses, other_transports: Vec::new() };
        Self { identity, peer }
    }
}

/// All authorities of a network.
#[derive(Debug, Clone)]
pub struct Authorities {
    scheme: &'static dyn SignatureScheme,
    kem: LinkKem,
    list: Vec<Authority>,
}

impl Authorities {
    /// The authorities of a configuration, which has already checked that their keys have the
    /// scheme's length.
    pub const fn new(scheme: &'static dyn SignatureScheme, kem: LinkKem, list: Vec<Authority>) -> Self {
        Self { scheme, kem, list }
    }

    /// All authorities, in the order of the configuration.
    pub fn iter(&self) -> core::slice::Iter<'_, Authority> {
        self.list.iter()
    }

    /// Number of authorities.
    #[must_use]
    pub const fn len(&self) -> usize {
        self.list.len()
    }

    /// Whether there are no authorities.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.list.is_empty()
    }

    /// Number of signatures that a consensus needs.
    #[must_use]
    pub const fn threshold(&self) -> usize {
        majority(self.list.len())
    }

    /// The authority with this id.
    #[must_use]
    pub fn by_id(&self, id: KeyHash) -> Option<&Authority> {
        self.list.iter().find(|authority| authority.peer.id == id)
    }

    /// The identity keys, in the order of the configuration.
    #[must_use]
    pub fn keys(&self) -> Vec<VerifyingKey<'_>> {
        self.list.iter().filter_map(|authority| VerifyingKey::new(self.scheme, &authority.identity).ok()).collect()
    }

    /// The signature scheme of authorities and nodes.
    #[must_use]
    pub const fn scheme(&self) -> &'static dyn SignatureScheme {
        self.scheme
    }

    /// The KEM of links.
    #[must_use]
    pub const fn kem(&self) -> LinkKem {
        self.kem
    }
}

impl<'a> IntoIterator for &'a Authorities {
    type Item = &'a Authority;
    type IntoIter = core::slice::Iter<'a, Authority>;

    fn into_iter(self) -> Self::IntoIter {
        self.iter()
    }
}
