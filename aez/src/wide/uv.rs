//! M_uv: the bytes between the pairs and the last two blocks, fewer than 32.

use super::partial;
use crate::block::Block;

/// M_u, and M_v if there are 16 bytes or more: a whole block, then a partial one.
pub(super) struct Muv<'a> {
    whole: Option<&'a mut [u8; 16]>,
    /// Fewer than 16 bytes, after the whole block if there is one.
    partial: &'a mut [u8],
    /// `partial` as a little-endian number.
    number: u128,
}

impl<'a> Muv<'a> {
    #[inline(always)]
    pub(super) fn new(whole: Option<&'a mut [u8; 16]>, partial: &'a mut [u8]) -> Self {
        Self { number: partial::read(partial), whole, partial }
    }

    pub(super) const fn is_empty(&self) -> bool {
        self.whole.is_none() && self.partial.is_empty()
    }

    /// M_u and M_v, the partial one padded by `10*`; zeros for M_v if there is none.
    #[inline(always)]
    pub(super) fn padded<B: Block>(&self) -> [B; 2] {
        let padded = B::from_bytes(&(self.number | 0x80 << partial::bits(self.partial)).to_le_bytes());
        match &self.whole {
            Some(whole) => [B::from_bytes(whole), padded],
            None => [padded, B::zero()],
        }
    }

    /// X_uv from E(0, 4, M_u) and E(0, 5, M_v), or Y_uv from those of C_u and C_v.
    #[inline(always)]
    pub(super) fn hash<B: Block>(&self, u: B, v: B) -> B {
        match &self.whole {
            Some(_) => u ^ v,
            None => u,
        }
    }

    /// Makes C_u and C_v in place by XORing two blocks of key stream onto M_u and M_v.
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
