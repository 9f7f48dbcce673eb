//! The symmetric chain of one direction: each box has a key of its own, and the next key depends on
//! the box.

use super::Role;
use crate::{codec::codec, kdf::Key, sealed};
use alloc::vec::Vec;
use rand_core::CryptoRng;
use zeroize::Zeroizing;

/// The chain key of one direction. The message keys of earlier boxes can't be derived from it.
pub(crate) struct Chain {
    role: Role,
    key: Key,
    /// The number of the next box.
    next: u64,
}

codec!(struct Chain { role, key, next } valid |chain| chain.next < 1 << 62);

/// Identifies a chain's state without revealing it.
pub(crate) type Fingerprint = [u8; FINGERPRINT_LEN];

pub(crate) const FINGERPRINT_LEN: usize = 16;

/// A sealed box.
pub(crate) struct Sealed {
    pub(crate) boxed: Vec<u8>,
    /// The token of the box [`RANGE`](crate::send::RANGE) places later.
    pub(crate) token: Key,
}

/// An opened box.
pub(crate) struct Opened {
    pub(crate) plaintext: Zeroizing<Vec<u8>>,
    /// The same token as the sealer's.
    pub(crate) token: Key,
}

impl Chain {
    pub(super) const fn new(role: Role, key: Key) -> Self {
        Self { role, key, next: 0 }
    }

    pub(super) fn seal(&mut self, plaintext: &[u8], rng: &mut dyn CryptoRng) -> Option<Sealed> {
        let (message, past) = self.key.split("box", &[]);
        let boxed = sealed::seal(&message, &self.associated_data(), plaintext, rng)?;
        let token = self.advance(&past, &boxed)?;
        Some(Sealed { boxed, token })
    }

    pub(super) fn open(&mut self, boxed: &[u8]) -> Option<Opened> {
        let (message, past) = self.key.split("box", &[]);
        let plaintext = sealed::open(&message, &self.associated_data(), boxed)?;
        let token = self.advance(&past, boxed)?;
        Some(Opened { plaintext, token })
    }

    /// Absorbs the secret of a step: `chain' = KDF(chain, "mix", mix)`.
    pub(super) fn mix(&mut self, secret: &Key) {
        self.key = self.key.derive("mix", &[secret.as_bytes()]);
    }

    pub(super) fn fingerprint(&self) -> Fingerprint {
        self.key.public("fingerprint", &[])
    }

    /// `chain' ‖ token = KDF(past, "next", box)`.
    fn advance(&mut self, past: &Key, boxed: &[u8]) -> Option<Key> {
        let next = self.next.checked_add(1)?;
        let (key, token) = past.split("next", &[boxed]);
        (self.key, self.next) = (key, next);
        Some(token)
    }

    /// The direction and the number of the box, which are authenticated with it.
    fn associated_data(&self) -> [u8; 9] {
        let mut data = [self.role.tag(); 9];
        data.iter_mut().skip(1).zip(self.next.to_le_bytes()).for_each(|(byte, number)| *byte = number);
        data
    }
}
