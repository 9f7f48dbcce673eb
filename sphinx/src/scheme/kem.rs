//! KEM Sphinx: a ciphertext for every hop, each inside the block of the hop before it.

use super::{BadKey, SchemeKeys, Steps};
use crate::{geometry::SchemeInfo, keys::HopKeys};
use core::marker::PhantomData;
use mixwell_pq_kem::{
    ByteArray, KeyLength,
    kem::{self, Ciphertext, DecapsulateError, KeyError, KeySource, PublicKey, SharedSecret},
};
use rand_core::CryptoRng;
use zeroize::ZeroizeOnDrop;

/// KEM Sphinx with the KEM `K`, as in `Sphinx<Kem<XWing>>`.
///
/// ```
/// use mixwell_pq_kem::{XWing, kem::PrivateKey};
/// use mixwell_sphinx::{Geometry, Kem, Sphinx};
///
/// let sphinx = Sphinx::<Kem<XWing>>::new(Geometry::of::<Kem<XWing>>(5, 2000, true)?)?;
/// // a hop's keys: the public one for senders, the expanded one to open packets with
/// let private = PrivateKey::<XWing>::generate(&mut rand::rng());
/// let (public, mix_key) = (private.public_key()?, private.expand()?);
/// # drop((sphinx, public, mix_key));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone, Copy)]
pub struct Kem<K>(PhantomData<K>);

impl<K: kem::Kem> SchemeKeys for Kem<K> {
    const INFO: SchemeInfo = SchemeInfo::kem(K::NAME, K::CiphertextBytes::LEN);

    const PUBLIC_KEY_LEN: usize = K::PublicBytes::LEN;
    const STORED_KEY_LEN: usize = K::PrivateBytes::LEN;

    type PublicKey = PublicKey<K>;
    type StoredKey = kem::PrivateKey<K>;
    type PrivateKey = K::Expanded;

    fn generate<R: CryptoRng + ?Sized>(rng: &mut R) -> kem::PrivateKey<K> {
        kem::PrivateKey::generate(rng)
    }

    fn expand(stored: &kem::PrivateKey<K>) -> Result<(K::Expanded, PublicKey<K>), KeyError> {
        let (mut private, mut public) = (K::Expanded::default(), PublicKey::default());
        K::expand_into(KeySource::Private(stored), Some(&mut public), &mut private)?;
        Ok((private, public))
    }

    fn public_key_ref(bytes: &[u8]) -> Result<&PublicKey<K>, KeyLength> {
        bytes.try_into()
    }
}

/// The state of a KEM's sender, which is empty: every hop has an independent secret.
#[derive(Debug)]
pub(crate) struct Stateless;

impl ZeroizeOnDrop for Stateless {}

impl<K: kem::Kem> Steps for Kem<K> {
    type Element = K::CiphertextBytes;
    type Prepared = ();
    type Sender = Stateless;

    fn sender<R: CryptoRng + ?Sized>(_: &mut R) -> Stateless {
        Stateless
    }

    fn next_hop<R: CryptoRng + ?Sized>(
        _: &mut Stateless,
        public: &PublicKey<K>,
        rng: &mut R,
        element: &mut Self::Element,
    ) -> Result<HopKeys, BadKey> {
        let mut ciphertext = Ciphertext::default();
        let mut secret = SharedSecret::default();
        K::encapsulate(public, rng, &mut ciphertext, &mut secret)?;
        *element = *ciphertext.as_bytes();
        Ok(HopKeys::derive(secret.as_bytes().as_ref()))
    }

    fn blind_sender(_: &mut Stateless, _: &HopKeys) {}

    fn receive(private: &K::Expanded, element: &Self::Element) -> Result<HopKeys, BadKey> {
        let mut secret = SharedSecret::default();
        K::decapsulate(private, &Ciphertext::from_bytes(*element), &mut secret)?;
        Ok(HopKeys::derive(secret.as_bytes().as_ref()))
    }

    fn prepare(_: &Self::Element) {}

    fn receive_prepared(private: &K::Expanded, element: &Self::Element, (): &()) -> Result<HopKeys, BadKey> {
        Self::receive(private, element)
    }

    fn next_element_prepared(
        element: &Self::Element,
        (): &(),
        keys: &HopKeys,
        in_block: &[u8],
    ) -> Result<Self::Element, BadKey> {
        Self::next_element(element, keys, in_block)
    }

    fn receive_each<const N: usize>(
        private: &K::Expanded,
        elements: [Option<&Self::Element>; N],
    ) -> [Option<Result<HopKeys, BadKey>>; N] {
        let secrets = elements.map(|element| {
            element.map(|element| {
                let mut secret = SharedSecret::<K>::default();
                K::decapsulate(private, &Ciphertext::from_bytes(*element), &mut secret).map(|()| secret)
            })
        });
        let good = secrets.each_ref().map(|secret| Some(secret.as_ref()?.as_ref().ok()?.as_bytes().as_ref()));
        let mut keys = HopKeys::derive_each(good).into_iter();
        secrets.each_ref().map(|secret| {
            let keys = keys.next().flatten();
            secret.as_ref().map(|_| keys.ok_or(BadKey))
        })
    }

    fn next_element(_: &Self::Element, _: &HopKeys, in_block: &[u8]) -> Result<Self::Element, BadKey> {
        K::CiphertextBytes::from_slice(in_block).copied().ok_or(BadKey)
    }
}

impl From<KeyError> for BadKey {
    fn from(_: KeyError) -> Self {
        Self
    }
}

impl From<DecapsulateError> for BadKey {
    fn from(_: DecapsulateError) -> Self {
        Self
    }
}
