//! X25519 (RFC 7748).

use crate::nike::{LowOrder, Nike, PrivateKey, Product, PublicKey, SharedSecret};
use curve25519_dalek::montgomery::MontgomeryPoint;
use zeroize::{Zeroize, ZeroizeOnDrop, Zeroizing};

/// X25519: keys and secrets of 32 bytes; private keys are stored unclamped.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct X25519;

impl Nike for X25519 {
    const NAME: &'static str = "x25519";

    type PublicBytes = [u8; 32];
    type PrivateBytes = [u8; 32];
    type SecretBytes = [u8; 32];
    type Product = Factors;

    fn public_key(private: &PrivateKey<Self>) -> PublicKey<Self> {
        PublicKey::from_bytes(MontgomeryPoint::mul_base_clamped(*private.as_bytes()).to_bytes())
    }

    fn exchange(private: &PrivateKey<Self>, public: &PublicKey<Self>) -> Result<SharedSecret<Self>, LowOrder> {
        SharedSecret::new(multiply(private, public).to_bytes())
    }

    fn blind(public: &PublicKey<Self>, factor: &PrivateKey<Self>) -> Result<PublicKey<Self>, LowOrder> {
        SharedSecret::<Self>::new(multiply(factor, public).to_bytes()).map(|s| PublicKey::from_bytes(*s.as_bytes()))
    }
}

fn multiply(private: &PrivateKey<X25519>, public: &PublicKey<X25519>) -> Zeroizing<MontgomeryPoint> {
    Zeroizing::new(MontgomeryPoint(*public.as_bytes()).mul_clamped(*private.as_bytes()))
}

/// A private key and the blinding keys that multiply it.
#[derive(Zeroize, ZeroizeOnDrop)]
pub struct Factors {
    keys: [[u8; 32]; 32],
    len: usize,
}

impl Product<X25519> for Factors {
    fn new(private: &PrivateKey<X25519>) -> Self {
        let mut factors = Self { keys: [[0; 32]; 32], len: 0 };
        factors.multiply(private);
        factors
    }

    fn multiply(&mut self, factor: &PrivateKey<X25519>) {
        self.keys[self.len] = *factor.as_bytes();
        self.len += 1;
    }

    fn public_key(&self) -> Result<PublicKey<X25519>, LowOrder> {
        let point = self.keys[1..self.len]
            .iter()
            .fold(MontgomeryPoint::mul_base_clamped(self.keys[0]), |point, key| point.mul_clamped(*key));
        SharedSecret::<X25519>::new(point.to_bytes()).map(|s| PublicKey::from_bytes(*s.as_bytes()))
    }

    fn exchange(&self, public: &PublicKey<X25519>) -> Result<SharedSecret<X25519>, LowOrder> {
        let start = MontgomeryPoint(*public.as_bytes());
        SharedSecret::new(self.keys[..self.len].iter().fold(start, |point, key| point.mul_clamped(*key)).to_bytes())
    }
}
