//! The pairs of blocks, eight at a time.

use crate::{
    engine::{Block, Engine, Pair},
    field::double,
    offsets::Offsets,
};
use zeroize::Zeroizing;

pub(super) struct Pairs<'a> {
    eights: &'a mut [[Pair; 8]],
    /// Fewer than eight.
    left_over: &'a mut [Pair],
    /// Where these are worked on, filled up with zeros.
    padded: Zeroizing<[Pair; 8]>,
}

impl<'a> Pairs<'a> {
    #[inline(always)]
    pub(super) fn new(pairs: &'a mut [Pair]) -> Self {
        let (eights, left_over) = pairs.as_chunks_mut();
        Self { eights, left_over, padded: Zeroizing::new([[[0; 16]; 2]; 8]) }
    }

    /// Makes (Mi, Mi') into (Wi, Xi) and gives the sum of the Xi.
    #[inline(always)]
    pub(super) fn first_pass<E: Engine>(&mut self, engine: &E, offsets: &Offsets<E::Block>) -> E::Block {
        let mut sum = E::Block::zero();
        let mut ladder = offsets.two_i;
        for eight in &mut *self.eights {
            sum = sum ^ first(engine, offsets, ladder, eight, 8);
            ladder = double(ladder);
        }
        if !self.left_over.is_empty() {
            for (padded, pair) in self.padded.iter_mut().zip(&*self.left_over) {
                *padded = *pair;
            }
            sum = sum ^ first(engine, offsets, ladder, &mut self.padded, self.left_over.len());
        }
        sum
    }

    /// Makes (Wi, Xi) into (Ci, Ci') and gives the sum of the Yi.
    #[inline(always)]
    pub(super) fn second_pass<E: Engine>(&mut self, engine: &E, offsets: &Offsets<E::Block>, s: E::Block) -> E::Block {
        let mut sum = E::Block::zero();
        let mut ladder = offsets.two_i;
        for eight in &mut *self.eights {
            sum = sum ^ second(engine, offsets, ladder, s, eight, 8);
            ladder = double(ladder);
        }
        if !self.left_over.is_empty() {
            sum = sum ^ second(engine, offsets, ladder, s, &mut self.padded, self.left_over.len());
            for (pair, padded) in self.left_over.iter_mut().zip(&*self.padded) {
                *pair = *padded;
            }
        }
        sum
    }
}

/// `ladder` is 2^⌈i/8⌉·I of these eight pairs, of which `count` are the message's.
#[inline(always)]
fn first<E: Engine>(
    engine: &E,
    offsets: &Offsets<E::Block>,
    ladder: u128,
    pairs: &mut [Pair; 8],
    count: usize,
) -> E::Block {
    let offset = engine.splat(E::Block::from_number(ladder) ^ offsets.j) ^ engine.multiples_of_l();
    let [left, right] = engine.load(pairs);
    let w = engine.rounds4(right, offset, left);
    let x = engine.rounds4(w, engine.splat(offsets.i), right);
    engine.stash([w, x], pairs);
    engine.sum(x, count)
}

#[inline(always)]
fn second<E: Engine>(
    engine: &E,
    offsets: &Offsets<E::Block>,
    ladder: u128,
    s: E::Block,
    pairs: &mut [Pair; 8],
    count: usize,
) -> E::Block {
    let offset = engine.splat(E::Block::from_number(ladder) ^ offsets.j) ^ engine.multiples_of_l();
    let zero = engine.splat(E::Block::zero());
    let [w, x] = engine.unstash(pairs);
    let s = engine.rounds4(engine.splat(s ^ offsets.three_j), offset, zero);
    let (y, z) = (w ^ s, x ^ s);
    let right = engine.rounds4(z, engine.splat(offsets.i), y);
    let left = engine.rounds4(right, offset, z);
    engine.store([left, right], pairs);
    engine.sum(y, count)
}
