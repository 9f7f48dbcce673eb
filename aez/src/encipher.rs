//! AEZ's choice by the message's length (AEZ v5, §2: `Encipher`).

use crate::{direction::Direction, engine::Engine, tiny, wide};

/// Enciphers or deciphers a message in place.
///
/// This function and everything below it is `#[inline(always)]`: a back end's instructions can only
/// be used in a function that enables them, and that is the back end's entry point, which calls
/// this one.
#[inline(always)]
pub(crate) fn encipher(engine: &impl Engine, nonce: &[u8; 16], direction: Direction, message: &mut [u8]) {
    if message.len() < 32 {
        tiny::encipher(engine, nonce, direction, message);
    } else if let Some((front, m_y)) = message.split_last_chunk_mut()
        && let Some((front, m_x)) = front.split_last_chunk_mut()
    {
        wide::encipher(engine, nonce, direction, front, [m_x, m_y]);
    }
}
