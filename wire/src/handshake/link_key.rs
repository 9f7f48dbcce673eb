//! A side's static key.

use core::fmt;
use mixwell_pq_kem::{
    Kem,
    kem::{KeyError, PrivateKey, PublicKey},
};

/// A link key, ready for handshakes: what decapsulation needs is computed once. The private part is wiped on drop.
pub struct LinkKey<K: Kem> {
    public: PublicKey<K>,
    expanded: K::Expanded,
}

impl<K: Kem> LinkKey<K> {
    /// Prepares a private key.
    ///
    /// # Errors
    /// [`KeyError`] if the private key is malformed.
    pub fn new(private: &PrivateKey<K>) -> Result<Self, KeyError> {
        let mut key = Self { public: K::public_key(private)?, expanded: K::Expanded::default() };
        K::expand_into(private, &mut key.expanded)?;
        Ok(key)
    }

    /// The public key, which peers know the owner by.
    #[must_use]
    pub const fn public(&self) -> &PublicKey<K> {
        &self.public
    }

    pub(super) const fn expanded(&self) -> &K::Expanded {
        &self.expanded
    }
}

impl<K: Kem> fmt::Debug for LinkKey<K> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "LinkKey<{}>(..)", K::NAME)
    }
}
