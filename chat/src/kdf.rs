//! Keys and key derivation: keyed BLAKE2b as a pseudorandom function.

use blake2::{
    Blake2b512, Blake2bMac512, Digest as _,
    digest::{FixedOutput as _, Update as _},
};
use core::fmt;
use zeroize::{Zeroize, ZeroizeOnDrop, Zeroizing};

/// A secret of 32 bytes. Wiped on drop.
#[derive(Zeroize, ZeroizeOnDrop)]
pub(crate) struct Key([u8; KEY_LEN]);

pub(crate) const KEY_LEN: usize = 32;

/// Domain separation from other protocols: BLAKE2b's personalisation parameter.
const PERSONAL: &[u8; 16] = b"mixwell-chat v1\0";

impl Key {
    pub(crate) const fn new(bytes: [u8; KEY_LEN]) -> Self {
        Self(bytes)
    }

    /// The bytes, for the saved state and the cipher.
    pub(crate) const fn as_bytes(&self) -> &[u8; KEY_LEN] {
        &self.0
    }

    /// Derives a key for one purpose.
    pub(crate) fn derive(&self, label: &str, parts: &[&[u8]]) -> Self {
        self.split(label, parts).0
    }

    /// Derives two keys: the halves of one output.
    pub(crate) fn split(&self, label: &str, parts: &[&[u8]]) -> (Self, Self) {
        let output = self.prf(label, parts);
        let mut halves = (Self([0; KEY_LEN]), Self([0; KEY_LEN]));
        for (half, bytes) in [&mut halves.0, &mut halves.1].into_iter().zip(output.chunks_exact(KEY_LEN)) {
            half.0.copy_from_slice(bytes);
        }
        halves
    }

    /// Derives bytes that are not secret: an id, a nonce, a confirmation.
    pub(crate) fn public<const N: usize>(&self, label: &str, parts: &[&[u8]]) -> [u8; N] {
        let mut bytes = [0; N];
        bytes.iter_mut().zip(self.prf(label, parts).iter()).for_each(|(byte, derived)| *byte = *derived);
        bytes
    }

    #[expect(clippy::expect_used, reason = "BLAKE2b takes keys of 1 to 64 bytes and 16 bytes of personal string")]
    fn prf(&self, label: &str, parts: &[&[u8]]) -> Zeroizing<[u8; 64]> {
        let mut mac =
            Blake2bMac512::new_with_salt_and_personal(Some(&self.0), &[], PERSONAL).expect("the lengths are right");
        absorb(label, parts, |bytes| mac.update(bytes));
        let mut output = Zeroizing::new([0; 64]);
        mac.finalize_into((&mut *output).into());
        output
    }
}

/// An unkeyed hash of a label and parts.
pub(crate) fn hash<const N: usize>(label: &str, parts: &[&[u8]]) -> [u8; N] {
    let mut hash = Blake2b512::new();
    absorb(label, parts, |bytes| blake2::Digest::update(&mut hash, bytes));
    let mut bytes = [0; N];
    bytes.iter_mut().zip(hash.finalize()).for_each(|(byte, hashed)| *byte = hashed);
    bytes
}

/// Each part is prefixed with its length, so that the encoding is injective.
fn absorb(label: &str, parts: &[&[u8]], mut update: impl FnMut(&[u8])) {
    for part in core::iter::once(label.as_bytes()).chain(parts.iter().copied()) {
        update(&(part.len() as u64).to_le_bytes());
        update(part);
    }
}

impl fmt::Debug for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Key(..)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::{format, string::String};

    fn hex(bytes: &[u8]) -> String {
        bytes.iter().flat_map(|byte| format!("{byte:02x}").into_bytes()).map(char::from).collect()
    }

    /// Computed by Python's `hashlib.blake2b(key=…, person=…)`.
    #[test]
    fn known_answers() {
        let (message, past) = Key::new([1; 32]).split("box", &[]);
        assert_eq!(hex(message.as_bytes()), "15f6c4d1faa92395de3dd65dd460dea7e0a183e431f4b33e9d9399f779683d6a");
        assert_eq!(hex(past.as_bytes()), "41d0306531ad12c8311a6a3d2bb3946831faa68a509f6971a073bea4af3711fd");
        let (chain, token) = past.split("next", &[b"a box"]);
        assert_eq!(hex(chain.as_bytes()), "ee6288c47b38cb42081e58b0d4e2c760d1887089f350aa3359821082235673d6");
        assert_eq!(hex(token.as_bytes()), "90d4bcfc97f62288bf9efe5af5e588b0ef1c01b402326cbd199907fc4abe71df");
        let (root, mix) = Key::new([2; 32]).split("step", &[&1_u32.to_le_bytes(), &[3; 32], b"message"]);
        assert_eq!(hex(root.as_bytes()), "f1bb124b526af8324968d8478171280c29ee5f03d0766038a68304136fbcdd5b");
        let chain = chain.derive("mix", &[mix.as_bytes()]);
        assert_eq!(hex(chain.as_bytes()), "f0bd4383b99156df66e85615a8f2b4565a3f3fb8a6c74172bfa6d447b9659f90");
        assert_eq!(hex(&chain.public::<16>("fingerprint", &[])), "4384601cd17850aa8b6fd2ca8e7b2eff");
        assert_eq!(hex(&hash::<6>("safety", &[b"one", b"two"])), "3690ae0e292b");
    }

    #[test]
    fn parts_are_told_apart() {
        let key = Key::new([1; 32]);
        let all: [&[&[u8]]; 4] = [&[b"ab"], &[b"a", b"b"], &[b"", b"ab"], &[]];
        let derived = all.map(|parts| key.public::<32>("label", parts));
        assert!((0..4).all(|one| (0..one).all(|other| derived[one] != derived[other])));
        assert_eq!(format!("{key:?}"), "Key(..)");
    }
}
