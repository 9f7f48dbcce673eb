//! A key, expanded for one engine.

use crate::{
    aez::Direction,
    engine::Engine,
    offsets::{Offsets, Subkeys},
    tiny, wide,
};

/// Both parts wipe themselves on drop.
pub(crate) struct Expanded<E: Engine> {
    engine: E,
    offsets: Offsets<E::Block>,
}

impl<E: Engine> Expanded<E> {
    #[inline(always)]
    pub(super) fn new(engine: E, key: &Subkeys) -> Self {
        Self { engine, offsets: Offsets::new(key) }
    }

    /// Always inlined, down to the engine's instructions: these are only to be had in a function that enables them.
    #[inline(always)]
    pub(super) fn encipher(&self, nonce: &[u8; 16], direction: Direction, message: &mut [u8]) {
        if message.len() < 32 {
            tiny::encipher(&self.engine, &self.offsets, nonce, direction, message);
        } else if let Some((front, my)) = message.split_last_chunk_mut()
            && let Some((before, mx)) = front.split_last_chunk_mut()
        {
            wide::encipher(&self.engine, &self.offsets, nonce, direction, before, [mx, my]);
        }
    }
}
