//! The cipher under one key.

use crate::{
    backend::{Backend, Choice},
    offsets::Key,
};
use core::fmt;

/// AEZ v5 under one key: a permutation of the messages of each length, another one for each nonce.
///
/// There is no associated data and no authentication tag: a message keeps its length, and any change to a ciphertext
/// makes the whole of the plaintext random. Who wants to notice puts redundancy into the plaintext, as Sphinx does.
///
/// It holds the key as it came, and expands it for each message, as that costs less than to move or to wipe what it expands
/// to. The key is wiped on drop, what it expanded to at the end of each call.
pub struct Aez {
    key: Key,
    backend: Choice,
}

impl Aez {
    /// Takes a key, for the fastest backend this machine has.
    #[must_use]
    pub fn new(key: &[u8; 48]) -> Self {
        Self { key: Key::new(key), backend: Choice::best() }
    }

    /// Takes a key for a certain backend; `None` if this machine lacks it.
    #[must_use]
    pub fn with_backend(key: &[u8; 48], backend: Backend) -> Option<Self> {
        Choice::find(backend).map(|backend| Self { key: Key::new(key), backend })
    }

    /// Encrypts `data` in place. It may have any length; a nonce may repeat where it does no harm that equal messages
    /// then give equal ciphertexts.
    pub fn encrypt(&self, nonce: &[u8; 16], data: &mut [u8]) {
        self.backend.encipher(&self.key, nonce, Direction::Encrypt, data);
    }

    /// Decrypts `data` in place.
    pub fn decrypt(&self, nonce: &[u8; 16], data: &mut [u8]) {
        self.backend.encipher(&self.key, nonce, Direction::Decrypt, data);
    }

    /// Which backend it runs on.
    #[must_use]
    pub fn backend(&self) -> Backend {
        self.backend.backend()
    }
}

impl fmt::Debug for Aez {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Aez").field("backend", &self.backend()).finish_non_exhaustive()
    }
}

/// Which way a message goes.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Direction {
    Encrypt,
    Decrypt,
}
