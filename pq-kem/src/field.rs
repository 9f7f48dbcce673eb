//! Prime fields, on the formally verified arithmetic of `fiat-crypto`.

use subtle::{Choice, ConditionallySelectable, ConstantTimeEq};
use zeroize::Zeroize;

/// Defines a field's element type over the functions of the module `$fiat`.
macro_rules! field {
    ($(#[$doc:meta])* $name:ident, $fiat:ident, $bytes:literal) => {
        $(#[$doc])*
        #[derive(Clone, Copy)]
        pub(crate) struct $name($fiat::Tight);

        // no field uses every operation
        #[allow(dead_code)]
        impl $name {
            pub(crate) const ZERO: Self = Self($fiat::Tight([0; $fiat::LIMBS]));
            pub(crate) const ONE: Self = Self::small(1);

            /// A number below 2²⁴: it fits the lowest limb.
            pub(crate) const fn small(value: u32) -> Self {
                let mut limbs = [0; $fiat::LIMBS];
                limbs[0] = value as $fiat::Limb;
                Self($fiat::Tight(limbs))
            }

            /// The little-endian number, reduced.
            pub(crate) fn from_bytes(bytes: &[u8; $bytes]) -> Self {
                let mut out = Self::ZERO;
                $fiat::from_bytes(&mut out.0, bytes);
                out
            }

            pub(crate) fn to_bytes(self) -> [u8; $bytes] {
                let mut out = [0; $bytes];
                $fiat::to_bytes(&mut out, &self.0);
                out
            }

            pub(crate) fn add(&self, other: &Self) -> $fiat::Loose {
                let mut out = $fiat::Loose([0; $fiat::LIMBS]);
                $fiat::add(&mut out, &self.0, &other.0);
                out
            }

            pub(crate) fn sub(&self, other: &Self) -> $fiat::Loose {
                let mut out = $fiat::Loose([0; $fiat::LIMBS]);
                $fiat::sub(&mut out, &self.0, &other.0);
                out
            }

            pub(crate) fn loose(&self) -> $fiat::Loose {
                let mut out = $fiat::Loose([0; $fiat::LIMBS]);
                $fiat::relax(&mut out, &self.0);
                out
            }

            pub(crate) fn product(a: &$fiat::Loose, b: &$fiat::Loose) -> Self {
                let mut out = Self::ZERO;
                $fiat::carry_mul(&mut out.0, a, b);
                out
            }

            pub(crate) fn square_of(a: &$fiat::Loose) -> Self {
                let mut out = Self::ZERO;
                $fiat::carry_square(&mut out.0, a);
                out
            }

            pub(crate) fn mul(&self, other: &Self) -> Self {
                Self::product(&self.loose(), &other.loose())
            }

            /// Whether v² = u³ + a·u² + u has no solution v: then u belongs to a point of the
            /// twist, not of the curve.
            pub(crate) fn is_on_twist(&self, a: u32) -> Choice {
                let linear = Self::product(&self.add(&Self::small(a)), &self.loose());
                let cubic = Self::product(&linear.add(&Self::ONE), &self.loose());
                let plus_one = Self::product(&cubic.legendre().add(&Self::ONE), &Self::ONE.loose());
                plus_one.to_bytes().ct_eq(&Self::ZERO.to_bytes())
            }

            /// Squares `times` times.
            pub(crate) fn square(&self, times: u32) -> Self {
                (0..times).fold(*self, |x, _| Self::square_of(&x.loose()))
            }

            /// From x^(2^a − 1) = `self` and x^(2^b − 1) = `other`: x^(2^(a+b) − 1).
            fn join(&self, other: &Self, b: u32) -> Self {
                self.square(b).mul(other)
            }

            /// Exchanges the two if `choice`, in constant time.
            pub(crate) fn swap(choice: Choice, a: &mut Self, b: &mut Self) {
                for (x, y) in a.0.0.iter_mut().zip(&mut b.0.0) {
                    ConditionallySelectable::conditional_swap(x, y, choice);
                }
            }
        }

        impl Zeroize for $name {
            fn zeroize(&mut self) {
                self.0.0.zeroize();
            }
        }
    };
}

/// The names of `fiat-crypto`, shortened.
macro_rules! fiat {
    ($alias:ident, $limbs64:literal $module64:ident, $limbs32:literal $module32:ident, $tight:ident, $loose:ident,
     $($function:ident = $name:ident),*) => {
        mod $alias {
            #[cfg(target_pointer_width = "64")]
            use fiat_crypto::$module64 as module;
            #[cfg(not(target_pointer_width = "64"))]
            use fiat_crypto::$module32 as module;

            #[cfg(target_pointer_width = "64")]
            pub(super) type Limb = u64;
            #[cfg(not(target_pointer_width = "64"))]
            pub(super) type Limb = u32;

            #[cfg(target_pointer_width = "64")]
            pub(super) const LIMBS: usize = $limbs64;
            #[cfg(not(target_pointer_width = "64"))]
            pub(super) const LIMBS: usize = $limbs32;

            pub(super) use module::$tight as Tight;
            pub(crate) use module::$loose as Loose;
            pub(super) use module::{$($function as $name),*};
        }
    };
}

#[cfg(all(feature = "x25519", any(not(target_pointer_width = "64"), mixwell_x25519 = "dalek")))]
fiat!(
    p25519, 5 curve25519_64, 10 curve25519_32, fiat_25519_tight_field_element, fiat_25519_loose_field_element,
    fiat_25519_from_bytes = from_bytes, fiat_25519_to_bytes = to_bytes, fiat_25519_add = add, fiat_25519_sub = sub,
    fiat_25519_relax = relax, fiat_25519_carry_mul = carry_mul, fiat_25519_carry_square = carry_square
);

#[cfg(feature = "x448")]
fiat!(
    p448, 8 p448_solinas_64, 16 p448_solinas_32, fiat_p448_tight_field_element, fiat_p448_loose_field_element,
    fiat_p448_from_bytes = from_bytes, fiat_p448_to_bytes = to_bytes, fiat_p448_add = add, fiat_p448_sub = sub,
    fiat_p448_relax = relax, fiat_p448_carry_mul = carry_mul, fiat_p448_carry_square = carry_square
);

#[cfg(all(feature = "x25519", any(not(target_pointer_width = "64"), mixwell_x25519 = "dalek")))]
field! {
    /// An element of the field of 2²⁵⁵ − 19.
    Field25519, p25519, 32
}

#[cfg(feature = "x448")]
field! {
    /// An element of the field of 2⁴⁴⁸ − 2²²⁴ − 1.
    Field448, p448, 56
}

#[cfg(all(feature = "x25519", any(not(target_pointer_width = "64"), mixwell_x25519 = "dalek")))]
#[expect(clippy::similar_names, reason = "onesN is x^(2^N − 1)")]
impl Field25519 {
    /// x^((p−1)/2): 1 for a square, −1 for a non-square, else 0.
    pub(crate) fn legendre(&self) -> Self {
        let ones2 = self.square(1).mul(self);
        let ones4 = ones2.join(&ones2, 2);
        let ones5 = ones4.join(self, 1);
        let ones10 = ones5.join(&ones5, 5);
        let ones20 = ones10.join(&ones10, 10);
        let ones40 = ones20.join(&ones20, 20);
        let ones50 = ones40.join(&ones10, 10);
        let ones100 = ones50.join(&ones50, 50);
        let ones200 = ones100.join(&ones100, 100);
        let ones250 = ones200.join(&ones50, 50);
        // (p−1)/2 = (2²⁵⁰ − 1) · 2⁴ + 6
        ones250.square(4).mul(&ones2.square(1))
    }
}

#[cfg(feature = "x448")]
#[expect(clippy::similar_names, reason = "onesN is x^(2^N − 1)")]
impl Field448 {
    /// x^((p−1)/2): 1 for a square, −1 for a non-square, else 0.
    pub(crate) fn legendre(&self) -> Self {
        let (_, ones223) = self.chain();
        // (p−1)/2 = (2²²³ − 1) · 2²²⁴ + 2²²³ − 1
        ones223.square(224).mul(&ones223)
    }

    /// x^(p−2): the inverse, or 0 for 0.
    pub(crate) fn invert(&self) -> Self {
        let (ones222, ones223) = self.chain();
        // p − 2 = ((2²²³ − 1) · 2²²³ + 2²²² − 1) · 4 + 1
        ones223.square(223).mul(&ones222).square(2).mul(self)
    }

    /// x^(2²²² − 1) and x^(2²²³ − 1).
    fn chain(&self) -> (Self, Self) {
        let ones2 = self.square(1).mul(self);
        let ones3 = ones2.join(self, 1);
        let ones6 = ones3.join(&ones3, 3);
        let ones9 = ones6.join(&ones3, 3);
        let ones18 = ones9.join(&ones9, 9);
        let ones19 = ones18.join(self, 1);
        let ones37 = ones19.join(&ones18, 18);
        let ones74 = ones37.join(&ones37, 37);
        let ones111 = ones74.join(&ones37, 37);
        let ones222 = ones111.join(&ones111, 111);
        (ones222, ones222.join(self, 1))
    }
}
