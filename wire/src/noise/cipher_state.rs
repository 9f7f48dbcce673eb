//! `CipherState`: a key and a counter.

use super::{TAG_LEN, chacha_poly};
use chacha20::cipher::{KeyIvInit, StreamCipher, StreamCipherSeek};
use zeroize::{Zeroize, ZeroizeOnDrop};

/// A ChaChaPoly key and the number of the next message under it.
#[derive(Zeroize, ZeroizeOnDrop)]
pub(crate) struct CipherState {
    key: [u8; 32],
    nonce: u64,
}

/// The reason why a message was not encrypted or decrypted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum CipherError {
    /// The message numbers are used up.
    Nonce,
    /// The tag is wrong.
    Tag,
}

impl CipherState {
    /// A cipher keyed with the first half of an HKDF output.
    pub(crate) fn new(output: &[u8; 64]) -> Self {
        let mut state = Self { key: [0; 32], nonce: 0 };
        if let Some(key) = output.first_chunk() {
            state.key = *key;
        }
        state
    }

    /// Whether `count` messages can still be numbered. The greatest number is reserved for
    /// rekeying.
    pub(crate) const fn can_number(&self, count: u64) -> bool {
        u64::MAX.saturating_sub(self.nonce) >= count
    }

    /// Encrypts in place.
    pub(crate) fn encrypt(&mut self, ad: &[u8], text: &mut [u8], tag: &mut [u8; TAG_LEN]) -> Result<(), CipherError> {
        let nonce = self.next_nonce()?;
        // the only error is a text of 256 GiB
        *tag = chacha_poly::encrypt(&self.key, &nonce, ad, text).map_err(|chacha_poly::Failed| CipherError::Nonce)?;
        Ok(())
    }

    /// Decrypts in place. Leaves the text unchanged if the tag is wrong.
    pub(crate) fn decrypt(&mut self, ad: &[u8], text: &mut [u8], tag: &[u8; TAG_LEN]) -> Result<(), CipherError> {
        let nonce = self.next_nonce()?;
        chacha_poly::decrypt(&self.key, &nonce, ad, text, tag).map_err(|chacha_poly::Failed| CipherError::Tag)
    }

    /// Replaces the key by 32 bytes of zeros encrypted with the greatest nonce; the counter is not
    /// reset.
    pub(crate) fn rekey(&mut self) {
        let mut cipher = chacha20::ChaCha20::new((&self.key).into(), &nonce_bytes(u64::MAX).into());
        // skip the AEAD's first block, the Poly1305 key: the tag is not needed
        cipher.seek(64_u32);
        self.key = [0; 32];
        cipher.apply_keystream(&mut self.key);
    }

    fn next_nonce(&mut self) -> Result<[u8; 12], CipherError> {
        let nonce = nonce_bytes(self.nonce);
        self.nonce = self.nonce.checked_add(1).ok_or(CipherError::Nonce)?;
        Ok(nonce)
    }
}

fn nonce_bytes(nonce: u64) -> [u8; 12] {
    let mut bytes = [0; 12];
    if let Some(counter) = bytes.last_chunk_mut() {
        *counter = nonce.to_le_bytes();
    }
    bytes
}

#[cfg(test)]
impl CipherState {
    pub(crate) fn with_nonce(output: &[u8; 64], nonce: u64) -> Self {
        let mut state = Self::new(output);
        state.nonce = nonce;
        state
    }

    pub(crate) fn is_wiped(&self) -> bool {
        self.key == [0; 32] && self.nonce == 0
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use chacha20poly1305::{AeadInOut, ChaCha20Poly1305, KeyInit, aead::inout::InOutBuf};

    #[test]
    fn the_greatest_nonce_is_refused() {
        let mut state = CipherState::new(&[7; 64]);
        state.nonce = u64::MAX - 2;
        let (mut text, mut tag) = ([1; 5], [0; 16]);
        assert!(state.can_number(2));
        assert!(!state.can_number(3));
        assert_eq!(state.encrypt(&[], &mut text, &mut tag), Ok(()));
        assert_eq!(state.encrypt(&[], &mut text, &mut tag), Ok(()));
        assert!(!state.can_number(1));
        let before = text;
        for _ in 0..3 {
            assert_eq!(state.encrypt(&[], &mut text, &mut tag), Err(CipherError::Nonce));
            assert_eq!(state.decrypt(&[], &mut text, &tag), Err(CipherError::Nonce));
            assert_eq!(text, before);
            state.rekey();
        }
    }

    #[test]
    fn rekeying_is_an_encryption_of_zeros() {
        let mut state = CipherState::new(&[9; 64]);
        let mut zeros = [0; 32];
        let mut aead = CipherState { key: state.key, nonce: 0 };
        let nonce = nonce_bytes(u64::MAX);
        let cipher = ChaCha20Poly1305::new(&aead.key.into());
        cipher.encrypt_inout_detached(&nonce.into(), &[], InOutBuf::from(&mut zeros[..])).unwrap();
        aead.key = zeros;
        state.nonce = 5;
        state.rekey();
        assert!(state.key == aead.key);
        assert_eq!(state.nonce, 5, "the counter runs on");
    }
}
