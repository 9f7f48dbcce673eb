//! The cipher under one key.

use crate::{
    backend::{Backend, Choice},
    direction::Direction,
    offsets::Key,
};
use core::fmt;

/// AEZ v5 under one key: a permutation of the messages of each length, another one for each nonce.
///
/// There is no associated data and no authentication tag: a message keeps its length, and any
/// change to a ciphertext makes the whole plaintext random. To detect changes, put redundancy into
/// the plaintext, as Sphinx does.
///
/// The key is expanded anew for each message, which costs less than moving and wiping an expanded
/// key. The key is wiped on drop, its expansion at the end of each call.
///
/// ```
/// use mixwell_aez::Aez;
///
/// let aez = Aez::new(&[7; 48]);
/// let mut message = *b"in place";
/// aez.encrypt(&[1; 16], &mut message);
/// aez.decrypt(&[1; 16], &mut message);
/// assert_eq!(&message, b"in place");
/// ```
pub struct Aez {
    key: Key,
    backend: Choice,
}

impl Aez {
    /// The cipher with the fastest back end of this machine.
    #[must_use]
    pub fn new(key: &[u8; 48]) -> Self {
        Self { key: Key::new(key), backend: Choice::best() }
    }

    /// The cipher with the given back end; `None` if this machine lacks it.
    #[must_use]
    pub fn with_backend(key: &[u8; 48], backend: Backend) -> Option<Self> {
        Choice::find(backend).map(|backend| Self { key: Key::new(key), backend })
    }

    /// Encrypts `data`, of any length, in place.
    ///
    /// A nonce may be used again; equal messages then have equal ciphertexts, and nothing else is
    /// revealed.
    pub fn encrypt(&self, nonce: &[u8; 16], data: &mut [u8]) {
        self.backend.encipher(&self.key, nonce, Direction::Encrypt, data);
    }

    /// Decrypts `data` in place.
    pub fn decrypt(&self, nonce: &[u8; 16], data: &mut [u8]) {
        self.backend.encipher(&self.key, nonce, Direction::Decrypt, data);
    }

    /// The back end that was chosen.
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
