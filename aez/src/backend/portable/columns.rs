//! Four words side by side: the columns of a block, or of a bit plane.

use crate::block::Block;
use core::ops::{BitXor, BitXorAssign};
use zeroize::Zeroize;

/// A word for each column of the state; as a block, the lowest byte of a word is in the first row.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Columns(pub(super) [u32; 4]);

impl Columns {
    /// Rotates the words `count` places to the left.
    #[inline(always)]
    pub(super) fn rotate(self, count: usize) -> Self {
        let [a, b, c, d] = self.0;
        Self(match count & 3 {
            0 => [a, b, c, d],
            1 => [b, c, d, a],
            2 => [c, d, a, b],
            _ => [d, a, b, c],
        })
    }

    #[inline(always)]
    pub(super) fn map(self, f: impl Fn(u32) -> u32) -> Self {
        Self(self.0.map(f))
    }
}

impl Block for Columns {
    #[inline(always)]
    fn from_bytes(bytes: &[u8; 16]) -> Self {
        let mut columns = [0; 4];
        for (column, bytes) in columns.iter_mut().zip(bytes.as_chunks().0) {
            *column = u32::from_le_bytes(*bytes);
        }
        Self(columns)
    }

    #[inline(always)]
    fn to_bytes(self) -> [u8; 16] {
        let mut bytes = [0; 16];
        for (bytes, column) in bytes.as_chunks_mut().0.iter_mut().zip(self.0) {
            *bytes = column.to_le_bytes();
        }
        bytes
    }

    #[inline(always)]
    fn from_number(number: u128) -> Self {
        Self::from_bytes(&number.to_be_bytes())
    }
}

impl BitXor for Columns {
    type Output = Self;

    #[inline(always)]
    fn bitxor(mut self, other: Self) -> Self {
        self ^= other;
        self
    }
}

impl BitXorAssign for Columns {
    #[inline(always)]
    fn bitxor_assign(&mut self, other: Self) {
        for (word, other) in self.0.iter_mut().zip(other.0) {
            *word ^= other;
        }
    }
}

impl Zeroize for Columns {
    fn zeroize(&mut self) {
        self.0.zeroize();
    }
}
