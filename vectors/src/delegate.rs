//! Delegation of test KEMs to the KEM that they stand for.

use mixwell_pq_kem::{
    Kem,
    kem::{Ciphertext, DecapsulateError, KeyError, KeySource, PrivateKey, PublicKey, Seed, SharedSecret},
};

/// A KEM with the encodings of `K`.
pub(crate) trait Like<K: Kem>:
    Kem<
        PublicBytes = K::PublicBytes,
        PrivateBytes = K::PrivateBytes,
        SeedBytes = K::SeedBytes,
        CiphertextBytes = K::CiphertextBytes,
        SecretBytes = K::SecretBytes,
        Expanded = K::Expanded,
    >
{
}

impl<K: Kem, W> Like<K> for W where
    W: Kem<
            PublicBytes = K::PublicBytes,
            PrivateBytes = K::PrivateBytes,
            SeedBytes = K::SeedBytes,
            CiphertextBytes = K::CiphertextBytes,
            SecretBytes = K::SecretBytes,
            Expanded = K::Expanded,
        >
{
}

pub(crate) fn from_seed<K: Kem, W: Like<K>>(seed: &Seed<W>) -> PrivateKey<W> {
    PrivateKey::from_bytes(*K::from_seed(&Seed::from_bytes(*seed.as_bytes())).as_bytes())
}

pub(crate) fn expand_into<K: Kem, W: Like<K>>(
    source: KeySource<'_, W>,
    public: Option<&mut PublicKey<W>>,
    key: &mut K::Expanded,
) -> Result<(), KeyError> {
    let mut of_k = PublicKey::<K>::default();
    match source {
        KeySource::Seed(seed) => {
            K::expand_into(KeySource::Seed(&Seed::from_bytes(*seed.as_bytes())), Some(&mut of_k), key)?;
        }
        KeySource::Private(private) => {
            K::expand_into(KeySource::Private(&PrivateKey::from_bytes(*private.as_bytes())), Some(&mut of_k), key)?;
        }
    }
    if let Some(public) = public {
        *public.as_bytes_mut() = *of_k.as_bytes();
    }
    Ok(())
}

pub(crate) fn decapsulate<K: Kem, W: Like<K>>(
    key: &K::Expanded,
    ciphertext: &Ciphertext<W>,
    secret: &mut SharedSecret<W>,
) -> Result<(), DecapsulateError> {
    let mut of_k = SharedSecret::<K>::default();
    K::decapsulate(key, &Ciphertext::from_bytes(*ciphertext.as_bytes()), &mut of_k)?;
    *secret.as_bytes_mut() = *of_k.as_bytes();
    Ok(())
}
