//! BLAKE2b-256, the hash of the PKI.

use blake2::{Blake2b256, Digest};
use core::fmt;

/// BLAKE2b-256 of an identity's public key: the node id of routing commands, look-ups and
/// certificates.
///
/// ```
/// use mixwell_pki_types::KeyHash;
///
/// let identity_key = [9; 32];
/// let node_id = KeyHash::of(&identity_key);
/// assert_eq!(node_id.to_string().len(), 64);
/// ```
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct KeyHash(pub [u8; 32]);

impl KeyHash {
    /// The hash of an encoded public key.
    #[must_use]
    pub fn of(public_key: &[u8]) -> Self {
        Self(hash(&[public_key]))
    }
}

impl fmt::Display for KeyHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl fmt::Debug for KeyHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "KeyHash({self})")
    }
}

/// Packets name a node by the hash of its identity key.
#[cfg(feature = "sphinx")]
impl From<KeyHash> for mixwell_sphinx::NodeId {
    fn from(hash: KeyHash) -> Self {
        Self(hash.0)
    }
}

#[cfg(feature = "sphinx")]
impl From<mixwell_sphinx::NodeId> for KeyHash {
    fn from(id: mixwell_sphinx::NodeId) -> Self {
        Self(id.0)
    }
}

/// BLAKE2b-256 of the concatenation of parts.
pub(crate) fn hash(parts: &[&[u8]]) -> [u8; 32] {
    let mut hasher = Blake2b256::new();
    for part in parts {
        hasher.update(part);
    }
    hasher.finalize().into()
}
