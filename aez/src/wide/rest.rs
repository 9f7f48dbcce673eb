//! What is left between the pairs and the last two blocks: under 32 bytes.

use crate::engine::Block;

pub(super) struct Rest<'a> {
    pub(super) whole: Option<&'a mut [u8; 16]>,
    /// Under 16 bytes, after the whole block if there is one.
    pub(super) partial: &'a mut [u8],
}

impl Rest<'_> {
    pub(super) const fn is_empty(&self) -> bool {
        self.whole.is_none() && self.partial.is_empty()
    }

    /// The blocks for E(0, 4, ·) and E(0, 5, ·).
    #[inline(always)]
    pub(super) fn padded<B: Block>(&self) -> [B; 2] {
        let mut padded = [0; 16];
        for (padded, byte) in padded.iter_mut().zip(self.partial.iter().chain(&[0x80])) {
            *padded = *byte;
        }
        let padded = B::from_bytes(&padded);
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
        for (byte, key) in self.partial.iter_mut().zip(partial_key.to_bytes()) {
            *byte ^= key;
        }
    }
}
