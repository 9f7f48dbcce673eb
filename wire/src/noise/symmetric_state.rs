//! `SymmetricState`: the chaining key, the hash of everything sent, and later a cipher.
//!
//! Two types, because pqXX encrypts nothing before its first `MixKey` and everything after it.

use super::{
    TAG_LEN,
    cipher_state::{CipherError, CipherState},
    hkdf::{HASH_LEN, Output, hkdf2, hkdf3},
};
use blake2::{Blake2b512, Digest};

/// The state before the first `MixKey`.
pub(crate) struct Unkeyed {
    chaining_key: Output,
    hash: Output,
}

/// The state after the first `MixKey`.
pub(crate) struct Keyed {
    chaining_key: Output,
    hash: Output,
    cipher: CipherState,
}

impl Unkeyed {
    /// `InitializeSymmetric` with the concatenated parts of the protocol name.
    pub(crate) fn new(name: &[&str]) -> Self {
        let mut hash = [0; HASH_LEN];
        if !pad_name(name, &mut hash) {
            let mut hasher = Blake2b512::new();
            for part in name {
                hasher.update(part);
            }
            hash = hasher.finalize().into();
        }
        Self { chaining_key: Output::new(hash), hash: Output::new(hash) }
    }

    pub(crate) fn mix_hash(&mut self, data: &[u8]) {
        mix_hash(&mut self.hash, data);
    }

    pub(crate) fn mix_key(self, input: &[u8]) -> Keyed {
        let [chaining_key, key] = hkdf2(&self.chaining_key, input);
        Keyed { chaining_key, hash: self.hash, cipher: CipherState::new(&key) }
    }
}

impl Keyed {
    pub(crate) fn mix_key_and_hash(&mut self, input: &[u8]) {
        let [chaining_key, hash, key] = hkdf3(&self.chaining_key, input);
        self.chaining_key = chaining_key;
        mix_hash(&mut self.hash, &*hash);
        self.cipher = CipherState::new(&key);
    }

    /// `EncryptAndHash` in place. The last bytes of `message` are room for the tag.
    pub(crate) fn encrypt_and_hash(&mut self, message: &mut [u8]) -> Result<(), CipherError> {
        let (text, tag) = message.split_last_chunk_mut::<TAG_LEN>().ok_or(CipherError::Tag)?;
        self.cipher.encrypt(&*self.hash, text, tag)?;
        mix_hash(&mut self.hash, message);
        Ok(())
    }

    /// `DecryptAndHash` in place; returns the text without the tag.
    pub(crate) fn decrypt_and_hash<'m>(&mut self, message: &'m mut [u8]) -> Result<&'m [u8], CipherError> {
        let ad = Output::new(*self.hash);
        mix_hash(&mut self.hash, message);
        let (text, tag) = message.split_last_chunk_mut::<TAG_LEN>().ok_or(CipherError::Tag)?;
        // declassified: whether the tag is right
        self.cipher.decrypt(&*ad, text, tag)?;
        Ok(text)
    }

    /// The initiator's sending cipher, then the responder's.
    pub(crate) fn split(self) -> [CipherState; 2] {
        hkdf2(&self.chaining_key, &[]).map(|key| CipherState::new(&key))
    }
}

fn mix_hash(hash: &mut [u8; HASH_LEN], data: &[u8]) {
    let mut hasher = Blake2b512::new_with_prefix(&hash);
    hasher.update(data);
    *hash = hasher.finalize().into();
}

/// Writes a name that is at most as long as a hash; the rest stays zero.
fn pad_name(name: &[&str], hash: &mut [u8; HASH_LEN]) -> bool {
    let mut rest = hash.as_mut_slice();
    name.iter().all(|part| {
        let field = core::mem::take(&mut rest).split_at_mut_checked(part.len());
        field.is_some_and(|(field, after)| {
            field.copy_from_slice(part.as_bytes());
            rest = after;
            true
        })
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn long_names_are_hashed() {
        let name = "n".repeat(65);
        assert_eq!(Unkeyed::new(&[&name[..60], &name[60..]]).hash.to_vec(), Blake2b512::digest(&name).to_vec());
        let name = "n".repeat(64);
        assert_eq!(Unkeyed::new(&[&name[..60], &name[60..]]).hash.to_vec(), [b'n'; 64]);
        let mut short = [0; 64];
        short[..3].copy_from_slice(b"abc");
        assert_eq!(Unkeyed::new(&["a", "bc"]).hash.to_vec(), short);
    }
}
