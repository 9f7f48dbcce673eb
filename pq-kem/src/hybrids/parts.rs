//! Encodings that are the components' encodings one after the other.

use crate::{
    ByteArray as _, Kem,
    kem::{KeyError, KeySource, PrivateKey, PublicKey, Seed},
};

/// Reads the parts of an encoding. Their lengths add up to its length by construction.
pub(super) struct Parts<'a>(&'a [u8]);

impl<'a> Parts<'a> {
    pub(super) const fn new(bytes: &'a [u8]) -> Self {
        Self(bytes)
    }

    pub(super) fn read(&mut self, part: &mut [u8]) {
        if let Some(bytes) = self.0.split_off(..part.len()) {
            part.copy_from_slice(bytes);
        }
    }
}

/// Writes the parts of an encoding. Their lengths add up to its length by construction.
pub(super) struct PartsMut<'a>(&'a mut [u8]);

impl<'a> PartsMut<'a> {
    pub(super) const fn new(bytes: &'a mut [u8]) -> Self {
        Self(bytes)
    }

    pub(super) fn write(&mut self, part: &[u8]) {
        if let Some(bytes) = self.0.split_off_mut(..part.len()) {
            bytes.copy_from_slice(part);
        }
    }

    fn next_public<K: Kem>(&mut self) -> Option<&mut PublicKey<K>> {
        self.0
            .split_off_mut(..K::PublicBytes::LEN)
            .and_then(K::PublicBytes::from_slice_mut)
            .map(PublicKey::from_bytes_mut)
    }
}

/// The parts of a [`KeySource`].
pub(super) enum KeyParts<'a> {
    Seeds(Parts<'a>),
    Privates(Parts<'a>),
}

impl<'a> KeyParts<'a> {
    pub(super) fn new<K: Kem>(source: KeySource<'a, K>) -> Self {
        match source {
            KeySource::Seed(seed) => Self::Seeds(Parts::new(seed.as_bytes().as_ref())),
            KeySource::Private(private) => Self::Privates(Parts::new(private.as_bytes().as_ref())),
        }
    }

    /// Expands the key of the next component, and writes its public key in place among `publics`.
    pub(super) fn expand_next<K: Kem>(
        &mut self,
        publics: Option<&mut PartsMut<'_>>,
        key: &mut K::Expanded,
    ) -> Result<(), KeyError> {
        let public = publics.and_then(PartsMut::next_public::<K>);
        match self {
            Self::Seeds(seeds) => {
                let mut seed = Seed::<K>::default();
                seeds.read(seed.as_bytes_mut().as_mut());
                K::expand_into(KeySource::Seed(&seed), public, key)
            }
            Self::Privates(privates) => {
                let mut private = PrivateKey::<K>::default();
                privates.read(private.as_bytes_mut().as_mut());
                K::expand_into(KeySource::Private(&private), public, key)
            }
        }
    }
}

/// Empties an expanded key. Not inlined: the empty key is made on the stack.
#[inline(never)]
pub(super) fn empty<T: Default>(key: &mut T) {
    *key = T::default();
}
