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
        let (mut sum, mut kept) = (nothing(engine), None);
        let mut few = Some(&mut *self.left_over).filter(|few| !few.is_empty());
        let last = self.eights.len().saturating_sub(1);
        for (n, eight) in self.eights.iter_mut().enumerate() {
            let own = common.next();
            if E::FEW_BEFORE_LAST
                && n == last
                && let Some(few) = few.take()
            {
                let (x, few) = engine.first_pass_of_few(few, common.next());
                (sum, kept) = (sum ^ x, Some(few));
            }
            sum = sum ^ engine.first_pass(eight, own);
        }
        if let Some(few) = few {
            let (x, few) = engine.first_pass_of_few(few, common.next());
            (sum, kept) = (sum ^ x, Some(few));
        }
        (engine.total(sum), kept)
    }

    /// Makes (Wi, Xi) into (Ci, Ci') and gives the sum of the Yi.
    #[inline(always)]
    pub(super) fn second_pass<E: Engine>(&mut self, engine: &E, s: E::Block, mut kept: Option<E::Kept>) -> E::Block {
        let s = s ^ engine.offsets().three_j;
        let mut common = Common::new(engine);
        let mut sum = nothing(engine);
        let last = self.eights.len().saturating_sub(1);
        for (n, eight) in self.eights.iter_mut().enumerate() {
            let own = common.next();
            if E::FEW_BEFORE_LAST
                && n == last
                && let Some(kept) = kept.take()
            {
                sum = sum ^ engine.second_pass_of_few(self.left_over, kept, common.next(), s);
            }
            sum = sum ^ engine.second_pass(eight, own, s);
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
