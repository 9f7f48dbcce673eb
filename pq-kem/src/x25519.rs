//! X25519 (RFC 7748, section 5).

mod product;

pub use product::X25519Product;

use crate::nike::{LowOrder, Nike, PrivateKey, PublicKey, SharedSecret};
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
        PublicKey::from_bytes(MontgomeryPoint::mul_base_clamped(*private.as_bytes()).to_bytes())
    }

    fn exchange(private: &PrivateKey<Self>, public: &PublicKey<Self>) -> Result<SharedSecret<Self>, LowOrder> {
        let point = MontgomeryPoint(*public.as_bytes());
        SharedSecret::new(Zeroizing::new(point.mul_clamped(*private.as_bytes())).to_bytes())
    }

    fn blind(public: &PublicKey<Self>, factor: &PrivateKey<Self>) -> Result<PublicKey<Self>, LowOrder> {
        Self::exchange(factor, public).map(|secret| PublicKey::from_bytes(*secret.as_bytes()))
    }
}
