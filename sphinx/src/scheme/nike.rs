//! NIKE Sphinx: one group element, blinded at every hop.

use super::{BadKey, SchemeKeys, Steps};
use crate::{geometry::SchemeInfo, keys::HopKeys};
use chacha20::{
    ChaCha20Legacy,
    cipher::{KeyIvInit, StreamCipher},
};
use mixwell_pq_kem::{
    ByteArray, KeyLength, Nike,
    kem::KeyError,
    nike::{LowOrder, PreparedKey, PrivateKey, Product, PublicKey},
};
use rand_core::CryptoRng;

impl<N: Nike> SchemeKeys for N {
    const INFO: SchemeInfo = SchemeInfo::nike(N::NAME, N::PublicBytes::LEN);

    const PUBLIC_KEY_LEN: usize = N::PublicBytes::LEN;
    const STORED_KEY_LEN: usize = N::PrivateBytes::LEN;

    type PublicKey = PublicKey<N>;
    type StoredKey = PrivateKey<N>;
    type PrivateKey = PrivateKey<N>;

    fn generate<R: CryptoRng + ?Sized>(rng: &mut R) -> PrivateKey<N> {
        PrivateKey::generate(rng)
    }

    fn expand(stored: &PrivateKey<N>) -> Result<(PrivateKey<N>, PublicKey<N>), KeyError> {
        let private = PrivateKey::from_bytes(*stored.as_bytes());
        let public = private.public_key();
        Ok((private, public))
    }

    fn public_key_ref(bytes: &[u8]) -> Result<&PublicKey<N>, KeyLength> {
        bytes.try_into()
    }
}

impl<N: Nike> Steps for N {
    type Element = N::PublicBytes;
    type Prepared = N::Prepared;
    /// The ephemeral private key times the blinding keys of the hops so far.
    type Sender = N::Product;

    fn sender<R: CryptoRng + ?Sized>(rng: &mut R) -> Self::Sender {
        Product::new(&PrivateKey::generate(rng))
    }

    fn next_hop<R: CryptoRng + ?Sized>(
        sender: &mut Self::Sender,
        public: &PublicKey<N>,
        _: &mut R,
        element: &mut Self::Element,
    ) -> Result<HopKeys, BadKey> {
        let (public_key, secret) = sender.public_key_and_exchange(public)?;
        *element = *public_key.as_bytes();
        Ok(HopKeys::derive(secret.as_bytes().as_ref()))
    }

    fn blind_sender(sender: &mut Self::Sender, keys: &HopKeys) {
        sender.multiply(&blinding_key(keys));
    }

    fn receive(private: &PrivateKey<N>, element: &Self::Element) -> Result<HopKeys, BadKey> {
        let secret = private.exchange(&PublicKey::from_bytes(*element))?;
        Ok(HopKeys::derive(secret.as_bytes().as_ref()))
    }

    fn next_element(element: &Self::Element, keys: &HopKeys, _: &[u8]) -> Result<Self::Element, BadKey> {
        let blinded = N::blind(&PublicKey::from_bytes(*element), &blinding_key(keys))?;
        Ok(*blinded.as_bytes())
    }

    fn prepare(element: &Self::Element) -> N::Prepared {
        PreparedKey::new(&PublicKey::from_bytes(*element))
    }

    fn receive_prepared(private: &PrivateKey<N>, _: &Self::Element, prepared: &N::Prepared) -> Result<HopKeys, BadKey> {
        Ok(HopKeys::derive(prepared.exchange(private)?.as_bytes().as_ref()))
    }

    fn next_element_prepared(
        _: &Self::Element,
        prepared: &N::Prepared,
        keys: &HopKeys,
        _: &[u8],
    ) -> Result<Self::Element, BadKey> {
        Ok(*prepared.blind(&blinding_key(keys))?.as_bytes())
    }

    fn receive_each<const C: usize>(
        private: &PrivateKey<N>,
        elements: [Option<&Self::Element>; C],
    ) -> [Option<Result<HopKeys, BadKey>>; C] {
        let publics = elements.map(|element| element.map(|element| PublicKey::from_bytes(*element)));
        let secrets =
            N::exchange_each(publics.each_ref().map(|public| public.as_ref().map(|public| (private, public))));
        let good = secrets.each_ref().map(|secret| Some(secret.as_ref()?.as_ref().ok()?.as_bytes().as_ref()));
        let mut keys = HopKeys::derive_each(good).into_iter();
        secrets.each_ref().map(|secret| {
            let keys = keys.next().flatten();
            secret.as_ref().map(|_| keys.ok_or(BadKey))
        })
    }

    fn next_element_each<const C: usize>(
        hops: [Option<(&Self::Element, &HopKeys, &[u8])>; C],
    ) -> [Option<Result<Self::Element, BadKey>>; C] {
        let pairs =
            hops.map(|hop| hop.map(|(element, keys, _)| (PublicKey::from_bytes(*element), blinding_key::<N>(keys))));
        N::blind_each(pairs.each_ref().map(|pair| pair.as_ref().map(|(public, factor)| (public, factor))))
            .map(|blinded| blinded.map(|blinded| Ok(*blinded?.as_bytes())))
    }
}

/// The private key derived from a blinding seed: the keystream of the original ChaCha20 with an
/// all-zero nonce (`docs/spec/sphinx.md#blinding`).
pub(crate) fn blinding_key<N: Nike>(keys: &HopKeys) -> PrivateKey<N> {
    let mut key = PrivateKey::<N>::from_bytes(N::PrivateBytes::ZERO);
    let mut stream = ChaCha20Legacy::new((&keys.blinding_seed).into(), &[0; 8].into());
    stream.apply_keystream(key.as_bytes_mut().as_mut());
    key
}

impl From<LowOrder> for BadKey {
    fn from(_: LowOrder) -> Self {
        Self
    }
}
