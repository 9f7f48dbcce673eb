//! X25519 (RFC 7748, section 5).

mod product;
mod wide;

pub use product::X25519Product;

use crate::nike::{LowOrder, Nike, PrivateKey, PublicKey, SharedSecret};
use core::array::from_fn;
use curve25519_dalek::montgomery::MontgomeryPoint;
use zeroize::Zeroizing;

/// X25519: keys and secrets of 32 bytes; private keys are stored unclamped.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct X25519;

impl Nike for X25519 {
    const NAME: &'static str = "x25519";

    type PublicBytes = [u8; 32];
    type PrivateBytes = [u8; 32];
    type SecretBytes = [u8; 32];
    type Product = X25519Product;

    fn public_key(private: &PrivateKey<Self>) -> PublicKey<Self> {
        PublicKey::from_bytes(multiply_base(private.as_bytes()))
    }

    fn exchange(private: &PrivateKey<Self>, public: &PublicKey<Self>) -> Result<SharedSecret<Self>, LowOrder> {
        SharedSecret::new(*multiply(private.as_bytes(), public.as_bytes()))
    }

    fn blind(public: &PublicKey<Self>, factor: &PrivateKey<Self>) -> Result<PublicKey<Self>, LowOrder> {
        Self::exchange(factor, public).map(|secret| PublicKey::from_bytes(*secret.as_bytes()))
    }

    /// Eight at once where the processor has AVX-512 with IFMA, in the time of about one.
    fn exchange_each<const N: usize>(
        pairs: [Option<(&PrivateKey<Self>, &PublicKey<Self>)>; N],
    ) -> [Option<Result<SharedSecret<Self>, LowOrder>>; N] {
        let mut secrets = [const { None }; N];
        for (secrets, pairs) in secrets.chunks_mut(wide::LANES).zip(pairs.chunks(wide::LANES)) {
            let pair = |lane: usize| pairs.get(lane).copied().flatten();
            let scalars = from_fn(|lane| pair(lane).map_or(&[0; 32], |(private, _)| private.as_bytes()));
            let us = from_fn(|lane| pair(lane).map_or(&[0; 32], |(_, public)| public.as_bytes()));
            let wide = if pairs.iter().flatten().count() > 1 { wide::multiply(scalars, us) } else { None };
            let wide = wide.map(Zeroizing::new);
            for (lane, secret) in secrets.iter_mut().enumerate() {
                let wide = wide.as_ref().and_then(|secrets| secrets.get(lane));
                *secret = pair(lane).map(|(private, public)| match wide {
                    Some(bytes) => SharedSecret::new(*bytes),
                    None => Self::exchange(private, public),
                });
            }
        }
        secrets
    }

    fn blind_each<const N: usize>(
        pairs: [Option<(&PublicKey<Self>, &PrivateKey<Self>)>; N],
    ) -> [Option<Result<PublicKey<Self>, LowOrder>>; N] {
        Self::exchange_each(pairs.map(|pair| pair.map(|(public, factor)| (factor, public))))
            .map(|secret| secret.map(|secret| Ok(PublicKey::from_bytes(*secret?.as_bytes()))))
    }
}

/// The function of RFC 7748, whatever it gives.
pub(crate) fn multiply(private: &[u8; 32], u: &[u8; 32]) -> Zeroizing<[u8; 32]> {
    Zeroizing::new(MontgomeryPoint(*u).mul_clamped(*private).to_bytes())
}

pub(crate) fn multiply_base(private: &[u8; 32]) -> [u8; 32] {
    MontgomeryPoint::mul_base_clamped(*private).to_bytes()
}
