//! A box: `nonce (24) ‖ ciphertext ‖ tag (16)`, XChaCha20-Poly1305. Without the key it is
//! indistinguishable from random bytes.

use crate::kdf::Key;
use alloc::vec::Vec;
use chacha20poly1305::{AeadInOut as _, KeyInit as _, Tag, XChaCha20Poly1305, XNonce};
use rand_core::CryptoRng;
use zeroize::Zeroizing;

const NONCE_LEN: usize = 24;
const TAG_LEN: usize = 16;

/// The length of a box without its plaintext.
pub(crate) const OVERHEAD: usize = NONCE_LEN + TAG_LEN;

/// Seals a plaintext. The nonce depends on fresh randomness and on the plaintext, so that a
/// restored state, or a restored generator, never uses a nonce twice for two plaintexts.
pub(crate) fn seal<R: CryptoRng + ?Sized>(key: &Key, about: &[u8], plaintext: &[u8], rng: &mut R) -> Option<Vec<u8>> {
    let mut fresh = Zeroizing::new([0; 32]);
    rng.fill_bytes(&mut *fresh);
    let nonce: [u8; NONCE_LEN] = key.public("nonce", &[&*fresh, about, plaintext]);
    let mut boxed = Vec::with_capacity(plaintext.len().saturating_add(OVERHEAD));
    boxed.extend_from_slice(&nonce);
    boxed.extend_from_slice(plaintext);
    let ciphertext = boxed.split_at_mut_checked(NONCE_LEN)?.1;
    let tag = cipher(key).encrypt_inout_detached(&XNonce::from(nonce), about, ciphertext.into()).ok()?;
    boxed.extend_from_slice(&tag);
    Some(boxed)
}

/// Opens a box. None if it is not authentic.
pub(crate) fn open(key: &Key, about: &[u8], boxed: &[u8]) -> Option<Zeroizing<Vec<u8>>> {
    let (nonce, rest) = boxed.split_first_chunk::<NONCE_LEN>()?;
    let (ciphertext, tag) = rest.split_last_chunk::<TAG_LEN>()?;
    let mut plaintext = Zeroizing::new(ciphertext.to_vec());
    let (nonce, tag) = (XNonce::from(*nonce), Tag::from(*tag));
    cipher(key).decrypt_inout_detached(&nonce, about, plaintext.as_mut_slice().into(), &tag).ok()?;
    Some(plaintext)
}

fn cipher(key: &Key) -> XChaCha20Poly1305 {
    // moved into the cipher, which wipes it
    XChaCha20Poly1305::new(key.as_bytes().into())
}
