//! Products of any number of clamped scalars, in constant space.

use core::marker::PhantomData;
use crypto_bigint::{
    Uint,
    modular::{ConstMontyForm, ConstMontyParams},
};
use subtle::{Choice, ConditionallySelectable};
use zeroize::{Zeroize, ZeroizeOnDrop, Zeroizing};

/// A Montgomery curve and its twist: their groups have `h·ℓ` and `h'·ℓ'` points, where `h` and `h'`
/// divide 2^`SHIFT` and `ℓ` and `ℓ'` are odd primes. A clamped scalar is a multiple of 2^`SHIFT`.
pub(crate) trait Orders<const LIMBS: usize> {
    /// `ℓ`, a little longer than a clamped scalar without its `SHIFT` zeros.
    type Curve: ConstMontyParams<LIMBS>;
    /// `ℓ'`.
    type Twist: ConstMontyParams<LIMBS>;
    /// The zeros at the low end of a clamped scalar.
    const SHIFT: u32;
}

/// A product k of clamped scalars.
///
/// Kept as k/2^`SHIFT` modulo ℓ and modulo ℓ'. The residue times 2^`SHIFT` is then the same as k
/// both modulo ℓ and modulo the cofactor, hence modulo the group's order: it multiplies every point
/// of the curve (or twist), in a small subgroup or not, to the same result as k.
pub(crate) struct Residues<O: Orders<LIMBS>, const LIMBS: usize> {
    curve: ConstMontyForm<O::Curve, LIMBS>,
    twist: ConstMontyForm<O::Twist, LIMBS>,
    orders: PhantomData<O>,
}

impl<O: Orders<LIMBS>, const LIMBS: usize> Residues<O, LIMBS> {
    /// `clamped` alone.
    pub(crate) fn new(clamped: &Uint<LIMBS>) -> Self {
        let mut short = clamped.shr(O::SHIFT);
        let residues =
            Self { curve: ConstMontyForm::new(&short), twist: ConstMontyForm::new(&short), orders: PhantomData };
        short.zeroize();
        residues
    }

    /// Multiplies by another clamped scalar.
    pub(crate) fn multiply(&mut self, clamped: &Uint<LIMBS>) {
        let (mut curve, mut twist) = (ConstMontyForm::new(clamped), ConstMontyForm::new(clamped));
        self.curve = self.curve.mul(&curve);
        self.twist = self.twist.mul(&twist);
        curve.zeroize();
        twist.zeroize();
    }

    /// The product modulo ℓ, little-endian: for points of that order. `N` is the length of ℓ.
    #[cfg(feature = "x25519")]
    pub(crate) fn modulo_curve_prime<const N: usize>(&self) -> Zeroizing<[u8; N]> {
        let mut product = self.curve.mul(&ConstMontyForm::new(&Uint::ONE.shl(O::SHIFT)));
        let bytes = to_bytes(&product);
        product.zeroize();
        bytes
    }

    /// The product divided by 2^`SHIFT`, little-endian, modulo ℓ or, if `twist`, ℓ'.
    pub(crate) fn for_side<const N: usize>(&self, twist: Choice) -> Zeroizing<[u8; N]> {
        let mut bytes = to_bytes(&self.curve);
        for (byte, other) in bytes.iter_mut().zip(to_bytes::<_, LIMBS, N>(&self.twist).iter()) {
            byte.conditional_assign(other, twist);
        }
        bytes
    }
}

fn to_bytes<M: ConstMontyParams<LIMBS>, const LIMBS: usize, const N: usize>(
    residue: &ConstMontyForm<M, LIMBS>,
) -> Zeroizing<[u8; N]> {
    let integer = Zeroizing::new(residue.retrieve());
    let mut encoded = integer.to_le_bytes();
    let mut bytes = Zeroizing::new([0; N]);
    bytes.iter_mut().zip(encoded.as_ref()).for_each(|(byte, encoded)| *byte = *encoded);
    encoded.as_mut().zeroize();
    bytes
}

impl<O: Orders<LIMBS>, const LIMBS: usize> Drop for Residues<O, LIMBS> {
    fn drop(&mut self) {
        self.curve.zeroize();
        self.twist.zeroize();
    }
}

impl<O: Orders<LIMBS>, const LIMBS: usize> ZeroizeOnDrop for Residues<O, LIMBS> {}
