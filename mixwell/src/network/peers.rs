//! The authorities of a network, as a configuration names them.

use super::{address::Address, keys::LinkKem};
use mixwell_pki_types::{KeyHash, SignatureScheme, VerifyingKey, majority};

/// An authority.
#[derive(Debug, Clone)]
pub(crate) struct Authority {
    /// What people call it.
    pub(crate) identifier: String,
    /// Its identity public key.
    pub(crate) identity: Vec<u8>,
    /// The hash of that.
    pub(crate) id: KeyHash,
    /// Its link public key.
    pub(crate) link_key: Vec<u8>,
    /// Where it is reached; tried in order.
    pub(crate) addresses: Vec<Address>,
}

/// All authorities of a network.
#[derive(Debug, Clone)]
pub(crate) struct Authorities {
    scheme: &'static dyn SignatureScheme,
    kem: LinkKem,
    list: Vec<Authority>,
}

impl Authorities {
    /// Those of a configuration, which has checked that the keys have the scheme's length.
    pub(crate) const fn new(scheme: &'static dyn SignatureScheme, kem: LinkKem, list: Vec<Authority>) -> Self {
        Self { scheme, kem, list }
    }

    /// Each of them.
    pub(crate) fn iter(&self) -> core::slice::Iter<'_, Authority> {
        self.list.iter()
    }

    /// How many they are.
    pub(crate) const fn len(&self) -> usize {
        self.list.len()
    }

    /// How many of them have to sign a consensus.
    pub(crate) const fn threshold(&self) -> usize {
        majority(self.list.len())
    }

    /// The one of an identity's hash.
    pub(crate) fn by_id(&self, id: KeyHash) -> Option<&Authority> {
        self.list.iter().find(|authority| authority.id == id)
    }

    /// Their keys, in order.
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
