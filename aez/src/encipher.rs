//! The choice by length.

use crate::{aez::Direction, engine::Engine, tiny, wide};

/// Enciphers or deciphers a message in place.
///
/// Always inlined, and all that it calls, down to the engine's instructions: these are only to be had in a function
/// that enables them.
#[inline(always)]
pub(crate) fn encipher(engine: &impl Engine, nonce: &[u8; 16], direction: Direction, message: &mut [u8]) {
    if message.len() < 32 {
        tiny::encipher(engine, nonce, direction, message);
    } else if let Some((front, my)) = message.split_last_chunk_mut()
        && let Some((before, mx)) = front.split_last_chunk_mut()
    {
        wide::encipher(engine, nonce, direction, before, [mx, my]);
    }
}
