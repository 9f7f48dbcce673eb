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
        PublicKey::from_bytes(multiply_base(private.as_bytes()))
    }

    fn exchange(private: &PrivateKey<Self>, public: &PublicKey<Self>) -> Result<SharedSecret<Self>, LowOrder> {
        SharedSecret::new(*multiply(private.as_bytes(), public.as_bytes()))
    }

    fn blind(public: &PublicKey<Self>, factor: &PrivateKey<Self>) -> Result<PublicKey<Self>, LowOrder> {
        Self::exchange(factor, public).map(|secret| PublicKey::from_bytes(*secret.as_bytes()))
    }
}

/// The function of RFC 7748, whatever it gives.
pub(crate) fn multiply(private: &[u8; 32], u: &[u8; 32]) -> Zeroizing<[u8; 32]> {
    Zeroizing::new(MontgomeryPoint(*u).mul_clamped(*private).to_bytes())
}

pub(crate) fn multiply_base(private: &[u8; 32]) -> [u8; 32] {
    MontgomeryPoint::mul_base_clamped(*private).to_bytes()
}
