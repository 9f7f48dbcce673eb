//! A block of 16 bytes, and a pair of blocks.

use crate::field::double;
use core::ops::BitXor;
use zeroize::Zeroize;

/// M_i and M_i', two neighbouring blocks of the message; replaced by W_i and X_i, then by C_i and
/// C_i'.
pub(crate) type Pair = [[u8; 16]; 2];

/// One block, in the form that the back end computes with.
pub(crate) trait Block: Copy + BitXor<Output = Self> + Zeroize {
    fn from_bytes(bytes: &[u8; 16]) -> Self;

    fn to_bytes(self) -> [u8; 16];

    /// The block whose bytes are the big-endian number.
    fn from_number(number: u128) -> Self;

    #[inline(always)]
    fn to_number(self) -> u128 {
        u128::from_be_bytes(self.to_bytes())
    }

    /// 2·B in GF(2¹²⁸).
    #[inline(always)]
    fn double(self) -> Self {
        Self::from_number(double(self.to_number()))
    }

    #[inline(always)]
    fn zero() -> Self {
        Self::from_number(0)
    }
}
