//! The pairs of blocks, eight at a time.

use crate::{
    engine::{Block, Engine, Pair},
    field::double,
};
use zeroize::Zeroize;

pub(super) struct Pairs<'a> {
    eights: &'a mut [[Pair; 8]],
    /// Fewer than eight.
    left_over: &'a mut [Pair],
    /// Where these are worked on, filled up with zeros.
    padded: [Pair; 8],
}

impl<'a> Pairs<'a> {
    #[inline(always)]
    pub(super) fn new(pairs: &'a mut [Pair]) -> Self {
        let (eights, left_over) = pairs.as_chunks_mut();
        Self { eights, left_over, padded: [[[0; 16]; 2]; 8] }
    }

    /// Makes (Mi, Mi') into (Wi, Xi) and gives the sum of the Xi.
    #[inline(always)]
    pub(super) fn first_pass<E: Engine>(&mut self, engine: &E) -> E::Block {
        let mut common = Common::new(engine);
        let mut sum = E::Block::zero();
        for eight in &mut *self.eights {
            sum = sum ^ engine.first_pass(eight, common.next(), 8);
        }
        if !self.left_over.is_empty() {
            for (padded, pair) in self.padded.iter_mut().zip(&*self.left_over) {
                *padded = *pair;
            }
            sum = sum ^ engine.first_pass(&mut self.padded, common.next(), self.left_over.len());
        }
        sum
    }

    /// Makes (Wi, Xi) into (Ci, Ci') and gives the sum of the Yi.
    #[inline(always)]
    pub(super) fn second_pass<E: Engine>(&mut self, engine: &E, s: E::Block) -> E::Block {
        let s = s ^ engine.offsets().three_j;
        let mut common = Common::new(engine);
        let mut sum = E::Block::zero();
        for eight in &mut *self.eights {
            sum = sum ^ engine.second_pass(eight, common.next(), s, 8);
        }
        if !self.left_over.is_empty() {
            sum = sum ^ engine.second_pass(&mut self.padded, common.next(), s, self.left_over.len());
            for (pair, padded) in self.left_over.iter_mut().zip(&self.padded) {
                *pair = *padded;
            }
        }
        sum
    }
}

impl Drop for Pairs<'_> {
    #[inline(always)]
    fn drop(&mut self) {
        if !self.left_over.is_empty() {
            // as one slice, which is wiped many bytes at a time
            self.padded.as_flattened_mut().as_flattened_mut().zeroize();
        }
    }
}

/// What the offsets of eight pairs have in common: those of E(1, i, ·) are J ⊕ 2^⌈i/8⌉·I, then ⊕ (i mod 8)·L.
struct Common<B> {
    ladder: u128,
    j: B,
}

impl<B: Block> Common<B> {
    #[inline(always)]
    fn new(engine: &impl Engine<Block = B>) -> Self {
        Self { ladder: engine.offsets().two_i, j: engine.offsets().j }
    }

    /// That of the next eight pairs.
    #[inline(always)]
    fn next(&mut self) -> B {
        let common = B::from_number(self.ladder) ^ self.j;
        self.ladder = double(self.ladder);
        common
    }
}
