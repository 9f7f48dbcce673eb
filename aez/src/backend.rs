//! The implementations of the AES round, and the choice among them: one per public call.

mod portable;

use self::portable::Portable;
use crate::{
    aez::Direction,
    engine::Engine,
    offsets::{Offsets, Subkeys},
    tiny, wide,
};

/// An implementation of the AES round.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Backend {
    /// Bitsliced integer arithmetic; runs everywhere.
    Portable,
}

impl Backend {
    /// Every backend that this machine has, the fastest first.
    pub fn available() -> impl Iterator<Item = Self> {
        ALL.into_iter().filter(|backend| backend.is_available())
    }

    fn is_available(self) -> bool {
        match self {
            Self::Portable => true,
        }
    }
}

/// The fastest first.
const ALL: [Backend; 1] = [Backend::Portable];

/// A key, expanded for one of the backends.
pub(crate) enum Cipher {
    Portable(Expanded<Portable>),
}

/// A key, expanded for one engine.
pub(crate) struct Expanded<E: Engine> {
    engine: E,
    offsets: Offsets<E::Block>,
}

impl<E: Engine> Expanded<E> {
    fn new(engine: E, key: &Subkeys) -> Self {
        Self { engine, offsets: Offsets::new(key) }
    }

    #[inline(always)]
    fn encipher(&self, nonce: &[u8; 16], direction: Direction, message: &mut [u8]) {
        if message.len() < 32 {
            tiny::encipher(&self.engine, &self.offsets, nonce, direction, message);
        } else if let Some((front, my)) = message.split_last_chunk_mut()
            && let Some((before, mx)) = front.split_last_chunk_mut()
        {
            wide::encipher(&self.engine, &self.offsets, nonce, direction, before, [mx, my]);
        }
    }
}

impl Cipher {
    pub(crate) fn best(key: &Subkeys) -> Self {
        Self::Portable(Expanded::new(Portable::new(key), key))
    }

    pub(crate) fn new(key: &Subkeys, backend: Backend) -> Option<Self> {
        match backend {
            Backend::Portable => Some(Self::Portable(Expanded::new(Portable::new(key), key))),
        }
    }

    pub(crate) fn backend(&self) -> Backend {
        match self {
            Self::Portable(_) => Backend::Portable,
        }
    }

    pub(crate) fn encipher(&self, nonce: &[u8; 16], direction: Direction, message: &mut [u8]) {
        match self {
            Self::Portable(key) => key.encipher(nonce, direction, message),
        }
    }
}
