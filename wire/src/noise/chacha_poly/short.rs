//! The AEAD of a short text.

mod poly1305;

use super::Failed;
use crate::noise::TAG_LEN;
use chacha20::{
    ChaCha20,
    cipher::{KeyIvInit, StreamCipher},
};
use poly1305::Poly1305;
use subtle::ConstantTimeEq;
use zeroize::Zeroizing;

pub(super) fn encrypt(key: &[u8; 32], nonce: &[u8; 12], ad: &[u8], text: &mut [u8]) -> [u8; TAG_LEN] {
    let (mut cipher, one_time) = start(key, nonce);
    cipher.apply_keystream(text);
    authenticate(&one_time, ad, text)
}

pub(super) fn decrypt(
    key: &[u8; 32],
    nonce: &[u8; 12],
    ad: &[u8],
    text: &mut [u8],
    tag: &[u8; TAG_LEN],
) -> Result<(), Failed> {
    let (mut cipher, one_time) = start(key, nonce);
    if !bool::from(authenticate(&one_time, ad, text).ct_eq(tag)) {
        return Err(Failed);
    }
    cipher.apply_keystream(text);
    Ok(())
}

/// The cipher at the text's first block; the block before it, of which half is the authenticator's key.
fn start(key: &[u8; 32], nonce: &[u8; 12]) -> (ChaCha20, Zeroizing<[u8; 64]>) {
    let mut cipher = ChaCha20::new(key.into(), nonce.into());
    let mut block = Zeroizing::new([0; 64]);
    cipher.apply_keystream(&mut *block);
    (cipher, block)
}

fn authenticate(one_time: &[u8; 64], ad: &[u8], text: &[u8]) -> [u8; TAG_LEN] {
    let mut lengths = [0; 16];
    if let Some((ad_len, text_len)) = lengths.split_first_chunk_mut() {
        *ad_len = (ad.len() as u64).to_le_bytes();
        text_len.copy_from_slice(&(text.len() as u64).to_le_bytes());
    }
    let mut mac = Poly1305::new(one_time);
    for part in [ad, text, &lengths] {
        mac.update_padded(part);
    }
    mac.finalize()
}
