//! One exchange at a time by `curve25519-dalek`, which has arithmetic for 32-bit processors too.

use crate::field::Field25519;
use curve25519_dalek::{montgomery::MontgomeryPoint, scalar::Scalar};
use subtle::Choice;
use zeroize::{Zeroize, ZeroizeOnDrop, Zeroizing};

/// X25519 (RFC 7748, section 5): the u coordinate of the clamped private key times the point with
/// this `u`.
pub(crate) fn multiply(private: &[u8; 32], u: &[u8; 32]) -> Zeroizing<[u8; 32]> {
    Zeroizing::new(MontgomeryPoint(*u).mul_clamped(*private).to_bytes())
}

/// The same for the base point.
pub(crate) fn multiply_base(private: &[u8; 32]) -> Zeroizing<[u8; 32]> {
    Zeroizing::new(MontgomeryPoint::mul_base_clamped(*private).to_bytes())
}

/// The u coordinate of a number below 2²⁵³ times the base point.
pub(super) fn multiply_base_by(scalar: &[u8; 32]) -> Zeroizing<[u8; 32]> {
    let scalar = Zeroizing::new(Scalar::from_bytes_mod_order(*scalar));
    Zeroizing::new(MontgomeryPoint::mul_base(&scalar).to_bytes())
}

/// The u coordinate of 8 times a number below 2²⁵³, times the point with this `u`.
pub(super) fn multiply_by_8_times(scalar: &[u8; 32], u: &[u8; 32]) -> Zeroizing<[u8; 32]> {
    // by public indices: `chain` and `flat_map` would test a bit to see whether there is one
    let bit = |index: usize| scalar.get(index >> 3).is_some_and(|byte| (byte >> (index & 7)) & 1 == 1);
    let bits = (0..256_usize).rev().map(|index| index.checked_sub(3).is_some_and(bit));
    Zeroizing::new(MontgomeryPoint(*u).mul_bits_be(bits).to_bytes())
}

/// [`multiply_base_by`] and [`multiply_by_8_times`].
pub(super) fn multiply_base_and_u(base_scalar: &[u8; 32], scalar: &[u8; 32], u: &[u8; 32]) -> Zeroizing<[[u8; 32]; 2]> {
    Zeroizing::new([*multiply_base_by(base_scalar), *multiply_by_8_times(scalar, u)])
}

/// A u, for several multiplications: each is one like any other.
#[derive(Zeroize, ZeroizeOnDrop)]
pub(super) struct Prepared([u8; 32]);

impl Prepared {
    pub(super) const fn new(u: &[u8; 32]) -> Self {
        Self(*u)
    }

    pub(super) fn multiply(&self, private: &[u8; 32]) -> Zeroizing<[u8; 32]> {
        multiply(private, &self.0)
    }
}

/// Whether `u` belongs to a point of the curve's twist, in constant time.
pub(super) fn is_on_twist(u: &[u8; 32]) -> Choice {
    let mut u = *u;
    u[31] &= 0x7f; // RFC 7748: the top bit is ignored
    Field25519::from_bytes(&u).is_on_twist(486_662)
}

pub(super) const fn has_adx() -> bool {
    false
}
