//! The KEM tokens of pqXX, over slices of a message.

use super::{HandshakeError, StaticKey};
use crate::noise::{Keyed, TAG_LEN};
use mixwell_pq_kem::{
    ByteArray, Kem,
    kem::{Ciphertext, KeyError, KeySource, PublicKey, Seed, SharedSecret},
};
use rand_core::CryptoRng;

/// A public key in a peer's message.
pub(super) fn public_key<K: Kem>(bytes: &[u8]) -> Result<&PublicKey<K>, HandshakeError> {
    K::PublicBytes::from_slice(bytes).map(PublicKey::from_bytes_ref).ok_or(HandshakeError::Key)
}

/// The space for a public key in one of our messages.
pub(super) fn public_key_mut<K: Kem>(bytes: &mut [u8]) -> Result<&mut PublicKey<K>, HandshakeError> {
    K::PublicBytes::from_slice_mut(bytes).map(PublicKey::from_bytes_mut).ok_or(HandshakeError::Key)
}

/// Encapsulates, and writes the ciphertext to `out`, which has its length.
pub(super) fn encapsulate<K: Kem, R: CryptoRng + ?Sized>(
    public: &PublicKey<K>,
    rng: &mut R,
    out: &mut [u8],
) -> Result<SharedSecret<K>, HandshakeError> {
    let ciphertext = K::CiphertextBytes::from_slice_mut(out).map(Ciphertext::from_bytes_mut);
    let mut secret = SharedSecret::default();
    K::encapsulate(public, rng, ciphertext.ok_or(HandshakeError::Failed)?, &mut secret)?;
    Ok(secret)
}

/// Decapsulates the ciphertext `bytes`.
pub(super) fn decapsulate<K: Kem>(key: &K::Expanded, bytes: &[u8]) -> Result<SharedSecret<K>, HandshakeError> {
    let ciphertext = K::CiphertextBytes::from_slice(bytes).map(Ciphertext::from_bytes_ref);
    let mut secret = SharedSecret::default();
    K::decapsulate(key, ciphertext.ok_or(HandshakeError::Failed)?, &mut secret)?;
    Ok(secret)
}

/// Decapsulates with the key derived from a seed. Not inlined, so that the key is off the stack
/// when this returns.
#[inline(never)]
pub(super) fn decapsulate_by_seed<K: Kem>(seed: &Seed<K>, bytes: &[u8]) -> Result<SharedSecret<K>, HandshakeError> {
    let mut key = K::Expanded::default();
    K::expand_into(KeySource::Seed(seed), None, &mut key)?;
    decapsulate::<K>(&key, bytes)
}

/// Derives the public key from a seed. Not inlined, as above.
#[inline(never)]
pub(super) fn public_from_seed<K: Kem>(seed: &Seed<K>, public: &mut PublicKey<K>) -> Result<(), KeyError> {
    K::expand_into(KeySource::Seed(seed), Some(public), &mut K::Expanded::default())
}

/// `skem`, writing: an encrypted ciphertext.
pub(super) fn send_skem<K: Kem, R: CryptoRng + ?Sized>(
    state: &mut Keyed,
    remote: &PublicKey<K>,
    rng: &mut R,
    out: &mut [u8],
) -> Result<(), HandshakeError> {
    let (ciphertext, _) = out.split_last_chunk_mut::<TAG_LEN>().ok_or(HandshakeError::Failed)?;
    let secret = encapsulate(remote, rng, ciphertext)?;
    state.encrypt_and_hash(out)?;
    state.mix_key_and_hash(secret.as_bytes().as_ref());
    Ok(())
}

/// `skem`, reading.
pub(super) fn receive_skem<K: Kem>(
    state: &mut Keyed,
    key: &StaticKey<'_, K>,
    message: &mut [u8],
) -> Result<(), HandshakeError> {
    let secret = key.decapsulate(state.decrypt_and_hash(message)?)?;
    state.mix_key_and_hash(secret.as_bytes().as_ref());
    Ok(())
}
