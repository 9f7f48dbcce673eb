//! The KEM tokens of pqXX, over slices of a message.

use super::{HandshakeError, StaticKey};
use crate::noise::{Keyed, TAG_LEN};
use mixwell_pq_kem::{
    ByteArray, Kem,
    kem::{Ciphertext, PublicKey, Seed, SharedSecret},
};
use rand_core::CryptoRng;

/// A public key in a peer's message.
pub(super) fn public_key<K: Kem>(bytes: &[u8]) -> Result<PublicKey<K>, HandshakeError> {
    K::PublicBytes::from_slice(bytes).copied().map(PublicKey::from_bytes).ok_or(HandshakeError::Key)
}

/// Encapsulates, and writes the ciphertext to `out`, which has its length. Not inlined, as below.
#[inline(never)]
pub(super) fn encapsulate<K: Kem, R: CryptoRng + ?Sized>(
    public: &PublicKey<K>,
    rng: &mut R,
    out: &mut [u8],
) -> Result<SharedSecret<K>, HandshakeError> {
    let (mut ciphertext, mut secret) = (Ciphertext::default(), SharedSecret::default());
    K::encapsulate(public, rng, &mut ciphertext, &mut secret)?;
    out.copy_from_slice(ciphertext.as_bytes().as_ref());
    Ok(secret)
}

/// Decapsulates the ciphertext `bytes`. Not inlined: the copy of it is gone when this returns.
#[inline(never)]
pub(super) fn decapsulate<K: Kem>(key: &K::Expanded, bytes: &[u8]) -> Result<SharedSecret<K>, HandshakeError> {
    let ciphertext = K::CiphertextBytes::from_slice(bytes).copied().map(Ciphertext::from_bytes);
    let mut secret = SharedSecret::default();
    K::decapsulate(key, &ciphertext.ok_or(HandshakeError::Failed)?, &mut secret)?;
    Ok(secret)
}

/// Decapsulates with the key that comes of a seed. Not inlined: the key is gone when this returns.
#[inline(never)]
pub(super) fn decapsulate_by_seed<K: Kem>(seed: &Seed<K>, bytes: &[u8]) -> Result<SharedSecret<K>, HandshakeError> {
    let mut key = K::Expanded::default();
    K::expand_seed(seed, &mut key)?;
    decapsulate::<K>(&key, bytes)
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
