//! The AEAD of a short text.

mod poly1305;

use super::Failed;
use crate::noise::{TAG_LEN, wiped::Wiped};
use chacha20::{
    ChaCha20,
    cipher::{KeyIvInit, StreamCipher},
};
use poly1305::Poly1305;
use subtle::ConstantTimeEq;

const BLOCK_LEN: usize = 64;

/// Bytes that the cipher produces at once: four blocks take the time of one.
const WIDE_LEN: usize = 4 * BLOCK_LEN;

pub(super) fn encrypt(key: &[u8; 32], nonce: &[u8; 12], ad: &[u8], text: &mut [u8]) -> [u8; TAG_LEN] {
    let mut stream = Keystream::new(key, nonce);
    stream.apply(text);
    authenticate(&stream.one_time, ad, text)
}

pub(super) fn decrypt(
    key: &[u8; 32],
    nonce: &[u8; 12],
    ad: &[u8],
    text: &mut [u8],
    tag: &[u8; TAG_LEN],
) -> Result<(), Failed> {
    let mut stream = Keystream::new(key, nonce);
    // declassified: whether the tag is right
    if !bool::from(authenticate(&stream.one_time, ad, text).ct_eq(tag)) {
        return Err(Failed);
    }
    stream.apply(text);
    Ok(())
}

/// The cipher and its first four blocks: half a block for the authenticator's key, half unused, and
/// three blocks for the start of the text.
struct Keystream {
    one_time: Wiped<BLOCK_LEN>,
    start: Wiped<{ WIDE_LEN - BLOCK_LEN }>,
    cipher: ChaCha20,
}

impl Keystream {
    fn new(key: &[u8; 32], nonce: &[u8; 12]) -> Self {
        let mut cipher = ChaCha20::new(key.into(), nonce.into());
        let mut wide = Wiped::<WIDE_LEN>::zeros();
        cipher.apply_keystream(&mut *wide);
        let mut stream = Self { one_time: Wiped::zeros(), start: Wiped::zeros(), cipher };
        if let Some((one_time, start)) = wide.split_first_chunk() {
            *stream.one_time = *one_time;
            stream.start.copy_from_slice(start);
        }
        stream
    }

    /// Encrypts or decrypts the text, once.
    fn apply(&mut self, text: &mut [u8]) {
        let (start, rest) = text.split_at_mut(text.len().min(self.start.len()));
        xor(start, &*self.start);
        let (wide, end) = rest.as_chunks_mut::<WIDE_LEN>();
        self.cipher.apply_keystream(wide.as_flattened_mut());
        if end.len() > BLOCK_LEN {
            let mut last = Wiped::<WIDE_LEN>::zeros();
            self.cipher.apply_keystream(&mut *last);
            xor(end, &*last);
        } else if !end.is_empty() {
            self.cipher.apply_keystream(end);
        }
    }
}

fn xor(text: &mut [u8], stream: &[u8]) {
    text.iter_mut().zip(stream).for_each(|(byte, stream)| *byte ^= stream);
}

fn authenticate(one_time: &[u8; BLOCK_LEN], ad: &[u8], text: &[u8]) -> [u8; TAG_LEN] {
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
