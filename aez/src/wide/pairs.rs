//! The pairs of blocks, eight at a time.

use crate::engine::{Block, Engine, Pair};

pub(super) struct Pairs<'a> {
    eights: &'a mut [[Pair; 8]],
    /// Fewer than eight.
    left_over: &'a mut [Pair],
}

impl<'a> Pairs<'a> {
    #[inline(always)]
    pub(super) fn new(pairs: &'a mut [Pair]) -> Self {
        let (eights, left_over) = pairs.as_chunks_mut();
        Self { eights, left_over }
    }

    /// Makes (Mi, Mi') into (Wi, Xi) and gives the sum of the Xi.
    #[inline(always)]
    pub(super) fn first_pass<E: Engine>(&mut self, engine: &E) -> (E::Block, Option<E::Kept>) {
        let mut common = Common::new(engine);
        let mut sum = nothing(engine);
        for eight in &mut *self.eights {
            sum = sum ^ engine.first_pass(eight, common.next());
        }
        let mut kept = None;
        if !self.left_over.is_empty() {
            let (x, few) = engine.first_pass_of_few(self.left_over, common.next());
            sum = sum ^ x;
            kept = Some(few);
        }
        (engine.total(sum), kept)
    }

    /// Makes (Wi, Xi) into (Ci, Ci') and gives the sum of the Yi.
    #[inline(always)]
    pub(super) fn second_pass<E: Engine>(&mut self, engine: &E, s: E::Block, kept: Option<E::Kept>) -> E::Block {
        let s = s ^ engine.offsets().three_j;
        let mut common = Common::new(engine);
        let mut sum = nothing(engine);
        for eight in &mut *self.eights {
            sum = sum ^ engine.second_pass(eight, common.next(), s);
        }
        if let Some(kept) = kept {
            sum = sum ^ engine.second_pass_of_few(self.left_over, kept, common.next(), s);
        }
        engine.total(sum)
    }
}

#[inline(always)]
fn nothing<E: Engine>(engine: &E) -> E::Sum {
    engine.sum(engine.splat(E::Block::zero()), 8)
}

/// What the offsets of eight pairs have in common: those of E(1, i, ·) are J ⊕ 2^⌈i/8⌉·I, then ⊕ (i mod 8)·L.
struct Common<B> {
    /// 2^⌈i/8⌉·I.
    ladder: B,
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
        let common = self.ladder ^ self.j;
        self.ladder = self.ladder.double();
        common
    }
}
