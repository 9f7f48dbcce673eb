//! Messages of 32 bytes and more (AEZ v5, §2: `AEZ-core`): pairs of blocks, a rest of under 32 bytes, two last blocks.

mod pairs;
mod partial;
mod rest;

use self::{pairs::Pairs, rest::Rest};
use crate::{
    aez::Direction,
    engine::{Block, Engine},
};

/// Enciphers or deciphers a message whose last two blocks are `mx` and `my`, in place.
#[inline(always)]
pub(crate) fn encipher<E: Engine>(
    engine: &E,
    nonce: &[u8; 16],
    direction: Direction,
    before: &mut [u8],
    [mx, my]: [&mut [u8; 16]; 2],
) {
    let (blocks, partial) = before.as_chunks_mut();
    let (pairs, whole) = blocks.as_chunks_mut();
    let mut pairs = Pairs::new(pairs);
    let mut rest = Rest::new(whole.first_mut(), partial);

    let offsets = engine.offsets();
    let [e1, e2, _, e4, e5, ..] = offsets.of_single_blocks();
    let [ten1, ten2, _, ten4, ten5, ..] = offsets.l;
    let ([e_in, e_out], [ten_in, ten_out]) = match direction {
        Direction::Encrypt => ([e1, e2], [ten1, ten2]),
        Direction::Decrypt => ([e2, e1], [ten2, ten1]),
    };

    let [left, right] = [E::Block::from_bytes(mx), E::Block::from_bytes(my)];
    // below, what is known early is added up before what comes late
    let [length, nonce] = offsets.tweak(nonce);
    let zero = E::Block::zero();
    let ([length, nonce, hiding], hash) = if rest.is_empty() {
        (engine.four([length, nonce, right ^ e_in], [zero; 3]), zero)
    } else {
        let [u, v] = rest.padded::<E::Block>();
        let [length, nonce, hiding, u, v] = engine.four([length, nonce, right ^ e_in, u ^ e4, v ^ e5], [zero; 5]);
        ([length, nonce, hiding], rest.hash(u, v))
    };
    let tweak = length ^ nonce;
    let known = (left ^ hiding) ^ (tweak ^ hash);
    let (x, kept) = pairs.first_pass(engine);

    // nothing overlaps with these rounds, which give S = Sx ⊕ Sy
    let s_x = known ^ x;
    let [s] = engine.ten([(known ^ ten_in) ^ x], [s_x ^ right]);

    let (s_y, ten_out) = (s ^ s_x, s ^ (s_x ^ ten_out));
    let (c_y, known) = if rest.is_empty() {
        let [out] = engine.ten([ten_out], [s_x ^ e_out]);
        let [known] = engine.four([out], [s_y ^ tweak]);
        (out ^ e_out, known)
    } else {
        let [out, u, v] = engine.ten([ten_out, s ^ ten4, s ^ ten5], [s_x ^ e_out, zero, zero]);
        rest.add(u, v);
        let [u, v] = rest.padded::<E::Block>();
        let [known, u, v] = engine.four([out, u ^ e4, v ^ e5], [s_y ^ tweak, zero, zero]);
        (out ^ e_out, known ^ rest.hash(u, v))
    };
    let y = pairs.second_pass(engine, s, kept);

    *mx = (known ^ y).to_bytes();
    *my = c_y.to_bytes();
}
