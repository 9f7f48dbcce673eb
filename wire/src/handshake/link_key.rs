//! A side's static key.

use core::fmt;
use mixwell_pq_kem::{
    Kem,
    kem::{KeyError, KeySource, PrivateKey, PublicKey},
};

/// A link key, expanded once for all handshakes. The private part is wiped on drop.
///
/// ```
/// use mixwell_pq_kem::{XWing, kem::PrivateKey};
/// use mixwell_wire::LinkKey;
///
/// let key = LinkKey::<XWing>::new(&PrivateKey::generate(&mut rand::rng()))?;
/// let published = key.public(); // in the node's descriptor
/// # assert_eq!(published.as_bytes().len(), 1216);
/// # Ok::<(), mixwell_pq_kem::kem::KeyError>(())
/// ```
pub struct LinkKey<K: Kem> {
    public: PublicKey<K>,
    expanded: K::Expanded,
}

impl<K: Kem> LinkKey<K> {
    /// Expands a private key.
    ///
    /// # Errors
    /// [`KeyError`] if the private key is malformed.
    pub fn new(private: &PrivateKey<K>) -> Result<Self, KeyError> {
        let mut key = Self::empty();
        K::expand_into(KeySource::Private(private), Some(&mut key.public), &mut key.expanded)?;
        Ok(key)
    }

    /// Expands a private key in place, for devices with little memory: with ML-KEM a link key is
    /// large, and each move copies it.
    ///
    /// # Errors
    /// [`KeyError`] if the private key is malformed; `place` is then empty.
    pub fn new_in<'p>(private: &PrivateKey<K>, place: &'p mut Option<Self>) -> Result<&'p Self, KeyError> {
        let key = Self::empty_in(place);
        match K::expand_into(KeySource::Private(private), Some(&mut key.public), &mut key.expanded) {
            Ok(()) => place.as_ref().ok_or(KeyError),
            Err(error) => {
                *place = None;
                Err(error)
            }
        }
    }

    fn empty() -> Self {
        Self { public: PublicKey::default(), expanded: K::Expanded::default() }
    }

    /// Not inlined: the compiler creates the value on the stack before it moves it into its place.
    #[inline(never)]
    fn empty_in(place: &mut Option<Self>) -> &mut Self {
        place.insert(Self::empty())
    }

    /// The public key, by which peers identify the owner.
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
