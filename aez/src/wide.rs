//! Messages of 32 bytes and more (AEZ v5, §2: `AEZ-core`).
//!
//! The message is M_1 M_1' … M_m M_m' M_uv M_x M_y: pairs of blocks, a rest of fewer than 32 bytes,
//! and the last two blocks.

mod partial;
mod uv;

use self::uv::Muv;
use crate::{block::Block, direction::Direction, engine::Engine};

/// Enciphers or deciphers a message whose last two blocks are `m_x` and `m_y`, in place.
///
/// Each step XORs the operands that are ready first: results of a pass or of AES10 are on the
/// critical path.
#[inline(always)]
pub(crate) fn encipher<E: Engine>(
    engine: &E,
    nonce: &[u8; 16],
    direction: Direction,
    front: &mut [u8],
    [m_x, m_y]: [&mut [u8; 16]; 2],
) {
    let (blocks, partial) = front.as_chunks_mut();
    let (pairs, whole) = blocks.as_chunks_mut();
    let mut m_uv = Muv::new(whole.first_mut(), partial);
    let [x_block, y_block] = [E::Block::from_bytes(m_x), E::Block::from_bytes(m_y)];
    let zero = E::Block::zero();

    // The offsets: e_i of E(0, i, ·), ten_i of E(−1, i, ·). Decryption is encryption with the
    // tweaks 1 and 2 exchanged.
    let offsets = engine.offsets();
    let [e_1, e_2, _, e_4, e_5, ..] = offsets.of_single_blocks();
    let [ten_1, ten_2, _, ten_4, ten_5, ..] = offsets.l;
    let ([e_1, e_2], [ten_1, ten_2]) = match direction {
        Direction::Encrypt => ([e_1, e_2], [ten_1, ten_2]),
        Direction::Decrypt => ([e_2, e_1], [ten_2, ten_1]),
    };

    // Δ = E(3, 1, 0) ⊕ E(4, 1, N) X_uv = E(0, 4, M_u) ⊕ E(0, 5, M_v), for those of M_u and M_v that
    // exist
    let [tau, nonce] = offsets.tweak(nonce);
    let ([tau, nonce, hidden_y], x_uv) = if m_uv.is_empty() {
        (engine.aes4([tau, nonce, y_block ^ e_1], [zero; 3]), zero)
    } else {
        let [u, v] = m_uv.padded::<E::Block>();
        let [tau, nonce, hidden_y, u, v] = engine.aes4([tau, nonce, y_block ^ e_1, u ^ e_4, v ^ e_5], [zero; 5]);
        ([tau, nonce, hidden_y], m_uv.hash(u, v))
    };
    let delta = tau ^ nonce;

    // X = X_1 ⊕ … ⊕ X_m ⊕ X_uv
    // S_x = M_x ⊕ Δ ⊕ X ⊕ E(0, 1, M_y)
    let early = (x_block ^ hidden_y) ^ (delta ^ x_uv);
    let (x, stash) = engine.pass1(pairs);
    let s_x = early ^ x;

    // S_y = M_y ⊕ E(−1, 1, S_x)
    // S = S_x ⊕ S_y
    let [s] = engine.aes10([(early ^ ten_1) ^ x], [s_x ^ y_block]);
    let s_y = s ^ s_x;

    // C_y = S_x ⊕ E(−1, 2, S_y)
    // C_u = M_u ⊕ E(−1, 4, S)      C_v = M_v ⊕ E(−1, 5, S)
    // C_x = S_y ⊕ Δ ⊕ Y ⊕ E(0, 2, C_y)      Y = Y_1 ⊕ … ⊕ Y_m ⊕ Y_uv      Y_uv = E(0, 4, C_u) ⊕ E(0, 5, C_v)
    // `out` is C_y with the offset of E(0, 2, ·) added, `early` all of C_x but the Y_i.
    let from_s_y = s ^ (s_x ^ ten_2);
    let (c_y, early) = if m_uv.is_empty() {
        let [out] = engine.aes10([from_s_y], [s_x ^ e_2]);
        let [early] = engine.aes4([out], [s_y ^ delta]);
        (out ^ e_2, early)
    } else {
        let [out, u, v] = engine.aes10([from_s_y, s ^ ten_4, s ^ ten_5], [s_x ^ e_2, zero, zero]);
        m_uv.add(u, v);
        let [u, v] = m_uv.padded::<E::Block>();
        let [early, u, v] = engine.aes4([out, u ^ e_4, v ^ e_5], [s_y ^ delta, zero, zero]);
        (out ^ e_2, early ^ m_uv.hash(u, v))
    };
    let y = engine.pass2(pairs, stash, s);

    *m_x = (early ^ y).to_bytes();
    *m_y = c_y.to_bytes();
}
