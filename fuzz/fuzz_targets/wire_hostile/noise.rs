//! Noise's symmetric state, written from its specification (revision 34) alone: ChaChaPoly,
//! BLAKE2b, the fake KEM's name.

use blake2::{Blake2b512, Digest as _};
use chacha20poly1305::{
    ChaCha20Poly1305, Key, KeyInit as _, Nonce,
    aead::{Aead as _, Payload},
};

pub(crate) struct Noise {
    chaining_key: [u8; 64],
    hash: [u8; 64],
    cipher: Cipher,
}

/// A key and a counter.
pub(crate) struct Cipher {
    key: [u8; 32],
    nonce: u64,
}

impl Noise {
    /// The state after message 1: the version and the ephemeral key.
    pub(crate) fn new(message_1: &[u8]) -> Self {
        let name = b"Noise_pqXX_FAKE_ChaChaPoly_BLAKE2b";
        let mut hash = [0; 64];
        hash[..name.len()].copy_from_slice(name);
        let mut noise = Self { chaining_key: hash, hash, cipher: Cipher { key: [0; 32], nonce: 0 } };
        noise.mix_hash(&message_1[..1]);
        noise.mix_hash(&message_1[1..]);
        noise.mix_hash(&[]);
        noise
    }

    pub(crate) fn mix_hash(&mut self, data: &[u8]) {
        self.hash = Blake2b512::new().chain_update(self.hash).chain_update(data).finalize().into();
    }

    pub(crate) fn mix_key(&mut self, input: &[u8]) {
        let [chaining_key, key, _] = hkdf(&self.chaining_key, input);
        self.chaining_key = chaining_key;
        self.cipher = Cipher::new(&key);
    }

    pub(crate) fn mix_key_and_hash(&mut self, input: &[u8]) {
        let [chaining_key, hash, key] = hkdf(&self.chaining_key, input);
        self.chaining_key = chaining_key;
        self.mix_hash(&hash);
        self.cipher = Cipher::new(&key);
    }

    pub(crate) fn encrypt_and_hash(&mut self, text: &[u8]) -> Vec<u8> {
        let sealed = self.cipher.encrypt(&self.hash, text);
        self.mix_hash(&sealed);
        sealed
    }

    pub(crate) fn decrypt_and_hash(&mut self, sealed: &[u8]) -> Vec<u8> {
        let text = self.cipher.decrypt(&self.hash, sealed);
        self.mix_hash(sealed);
        text
    }

    /// The initiator's sending cipher, then the responder's.
    pub(crate) fn split(&self) -> [Cipher; 2] {
        let [first, second, _] = hkdf(&self.chaining_key, &[]);
        [Cipher::new(&first), Cipher::new(&second)]
    }
}

impl Cipher {
    fn new(output: &[u8; 64]) -> Self {
        Self { key: *output.first_chunk().expect("64 bytes"), nonce: 0 }
    }

    pub(crate) fn encrypt(&mut self, ad: &[u8], text: &[u8]) -> Vec<u8> {
        let nonce = nonce(self.nonce);
        self.nonce += 1;
        self.aead().encrypt(&nonce, Payload { msg: text, aad: ad }).expect("a short text")
    }

    fn decrypt(&mut self, ad: &[u8], sealed: &[u8]) -> Vec<u8> {
        let nonce = nonce(self.nonce);
        self.nonce += 1;
        self.aead().decrypt(&nonce, Payload { msg: sealed, aad: ad }).expect("an honest peer's message")
    }

    /// Derives the key of the following frames: 32 zeros encrypted under the maximum nonce.
    pub(crate) fn rekey(&mut self) {
        let sealed = self.aead().encrypt(&nonce(u64::MAX), &[0; 32][..]).expect("a short text");
        self.key = *sealed.first_chunk().expect("32 bytes and a tag");
    }

    fn aead(&self) -> ChaCha20Poly1305 {
        ChaCha20Poly1305::new(&Key::from(self.key))
    }
}

fn nonce(number: u64) -> Nonce {
    let mut bytes = [0; 12];
    bytes[4..].copy_from_slice(&number.to_le_bytes());
    bytes.into()
}

fn hkdf(chaining_key: &[u8; 64], input: &[u8]) -> [[u8; 64]; 3] {
    let temp = hmac(chaining_key, &[input]);
    let first = hmac(&temp, &[&[1]]);
    let second = hmac(&temp, &[&first, &[2]]);
    let third = hmac(&temp, &[&second, &[3]]);
    [first, second, third]
}

/// HMAC (RFC 2104) with a key of 64 bytes and a hash with blocks of 128 bytes.
fn hmac(key: &[u8; 64], parts: &[&[u8]]) -> [u8; 64] {
    let padded = |pad: u8| -> [u8; 128] { core::array::from_fn(|at| key.get(at).copied().unwrap_or(0) ^ pad) };
    let mut inner = Blake2b512::new_with_prefix(padded(0x36));
    parts.iter().for_each(|part| inner.update(part));
    Blake2b512::new_with_prefix(padded(0x5c)).chain_update(inner.finalize()).finalize().into()
}
