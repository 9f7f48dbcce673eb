//! Products of X25519 private keys: one ladder, however many factors.

use super::{X25519, single};
use crate::{
    nike::{LowOrder, PrivateKey, Product, PublicKey, SharedSecret},
    residues::{Orders, Residues},
};
use core::fmt;
use crypto_bigint::{U256, const_monty_params};
use zeroize::{Zeroize, ZeroizeOnDrop, Zeroizing};

/// A private key multiplied by blinding keys.
///
/// The factors are multiplied as numbers modulo the order of the curve's group and, beside it, of
/// its twist's; each [`exchange`](Product::exchange) is one Montgomery ladder with the one that
/// fits the public key, chosen in constant time.
pub struct X25519Product(Residues<Curve25519, { U256::LIMBS }>);

impl Product<X25519> for X25519Product {
    fn new(private: &PrivateKey<X25519>) -> Self {
        Self(Residues::new(&clamped(private)))
    }

    fn multiply(&mut self, factor: &PrivateKey<X25519>) {
        self.0.multiply(&clamped(factor));
    }

    fn public_key(&self) -> Result<PublicKey<X25519>, LowOrder> {
        let scalar = self.0.modulo_curve_prime();
        SharedSecret::<X25519>::new(*single::multiply_base_by(&scalar))
            .map(|secret| PublicKey::from_bytes(*secret.as_bytes()))
    }

    fn exchange(&self, public: &PublicKey<X25519>) -> Result<SharedSecret<X25519>, LowOrder> {
        let u = public.as_bytes();
        // both ℓ and ℓ' are below 2²⁵³
        let scalar = self.0.for_side::<32>(single::is_on_twist(u));
        SharedSecret::new(*single::multiply_by_8_times(&scalar, u))
    }

    /// With one inversion for both.
    fn public_key_and_exchange(
        &self,
        public: &PublicKey<X25519>,
    ) -> Result<(PublicKey<X25519>, SharedSecret<X25519>), LowOrder> {
        let u = public.as_bytes();
        let (for_base, for_u) = (self.0.modulo_curve_prime(), self.0.for_side::<32>(single::is_on_twist(u)));
        let [element, secret] = *single::multiply_base_and_u(&for_base, &for_u, u);
        let element = SharedSecret::<X25519>::new(element)?;
        Ok((PublicKey::from_bytes(*element.as_bytes()), SharedSecret::new(secret)?))
    }
}

impl fmt::Debug for X25519Product {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("X25519Product(..)")
    }
}

impl ZeroizeOnDrop for X25519Product {}

fn clamped(private: &PrivateKey<X25519>) -> Zeroizing<U256> {
    let mut bytes = *private.as_bytes();
    bytes[0] &= 0xf8;
    bytes[31] = bytes[31] & 0x7f | 0x40;
    let scalar = U256::from_le_slice(&bytes);
    bytes.zeroize();
    Zeroizing::new(scalar)
}

/// Curve25519: 8ℓ points; its twist has 2p + 2 − 8ℓ = 4ℓ'.
struct Curve25519;

impl Orders<{ U256::LIMBS }> for Curve25519 {
    type Curve = CurveOrder;
    type Twist = TwistOrder;
    const SHIFT: u32 = 3;
}

const_monty_params!(
    CurveOrder,
    U256,
    "1000000000000000000000000000000014def9dea2f79cd65812631a5cf5d3ed",
    "ℓ = 2²⁵² + 27742317777372353535851937790883648493."
);

const_monty_params!(
    TwistOrder,
    U256,
    "1fffffffffffffffffffffffffffffffd6420c42ba10c6534fdb39cb4614581d",
    "ℓ' = (p + 1)/2 − 2ℓ."
);
