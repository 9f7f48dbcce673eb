//! What is left between the pairs and the last two blocks: under 32 bytes.

use super::partial;
use crate::engine::Block;

pub(super) struct Rest<'a> {
    whole: Option<&'a mut [u8; 16]>,
    /// Under 16 bytes, after the whole block if there is one.
    partial: &'a mut [u8],
    /// The same as a number, little-endian.
    number: u128,
}

impl<'a> Rest<'a> {
    #[inline(always)]
    pub(super) fn new(whole: Option<&'a mut [u8; 16]>, partial: &'a mut [u8]) -> Self {
        Self { number: partial::read(partial), whole, partial }
    }

    pub(super) const fn is_empty(&self) -> bool {
        self.whole.is_none() && self.partial.is_empty()
    }

    /// The blocks for E(0, 4, ·) and E(0, 5, ·).
    #[inline(always)]
    pub(super) fn padded<B: Block>(&self) -> [B; 2] {
        let padded = B::from_bytes(&(self.number | 0x80 << partial::bits(self.partial)).to_le_bytes());
        match &self.whole {
            Some(whole) => [B::from_bytes(whole), padded],
            None => [padded, B::zero()],
        }
    }

    /// The hash, from what E made of these blocks.
    #[inline(always)]
    pub(super) fn hash<B: Block>(&self, u: B, v: B) -> B {
        match &self.whole {
            Some(_) => u ^ v,
            None => u,
        }
    }

    /// Adds two blocks of key stream.
    #[inline(always)]
    pub(super) fn add<B: Block>(&mut self, u: B, v: B) {
        let partial_key = match &mut self.whole {
            Some(whole) => {
                **whole = (B::from_bytes(whole) ^ u).to_bytes();
                v
            }
            None => u,
        };
        let unused = u128::MAX << partial::bits(self.partial);
        self.number = (self.number ^ u128::from_le_bytes(partial_key.to_bytes())) & !unused;
        partial::write(self.partial, self.number);
    }
}
