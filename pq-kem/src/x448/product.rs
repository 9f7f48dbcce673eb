//! Products of X448 private keys: one ladder, however many factors.

use super::{BASE, X448, clamped, ladder};
use crate::{
    field::Field448,
    nike::{LowOrder, PrivateKey, Product, PublicKey, SharedSecret},
    residues::{Orders, Residues},
};
use core::fmt;
use crypto_bigint::{U448, const_monty_params};
use subtle::Choice;
use zeroize::{ZeroizeOnDrop, Zeroizing};

/// A private key multiplied by blinding keys.
///
/// The factors are multiplied twice, modulo the order of the curve's group and modulo that of its
/// twist. Each [`exchange`](Product::exchange) is one Montgomery ladder with the product that fits
/// the public key, chosen in constant time.
pub struct X448Product(Residues<Curve448, { U448::LIMBS }>);

impl Product<X448> for X448Product {
    fn new(private: &PrivateKey<X448>) -> Self {
        Self(Residues::new(&integer(private)))
    }

    fn multiply(&mut self, factor: &PrivateKey<X448>) {
        self.0.multiply(&integer(factor));
    }

    fn public_key(&self) -> Result<PublicKey<X448>, LowOrder> {
        // the base point is on the curve
        self.times(&BASE, Choice::from(0)).map(|secret| PublicKey::from_bytes(*secret.as_bytes()))
    }

    fn exchange(&self, public: &PublicKey<X448>) -> Result<SharedSecret<X448>, LowOrder> {
        self.times(public.as_bytes(), Field448::from_bytes(public.as_bytes()).is_on_twist(156_326))
    }
}

impl X448Product {
    fn times(&self, u: &[u8; 56], on_twist: Choice) -> Result<SharedSecret<X448>, LowOrder> {
        let scalar = self.0.for_side::<56>(on_twist);
        SharedSecret::new(ladder::multiply(u, &scalar, Curve448::SHIFT))
    }
}

impl fmt::Debug for X448Product {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("X448Product(..)")
    }
}

impl ZeroizeOnDrop for X448Product {}

fn integer(private: &PrivateKey<X448>) -> Zeroizing<U448> {
    Zeroizing::new(U448::from_le_slice(clamped(private).as_slice()))
}

/// Curve448: 4ℓ points; its twist has 2p + 2 − 4ℓ = 4ℓ'.
struct Curve448;

impl Orders<{ U448::LIMBS }> for Curve448 {
    type Curve = CurveOrder;
    type Twist = TwistOrder;
    const SHIFT: u32 = 2;
}

const_monty_params!(
    CurveOrder,
    U448,
    "3fffffffffffffffffffffffffffffffffffffffffffffffffffffff7cca23e9c44edb49aed63690216cc2728dc58f552378c292ab5844f3",
    "ℓ = 2⁴⁴⁶ − 13818066809895115352007386748515426880336692474882178609894547503885."
);

const_monty_params!(
    TwistOrder,
    U448,
    "400000000000000000000000000000000000000000000000000000000335dc163bb124b65129c96fde933d8d723a70aadc873d6d54a7bb0d",
    "ℓ' = (p + 1)/2 − ℓ."
);
