//! The chain of one direction: each box has its key, and each box goes into what comes after it.

use super::Role;
use crate::{
    bytes::{Reader, Writer},
    kdf::Key,
    sealed,
};
use alloc::vec::Vec;
use rand_core::CryptoRng;
use zeroize::Zeroizing;

/// The keys of one direction. What a box was sealed with can't be derived again once it is behind.
pub(crate) struct Chain {
    role: Role,
    key: Key,
    next: u64,
}

/// What both sides can compare of a chain without telling a secret.
pub(crate) type Fingerprint = [u8; FINGERPRINT_LEN];

pub(crate) const FINGERPRINT_LEN: usize = 16;

/// A box that was sealed.
pub(crate) struct Sealed {
    pub(crate) boxed: Vec<u8>,
    /// The token of the box that is [`RANGE`](crate::send::RANGE) places further on.
    pub(crate) token: Key,
}

/// A box that was opened.
pub(crate) struct Opened {
    pub(crate) plaintext: Zeroizing<Vec<u8>>,
    /// As the sealer's.
    pub(crate) token: Key,
}

impl Chain {
    pub(super) const fn new(role: Role, key: Key) -> Self {
        Self { role, key, next: 0 }
    }

    pub(super) fn seal<R: CryptoRng + ?Sized>(&mut self, plaintext: &[u8], rng: &mut R) -> Option<Sealed> {
        let (message, past) = self.key.split("box", &[]);
        let boxed = sealed::seal(&message, &self.about(), plaintext, rng)?;
        let token = self.advance(&past, &boxed)?;
        Some(Sealed { boxed, token })
    }

    pub(super) fn open(&mut self, boxed: &[u8]) -> Option<Opened> {
        let (message, past) = self.key.split("box", &[]);
        let plaintext = sealed::open(&message, &self.about(), boxed)?;
        let token = self.advance(&past, boxed)?;
        Some(Opened { plaintext, token })
    }

    /// Takes up the secret of a step.
    pub(super) fn mix(&mut self, secret: &Key) {
        self.key = self.key.derive("mix", &[secret.as_bytes()]);
    }

    pub(super) fn fingerprint(&self) -> Fingerprint {
        self.key.public("fingerprint", &[])
    }

    fn advance(&mut self, past: &Key, boxed: &[u8]) -> Option<Key> {
        let next = self.next.checked_add(1)?;
        let (key, token) = past.split("next", &[boxed]);
        (self.key, self.next) = (key, next);
        Some(token)
    }

    /// The direction and the place, which are authenticated with a box.
    fn about(&self) -> [u8; 9] {
        let mut about = [self.role.tag(); 9];
        about.iter_mut().skip(1).zip(self.next.to_le_bytes()).for_each(|(byte, number)| *byte = number);
        about
    }

    pub(super) fn write(&self, to: &mut Writer) {
        to.put(self.key.as_bytes());
        to.u64(self.next);
    }

    pub(super) fn read(role: Role, from: &mut Reader<'_>) -> Option<Self> {
        Some(Self { role, key: Key::new(from.array()?), next: from.boxes()? })
    }
}
